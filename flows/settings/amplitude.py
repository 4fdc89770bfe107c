"""Settings of Amplitude: the project, what is published to it and how fast, what is exported from it and kept."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings

from flows.settings.snowflake import Names

_HOSTS = {"us": "https://api2.amplitude.com", "eu": "https://api.eu.amplitude.com"}
_EXPORT_HOSTS = {"us": "https://amplitude.com", "eu": "https://analytics.eu.amplitude.com"}
_HOURS_OF_A_YEAR = 365 * 24
_PATHS = {"batch": "/batch", "http": "/2/httpapi"}
_DESTINATIONS = ("amplitude",)


class AmplitudeSettings(BaseSettings):
    """The part of the settings that publishing to Amplitude and exporting from it need."""

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

    amplitude_secret_key: SecretStr | None = Field(
        default=None, description="secret key of the project, to export its events with; none: nothing is exported"
    )
    amplitude_block: str | None = Field(
        default=None, description='or the name of a Prefect Secret block: {"api_key": "...", "secret_key": "..."}'
    )
    amplitude_export_host: str | None = Field(
        default=None,
        description="us, eu, or the URL of a server of the Export API's shape; none: as SNOWCAST_AMPLITUDE_HOST",
    )
    amplitude_url: SecretStr | None = Field(
        default=None,
        description="folder of what Amplitude exports to a bucket, or its URL: s3://bucket/path, abfs://...",
    )
    amplitude_first_hours: int = Field(
        default=24, description="hours that the first export looks back; --since goes further", ge=1
    )
    amplitude_window_hours: int = Field(
        default=24, description="most hours asked for in one request; too large ones are halved", ge=1
    )
    amplitude_archive_mebibytes: int = Field(default=4096, description="most MiB of one export archive", ge=1)
    amplitude_unpacked_mebibytes: int = Field(default=65_536, description="most MiB that it may unpack to", ge=1)
    amplitude_unpacked_ratio: int = Field(
        default=500, description="most times its own size that it may unpack to", ge=1
    )
    amplitude_event_mebibytes: int = Field(
        default=16, description="most MiB of one event; a larger one goes to the quarantine", ge=1, le=128
    )
    amplitude_personal_properties: Names = Field(
        default=("email", "phone"),
        description="properties that are personal, as ip_address is: hashed with the key, left out without one",
    )
    amplitude_hash_key: SecretStr | None = Field(
        default=None, description="key that personal data of events are hashed with before they are landed"
    )

    product_properties: Names = Field(
        default=(), description="event properties that product_event_properties lists; none: all of them"
    )
    product_tracked_properties: Names = Field(
        default=("plan", "cohort"), description="user properties whose changes product_users_history keeps"
    )

    @field_validator("amplitude_host", "amplitude_export_host")
    @classmethod
    def _check_host(cls, value: str | None) -> str | None:
        if value is None:
            return None
        if value not in _HOSTS and not value.startswith(("http://", "https://")):
            raise ValueError("must be us, eu or begin with http:// or https://")
        return value.rstrip("/")

    @field_validator("amplitude_window_hours")
    @classmethod
    def _at_most_a_year(cls, value: int) -> int:
        if value > _HOURS_OF_A_YEAR:
            raise ValueError(f"must be at most {_HOURS_OF_A_YEAR:,}: the Export API gives 365 days a request")
        return value

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
    def exports_from_sandbox(self) -> bool:
        """Whether only the sandbox could be exported from: no project, host, block or place of files is set."""
        keys = (self.amplitude_api_key, self.amplitude_secret_key, self.amplitude_block, self.amplitude_url)
        return not any(keys) and (self.amplitude_export_host or self.amplitude_host) in _HOSTS

    @property
    def amplitude_upload_url(self) -> str:
        """The URL of the host that takes uploads, without a path."""
        return _HOSTS.get(self.amplitude_host, self.amplitude_host)

    @property
    def amplitude_export_url(self) -> str:
        """The URL of the host that gives exports, without a path."""
        host = self.amplitude_export_host or self.amplitude_host
        return _EXPORT_HOSTS.get(host, host)

    @property
    def amplitude_path(self) -> str:
        """The endpoint that the mode uses, below the host."""
        return _PATHS[self.amplitude_mode]
