"""Settings of publishing to Amplitude: which project, by which endpoint, which activities and how fast."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode

_HOSTS = {"us": "https://api2.amplitude.com", "eu": "https://api.eu.amplitude.com"}
_PATHS = {"batch": "/batch", "http": "/2/httpapi"}
_DESTINATIONS = ("amplitude",)
# A list of names, written with commas.
Names = Annotated[tuple[str, ...], NoDecode]


class AmplitudeSettings(BaseSettings):
    """The part of the settings that publishing needs."""

    amplitude_api_key: SecretStr | None = Field(
        default=None, description="API key of the Amplitude project; none: the sandbox receives the events"
    )
    amplitude_host: str = Field(default="us", description="us, eu, or the URL of a server of Amplitude's shape")
    amplitude_mode: Literal["batch", "http"] = Field(
        default="batch", description="batch (20 MB a request) or http (HTTP V2: 1 MB, sooner in the charts)"
    )
    amplitude_activities: Names = Field(
        default=(), description="activities to publish: gift_sent,payment_made; none: all of both streams"
    )
    amplitude_project: str | None = Field(
        default=None,
        description="name of the project in OPS.PUBLICATIONS; none: host and fingerprint of its key",
    )
    amplitude_min_id_length: int = Field(
        default=1, description="shortest user or device id that Amplitude is told to take (its own default is 5)", ge=1
    )
    amplitude_events_per_second: int = Field(default=1000, description="most events sent in a second", ge=1)
    amplitude_retry_seconds: float = Field(
        default=30, description="wait so long where Amplitude throttles; other faults are tried again sooner", gt=0
    )
    publish_to: Names = Field(
        default=(), description="where every `snowcast run` publishes to when it has built: amplitude; none: nowhere"
    )

    @field_validator("amplitude_activities", "publish_to", mode="before")
    @classmethod
    def _split_names(cls, value: Any) -> Any:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("amplitude_host")
    @classmethod
    def _check_host(cls, value: str) -> str:
        if value not in _HOSTS and not value.startswith(("http://", "https://")):
            raise ValueError("must be us, eu or begin with http:// or https://")
        return value.rstrip("/")

    @field_validator("publish_to")
    @classmethod
    def _check_destination(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := [name for name in value if name not in _DESTINATIONS]:
            raise ValueError(f"knows no {unknown[0]!r}; known: {', '.join(_DESTINATIONS)}")
        return value

    @property
    def publishes_to_sandbox(self) -> bool:
        """Whether the sandbox receives what is published: no key is set and the host is Amplitude's own."""
        return self.amplitude_api_key is None and self.amplitude_host in _HOSTS

    @property
    def amplitude_url(self) -> str:
        """The host's URL, without a path."""
        return _HOSTS.get(self.amplitude_host, self.amplitude_host)

    @property
    def amplitude_path(self) -> str:
        """The endpoint that the mode uses, below the host."""
        return _PATHS[self.amplitude_mode]
