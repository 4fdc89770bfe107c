"""Settings: what each of them means, which values it takes, and what it is unless set.

Every setting is `SNOWCAST_<NAME>`; the login to a Snowflake account is read from the `SNOWFLAKE_*` variables that
Snowflake's own tools use. `.env.example` is written from here: `python -m flows.settings.env_example`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, BeforeValidator, Field, SecretStr, field_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from flows.settings.activity import ActivitySettings
from flows.settings.alerts import AlertSettings
from flows.settings.amplitude import AmplitudeSettings
from flows.settings.kafka import KafkaSettings
from flows.settings.landing import LandingSettings
from flows.settings.snowflake import IDENTIFIER, AccountSettings, Names, SnowflakeSettings, split_names
from flows.startup import PREFIX

_HELIX = "https://api.twitch.tv/helix/"
_SHEETS = "https://sheets.googleapis.com/"
LogTabs = Annotated[tuple[str, str, str], NoDecode, BeforeValidator(split_names)]


class Settings(AccountSettings, AlertSettings, LandingSettings, KafkaSettings, AmplitudeSettings, ActivitySettings):
    """What a run needs to know. Build it with `load_settings`, which turns a mistake into one clear line."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, extra="ignore", frozen=True)

    home: Path = Field(default=Path(".snowcast"), description="folder of everything Snowcast keeps on this machine")
    telemetry: bool = Field(default=False, description="let Prefect, Great Expectations and the connector report usage")
    warehouse: Literal["embedded", "snowflake"] = Field(
        default="embedded", description="embedded (no account needed) or snowflake"
    )
    database: str = Field(default="ANALYTICS", description="database that holds the tables", pattern=IDENTIFIER)
    warehouse_idle_seconds: float = Field(
        default=1800, description="the embedded warehouse leaves after so long without a statement", gt=0
    )
    resident: bool = Field(
        default=True, description="keep a process with the libraries loaded (0.4 GB) that runs commands at once"
    )
    resident_idle_seconds: float = Field(default=1800, description="it leaves after so long without a command", gt=0)
    workers: int | None = Field(
        default=None, description="tables built and checked at once; none: 4 on Snowflake, 2 on the embedded one", ge=1
    )
    snowflake_block: str | None = Field(
        default=None, description="name of a Prefect SnowflakeConnector block to log in with"
    )
    snowflake_connection: str | None = Field(
        default=None, description="name of a connection in Snowflake's connections.toml"
    )
    login_timeout_seconds: int = Field(default=20, description="give up a login to Snowflake after so long", ge=1)

    twitch_client_id: str | None = Field(
        default=None, description="client id of a Twitch application; none: the sandbox"
    )
    twitch_client_secret: SecretStr | None = Field(default=None, description="its client secret")
    twitch_base_url: str = Field(default=_HELIX, description="Helix, or a server of its shape")
    twitch_auth_url: str = Field(default="https://id.twitch.tv/oauth2/", description="where the app token comes from")
    twitch_top_streams: int = Field(
        default=1000, description="streams to poll, by viewers, where no filter is set", ge=1
    )
    twitch_game_ids: Names = Field(default=(), description="poll the streams of these games: 33214,509658")
    twitch_languages: Names = Field(default=(), description="poll the streams in these languages: en,de")
    twitch_user_logins: Names = Field(default=(), description="poll the streams of these logins: first,second")
    poll_interval_minutes: float = Field(default=15, description="minutes between two polls", gt=0)
    gap_cap_minutes: float | None = Field(
        default=None, description="samples further apart count as not watched; none: 3 x the poll interval", gt=0
    )

    billing_url: SecretStr | None = Field(
        default=None,
        description="folder of billing's CSV files, or its URL: s3://bucket/path, abfs://...; none: the sandbox",
    )
    currency: str = Field(
        default="USD",
        description="currency of all prices and payments; a record that names another goes to the quarantine",
        pattern="^[A-Z]{3}$",
    )
    decimal_comma: bool = Field(
        default=False, description="numbers in files and sheets have a comma before their decimals, never a point"
    )
    file_mebibytes: int = Field(default=2048, description="most MiB that a delivered file may unpack to", ge=1)
    file_ratio: int = Field(default=500, description="most times its own size that it may unpack to", ge=1)
    file_seconds: int = Field(default=3600, description="most seconds that reading one may take", ge=1)
    billing_encoding: str = Field(default="utf-8", description="encoding of those files: utf-8, cp1252, utf-16, ...")

    livelogs_sheet_id: str | None = Field(
        default=None, description="id of the Google Sheet with live logs and gifts; none: the sandbox"
    )
    livelogs_service_account_file: Path | None = Field(
        default=None, description="key of the service account that may read it: the JSON file of Google Cloud"
    )
    livelogs_service_account_json: SecretStr | None = Field(default=None, description="or the content of that file")
    livelogs_service_account_block: str | None = Field(
        default=None, description="or the name of a Prefect Secret block that holds it"
    )
    livelogs_tabs: LogTabs = Field(
        default=("LOGS", "TRANSACTIONS", "GIFT_TYPE"), description="its tabs of streams, gifts and kinds of gifts"
    )
    livelogs_url: str = Field(default=_SHEETS, description="the Sheets API, or a server of its shape")
    livelogs_anonymous_ids: Names = Field(
        default=("anonymous",), description="users that stand for givers who are not told: first,second"
    )

    sandbox_seed: int = Field(default=7, description="seed of the simulated platform")
    sandbox_scale: int = Field(
        default=20_000, description="streamers of the simulated platform; a tenth is live at a time", ge=1, le=1_000_000
    )
    sandbox_first_polls: int = Field(
        default=8, description="polls that the first run takes from the sandbox", ge=1, le=10_000
    )

    sandbox_first_deliveries: int = Field(
        default=3, description="daily billing deliveries that the first run takes from the sandbox", ge=1, le=366
    )
    sandbox_customers: int = Field(
        default=500, description="customers of the simulated billing system", ge=1, le=1_000_000
    )

    prefect_api_url: str | None = Field(
        default=None,
        description="a Prefect server of yours; none: a local one is kept under SNOWCAST_HOME",
        validation_alias=AliasChoices("prefect_api_url", "PREFECT_API_URL"),
    )
    prefect_port: int | None = Field(
        default=None, description="port of the local Prefect server; none: a free one", ge=1, le=65535
    )

    work_pool_type: Literal["process", "docker", "kubernetes", "spcs"] = Field(
        default="process", description="work pool of deploy prefect: process, docker, kubernetes or spcs (experimental)"
    )
    worker_image: str = Field(default="snowcast", description="image of the containers of such a pool")

    dashboard_port: int | None = Field(
        default=None, description="port of the dashboard; none: that of before, at first a free one", ge=1, le=65535
    )
    dashboard_refresh_seconds: float = Field(
        default=30, description="the dashboard looks after so long whether anything was written", ge=1
    )

    snowflake: SnowflakeSettings = Field(default_factory=lambda: SnowflakeSettings(), repr=False, exclude=True)

    @field_validator("home")
    @classmethod
    def _make_absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @field_validator("twitch_base_url", "twitch_auth_url", "livelogs_url")
    @classmethod
    def _add_slash(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError("must begin with http:// or https://")
        return value if value.endswith("/") else value + "/"

    @field_validator("billing_encoding")
    @classmethod
    def _check_encoding(cls, value: str) -> str:
        try:
            "".encode(value)
        except LookupError:
            raise ValueError("is no text encoding that Python knows") from None
        return value

    @property
    def gap_cap_seconds(self) -> int:
        """Longest time that one sample counts for."""
        minutes = 3 * self.poll_interval_minutes if self.gap_cap_minutes is None else self.gap_cap_minutes
        return round(minutes * 60)

    @property
    def uses_sandbox(self) -> bool:
        """Whether Twitch is simulated: no credentials are set and the address is Twitch's own."""
        return self.twitch_client_id is None and self.twitch_client_secret is None and not self.twitch_elsewhere

    @property
    def twitch_elsewhere(self) -> bool:
        """Whether the Helix address was changed."""
        return self.twitch_base_url != _HELIX

    @property
    def landing_root(self) -> Path:
        """Where landing files are written."""
        return self.home / "landing"

    @property
    def docs_root(self) -> Path:
        """Where Great Expectations writes its Data Docs."""
        return self.home / "docs"

    @property
    def logs_root(self) -> Path:
        """Where runs and background processes write their logs."""
        return self.home / "logs"


def make_parameters(settings: Settings) -> dict[str, Any]:
    """Return the values that tables may name as parameters beside their inputs."""
    today = datetime.now(UTC).date()
    return {
        "gap_cap_seconds": settings.gap_cap_seconds,
        "sample_gap_cap_seconds": settings.sample_gap_cap_seconds,
        "today": today,
        "current_month": today.replace(day=1),
        "anonymous_user_ids": settings.livelogs_anonymous_ids,
        "point_value": settings.point_value,
        "currency": settings.currency,
        "decimal_comma": settings.decimal_comma,
        "shared_id_spaces": settings.shared_id_spaces,
        "thresholds": settings.thresholds,
        "spike_limits": settings.spike_limits,
        "product_properties": settings.product_properties,
        "tracked_properties": settings.product_tracked_properties,
    }
