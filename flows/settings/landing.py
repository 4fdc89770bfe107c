"""Settings of where landing files go on their way into RAW: the internal stage, or storage that a stage reads."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings

from deployments.storage import Place
from flows.errors import ConfigError
from flows.settings.snowflake import IDENTIFIER, Names

INTERNAL = "internal"
_CLOUDS = {"s3": "S3", "azure": "AZURE", "file": "FILE"}


@dataclass(frozen=True)
class LandingTarget:
    """Where the landing files of a source go.

    Args:
        place: Storage that a stage reads in place; None: the internal stage, by PUT.
        integration: Storage integration by which Snowflake reads it.
    """

    place: Place | None = None
    integration: str | None = None

    @property
    def stage(self) -> str:
        """Name of the stage in RAW. Another place is another stage, so that none is ever changed or dropped."""
        if self.place is None:
            return "LANDING"
        return f"LANDING_{_CLOUDS[self.place.kind]}_{hashlib.sha256(self.place.url.encode()).hexdigest()[:8].upper()}"


INTERNAL_STAGE = LandingTarget()


class LandingSettings(BaseSettings):
    """The part of the settings that loading needs."""

    landing: str = Field(
        default=INTERNAL,
        description="where landing files go: internal (a stage of the warehouse), s3://bucket/prefix, "
        "azure://account.blob.core.windows.net/container/prefix, or file:///folder for the embedded warehouse",
    )
    landing_by_source: Names = Field(
        default=(), description="other places for some sources: twitch=s3://bucket/prefix,billing=internal"
    )
    s3_integration: str | None = Field(
        default=None, description="storage integration by which Snowflake reads s3:// places", pattern=IDENTIFIER
    )
    s3_role_arn: str | None = Field(
        default=None,
        description="IAM role that the integration of S3 assumes, for snowcast deploy snowflake",
        pattern=r"^arn:aws[a-z-]*:iam::\d{12}:role/[A-Za-z0-9+=,.@_/-]{1,512}$",
    )
    azure_integration: str | None = Field(
        default=None, description="storage integration by which Snowflake reads azure:// places", pattern=IDENTIFIER
    )

    azure_tenant_id: str | None = Field(
        default=None,
        description="tenant of the storage account, for snowcast deploy snowflake",
        pattern=r"^[0-9a-fA-F-]{36}$",
    )
    load_mode: Literal["copy", "snowpipe"] = Field(
        default="copy",
        description="copy (each load runs COPY) or snowpipe (pipes load what lies outside the warehouse)",
    )
    snowpipe_auto_ingest: bool = Field(
        default=False, description="the cloud tells the pipes of new files; otherwise each load refreshes them"
    )
    snowpipe_wait_seconds: float = Field(
        default=120, description="a load watches for so long until its pipes have taken every file", gt=0
    )

    @field_validator("landing", "landing_by_source")
    @classmethod
    def _check_places(cls, value: Any) -> Any:
        for one in (value,) if isinstance(value, str) else value:
            source, sign, place = one.partition("=") if not isinstance(value, str) else ("", "=", one)
            if not sign or (not isinstance(value, str) and not source.isidentifier()):
                raise ValueError("must be written source=place,source=place")
            if place != INTERNAL:
                Place.parse(place)
        return value

    @cached_property
    def landing_places(self) -> dict[str, LandingTarget]:
        """Where the files of the sources go that have a place of their own."""
        return {
            source: self._make_target(place) for source, _, place in (o.partition("=") for o in self.landing_by_source)
        }

    def landing_of(self, source: str) -> LandingTarget:
        """Return where the landing files of a source go."""
        return self.landing_places.get(source) or self._make_target(self.landing)

    @property
    def external_landings(self) -> list[LandingTarget]:
        """Every place outside the warehouse that landing files go to, each once."""
        targets = {target.stage: target for target in (self._make_target(self.landing), *self.landing_places.values())}
        return [target for _, target in sorted(targets.items()) if target.place]

    def check_landing(self, warehouse: str) -> None:
        """Check that the warehouse can read every place.

        Raises:
            ConfigError: It cannot.
        """
        if self.load_mode == "snowpipe" and not self.external_landings:
            raise ConfigError(
                "SNOWCAST_LOAD_MODE: pipes read places outside the warehouse; set SNOWCAST_LANDING to one."
            )
        azure = [target for target in self.external_landings if target.place and target.place.kind == "azure"]
        if self.load_mode == "snowpipe" and self.snowpipe_auto_ingest and azure:
            raise ConfigError(
                "SNOWCAST_SNOWPIPE_AUTO_INGEST: on Azure it needs a notification integration, which Snowcast does not "
                "make. Set it to false: each load then refreshes the pipes."
            )
        for target in self.external_landings if warehouse == "snowflake" else ():
            kind = target.place.kind if target.place else ""
            if kind == "file":
                raise ConfigError("SNOWCAST_LANDING: file:// is read by the embedded warehouse only, not by Snowflake.")
            if target.integration is None:
                raise ConfigError(
                    f"SNOWCAST_LANDING: set SNOWCAST_{_CLOUDS[kind]}_INTEGRATION, the storage integration by which "
                    "Snowflake reads the place. docs/storage.md says how it is made."
                )

    def _make_target(self, url: str) -> LandingTarget:
        if url == INTERNAL:
            return INTERNAL_STAGE
        place = Place.parse(url)
        return LandingTarget(place, {"s3": self.s3_integration, "azure": self.azure_integration}.get(place.kind))
