"""Settings: the only reader of the environment and of `.env`.

Every setting is `SNOWCAST_<NAME>`; the login to a Snowflake account is read from the `SNOWFLAKE_*` variables that
Snowflake's own tools use. `.env.example` is written from this file (`python -m flows.settings`), a test compares them.
"""

from __future__ import annotations

import difflib
import os
import sys
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from dotenv import dotenv_values
from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from flows.errors import ConfigError
from flows.settings.activity import ActivitySettings
from flows.settings.amplitude import AmplitudeSettings

PREFIX = "SNOWCAST_"
_HELIX = "https://api.twitch.tv/helix/"
_SHEETS = "https://sheets.googleapis.com/"
_IDENTIFIER = r"^[A-Za-z_][A-Za-z0-9_]{0,254}$"
# Nothing leaves the machine unasked: what Prefect, Great Expectations and the Snowflake connector read to stay silent.
_SILENCED = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_CLOUD_ENABLE_ORCHESTRATION_TELEMETRY": "false",
    "GX_ANALYTICS_ENABLED": "false",
    "SF_TELEMETRY_DISABLE_CONNECTION_SHAPE": "true",
    "SNOWFLAKE_DISABLE_PLATFORM_DETECTION": "true",
}


# A list of names, written with commas.
Names = Annotated[tuple[str, ...], NoDecode]
LogTabs = Annotated[tuple[str, str, str], NoDecode]


class SnowflakeSettings(BaseSettings):
    """The login to a Snowflake account, as Snowflake's own tools name it. A key pair is preferred to a password."""

    model_config = SettingsConfigDict(env_prefix="SNOWFLAKE_", env_ignore_empty=True, extra="ignore")

    account: str | None = Field(default=None, description="account identifier, <organisation>-<account>")
    user: str | None = Field(default=None, description="user to log in as")
    private_key_path: Path | None = Field(
        default=None, description="key pair login: file of the private key (PEM, PKCS#8)"
    )
    private_key_passphrase: SecretStr | None = Field(default=None, description="passphrase of the private key")
    password: SecretStr | None = Field(default=None, description="password login, or a programmatic access token")
    authenticator: str | None = Field(
        default=None, description="snowflake, externalbrowser, oauth, workload_identity, ..."
    )
    token: SecretStr | None = Field(default=None, description="OAuth token, with SNOWFLAKE_AUTHENTICATOR=oauth")
    role: str | None = Field(
        default=None, description="role to use; the user's default without it", pattern=_IDENTIFIER
    )
    warehouse: str | None = Field(
        default=None, description="virtual warehouse that runs the queries", pattern=_IDENTIFIER
    )
    host: str | None = Field(
        default=None, description="host, where it does not follow from the account (private links)"
    )
    port: int | None = Field(default=None, description="port of that host", ge=1, le=65535)
    protocol: Literal["https", "http"] | None = Field(default=None, description="https, or http for a local endpoint")


class Settings(AmplitudeSettings, ActivitySettings):
    """What a run needs to know. Build it with `load_settings`, which turns a mistake into one clear line."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, extra="ignore", frozen=True)

    home: Path = Field(default=Path(".snowcast"), description="folder of everything Snowcast keeps on this machine")
    telemetry: bool = Field(default=False, description="let Prefect, Great Expectations and the connector report usage")
    warehouse: Literal["embedded", "snowflake"] = Field(
        default="embedded", description="embedded (no account needed) or snowflake"
    )
    database: str = Field(default="ANALYTICS", description="database that holds the tables", pattern=_IDENTIFIER)
    warehouse_idle_seconds: float = Field(
        default=1800, description="the embedded warehouse leaves after so long without a statement", gt=0
    )
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

    snowflake: SnowflakeSettings = Field(default_factory=lambda: SnowflakeSettings(), repr=False, exclude=True)

    @field_validator("home")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @field_validator(
        *("twitch_game_ids", "twitch_languages", "twitch_user_logins", "livelogs_tabs", "livelogs_anonymous_ids"),
        mode="before",
    )
    @classmethod
    def _split(cls, value: Any) -> Any:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("twitch_base_url", "twitch_auth_url", "livelogs_url")
    @classmethod
    def _ends_in_slash(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError("must begin with http:// or https://")
        return value if value.endswith("/") else value + "/"

    @field_validator("billing_encoding")
    @classmethod
    def _known_encoding(cls, value: str) -> str:
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


def load_settings(env_file: Path | None = None, **changes: Any) -> Settings:
    """Settings from arguments, the environment and `.env`, in that order of precedence.

    Args:
        env_file: Another file than `.env` of the current folder.
        **changes: Values that win over both; None is ignored.

    Raises:
        ConfigError: A setting is unknown or has a value that it cannot have.
    """
    path = env_file or Path(".env")
    _refuse_unknown(os.environ, "the environment")
    _refuse_unknown(dotenv_values(path) if path.is_file() else {}, str(path))
    given = {name: value for name, value in changes.items() if value is not None}
    file = str(path)
    try:
        login = SnowflakeSettings(_env_file=file)  # type: ignore[call-arg]
        settings = Settings(_env_file=file, snowflake=login, **given)  # type: ignore[call-arg]
    except ValidationError as error:
        raise ConfigError(_explained(error)) from None
    if settings.telemetry:
        for name in _SILENCED:
            if os.environ.get(name) == _SILENCED[name]:
                del os.environ[name]
    return settings


def prepare_environment() -> None:
    """Set what libraries read when they are imported: silence, and a PREFECT_HOME inside SNOWCAST_HOME.

    Runs when `flows` is imported, so that nothing is ever written to a user's `~/.prefect`. A variable that is set
    already stays as it is, and nothing is checked here: `load_settings` does that where an error can be shown.
    """
    file = Path(".env")
    written = dotenv_values(file) if file.is_file() else {}
    home = os.environ.get(f"{PREFIX}HOME") or written.get(f"{PREFIX}HOME") or ".snowcast"
    os.environ.setdefault("PREFECT_HOME", str(Path(home).expanduser().absolute() / "prefect"))
    for name, value in _SILENCED.items():
        os.environ.setdefault(name, value)
    # Prefect warns at import where the folder above PREFECT_HOME is missing; `ready_home` creates both.
    warnings.filterwarnings("ignore", message="Failed to create the Prefect home directory")


def change_environment(changes: Mapping[str, str], *, apply: bool = True) -> dict[str, str]:
    """This process's environment with changes; `apply` makes them its own, Prefect included if it is imported."""
    if not apply:
        return {**os.environ, **changes}
    os.environ.update(changes)
    if "prefect" in sys.modules:
        from prefect.context import refresh_global_settings_context

        refresh_global_settings_context()
    return dict(os.environ)


def replace_environment(variables: Mapping[str, str]) -> None:
    """Make these variables, and no others, this process's environment."""
    os.environ.clear()
    change_environment(variables)


def ready_home(settings: Settings) -> Path:
    """The home folder, created (mode 0700) where it is missing.

    Raises:
        ConfigError: It cannot be created or written.
    """
    home = settings.home
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        settings.logs_root.mkdir(mode=0o700, exist_ok=True)
        Path(os.environ["PREFECT_HOME"]).mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=home):
            pass
    except OSError as error:
        raise ConfigError(
            f"SNOWCAST_HOME {home} cannot be written ({error.strerror}). Set SNOWCAST_HOME to a folder of your own."
        ) from None
    return home


def _refuse_unknown(values: Mapping[str, str | None], place: str) -> None:
    known = {name for name, _ in variables() if name.startswith(PREFIX)}
    for name in sorted(values):
        if name.upper().startswith(PREFIX) and name.upper() not in known:
            near = difflib.get_close_matches(name.upper(), known, n=3, cutoff=0.6)
            hint = f"Did you mean {' or '.join(near)}?" if near else "`.env.example` lists all settings."
            raise ConfigError(f"{name} in {place} is no setting of Snowcast. {hint}")


def _explained(error: ValidationError) -> str:
    first = error.errors()[0]
    name = str(first["loc"][0]) if first["loc"] else "settings"
    prefix = "SNOWFLAKE_" if error.title == SnowflakeSettings.__name__ else PREFIX
    variable = name if name.isupper() else prefix + name.upper()
    model = SnowflakeSettings if prefix == "SNOWFLAKE_" else Settings
    secret = "SecretStr" in str(model.model_fields[name].annotation) if name in model.model_fields else False
    found = "" if secret else f", found {first['input']!r}"
    more = f" ({error.error_count() - 1} more)" if error.error_count() > 1 else ""
    return f"{variable}: {first['msg'].removeprefix('Value error, ')}{found}. See .env.example{more}."


def variables() -> list[tuple[str, Any]]:
    """Name and field of every variable, in the order of the file."""
    inherited = [name for name in Settings.model_fields if name not in Settings.__annotations__]
    others = [name for name in Settings.model_fields if name not in (*inherited, "snowflake")]
    ours = [
        ("PREFECT_API_URL" if name == "prefect_api_url" else PREFIX + name.upper(), Settings.model_fields[name])
        for name in (*others, *inherited)
    ]
    return ours + [("SNOWFLAKE_" + name.upper(), field) for name, field in SnowflakeSettings.model_fields.items()]
