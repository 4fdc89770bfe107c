"""Logging in: where to, with which parameters, how often a request is tried, and what a refused login means."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from flows.errors import ConfigError, SnowcastError, SourceError, TransientError
from flows.settings import Settings, SnowflakeSettings, storage_variables
from flows.warehouse.errors import PASSING_CODES, first_line, name_warehouse, read_code

if TYPE_CHECKING:
    from flows.warehouse.connection import TaggedConnection

# What an account, a user or a connection file may set otherwise, and what our statements stand on.
SESSION_PARAMETERS = {
    "TIMEZONE": "UTC",
    "TIMESTAMP_TYPE_MAPPING": "TIMESTAMP_NTZ",
    "WEEK_START": 1,
    "WEEK_OF_YEAR_POLICY": 0,
    "DATE_INPUT_FORMAT": "AUTO",
    "TIME_INPUT_FORMAT": "AUTO",
    "TIMESTAMP_INPUT_FORMAT": "AUTO",
    "DATE_OUTPUT_FORMAT": "YYYY-MM-DD",
    "TIME_OUTPUT_FORMAT": "HH24:MI:SS",
    "TIMESTAMP_OUTPUT_FORMAT": "YYYY-MM-DD HH24:MI:SS.FF3",
    "TIMESTAMP_NTZ_OUTPUT_FORMAT": "YYYY-MM-DD HH24:MI:SS.FF3",
    "BINARY_INPUT_FORMAT": "HEX",
    "BINARY_OUTPUT_FORMAT": "HEX",
    "QUOTED_IDENTIFIERS_IGNORE_CASE": False,
    "AUTOCOMMIT": True,
    "TIMESTAMP_LTZ_OUTPUT_FORMAT": "",
    "TIMESTAMP_TZ_OUTPUT_FORMAT": "",
    "TIMESTAMP_DAY_IS_ALWAYS_24H": False,
    "TWO_DIGIT_CENTURY_START": 1970,
    "STRICT_JSON_OUTPUT": False,
    "JSON_INDENT": 2,
    "ROWS_PER_RESULTSET": 0,
    "MULTI_STATEMENT_COUNT": 1,
    "ERROR_ON_NONDETERMINISTIC_MERGE": True,
    "ERROR_ON_NONDETERMINISTIC_UPDATE": False,
    "UNSUPPORTED_DDL_ACTION": "IGNORE",
}
_REFUSED_CODES = {390100, 390101, 390102, 390144, 390186, 390201, 390318, 394304}
# Seconds between two tries of one request. A server on this machine either answers or is gone.
_PAUSES, _LOCAL_PAUSES = (0, 1, 2, 4, 8), (0, 0.2, 0.5, 1)
_LOCAL_UPLOAD_PAUSE = 0.05  # the first of five between two tries of an upload, each twice the one before
_NO_SUCH_ACCOUNT = {290403, 290404}
_SHOWN = ("account", "user", "host", "port", "protocol", "database", "schema", "warehouse", "role")


def read_account_login(settings: Settings) -> dict[str, Any]:
    """Return connection parameters of the account; the first of block, connections file and variables that is set.

    Raises:
        ConfigError: The login is incomplete, or what it names does not exist.
    """
    if settings.snowflake_block:
        login = _read_block(settings.snowflake_block)
    elif settings.snowflake_connection:
        login = _read_connections_file(settings.snowflake_connection)
    else:
        login = _read_variables(settings.snowflake)
    return {**login, "database": settings.database, "application": "Snowcast"}


def _read_block(name: str) -> dict[str, Any]:
    from prefect_snowflake.database import SnowflakeConnector

    try:
        block = SnowflakeConnector.load(name)
    except ValueError:
        raise ConfigError(
            f"Prefect has no SnowflakeConnector block named {name!r} (SNOWCAST_SNOWFLAKE_BLOCK). "
            "Create it in Prefect, or log in with SNOWFLAKE_* variables."
        ) from None
    credentials = block.credentials
    login: dict[str, Any] = credentials.model_dump(
        exclude_unset=True, exclude={"block_type_slug", "private_key", "private_key_path", "private_key_passphrase"}
    )
    login = {key: getattr(value, "get_secret_value", lambda value=value: value)() for key, value in login.items()}
    key = credentials.resolve_private_key()
    if key is not None:
        login = {**{name: value for name, value in login.items() if name != "password"}, "private_key": key}
    return {**login, "warehouse": block.warehouse, "schema": block.schema_}


def _read_connections_file(name: str) -> dict[str, Any]:
    from snowflake.connector.config_manager import CONFIG_MANAGER

    try:
        known = dict(CONFIG_MANAGER["connections"])  # type: ignore[call-overload]
    except Exception as error:  # the connector raises several kinds for a missing or unreadable file
        raise ConfigError(f"Snowflake's connections.toml cannot be read: {first_line(error)}") from None
    if name not in known:
        raise ConfigError(
            f"SNOWCAST_SNOWFLAKE_CONNECTION: connections.toml has no connection {name!r}; "
            f"it has {', '.join(sorted(known)) or 'none'}."
        )
    return dict(known[name])


def _read_variables(given: SnowflakeSettings) -> dict[str, Any]:
    missing = [f"SNOWFLAKE_{name.upper()}" for name in ("account", "user") if not getattr(given, name)]
    secrets = (given.private_key_path, given.password, given.token, given.authenticator)
    if not any(secrets):
        missing.append("SNOWFLAKE_PRIVATE_KEY_PATH (or SNOWFLAKE_PASSWORD)")
    if missing:
        raise ConfigError(f"SNOWCAST_WAREHOUSE is snowflake, but {', '.join(missing)} is not set. See .env.example.")
    login = given.model_dump(exclude_none=True, exclude={"private_key_path", "private_key_passphrase"})
    login = {key: getattr(value, "get_secret_value", lambda value=value: value)() for key, value in login.items()}
    if given.private_key_path:
        if not given.private_key_path.is_file():
            raise ConfigError(f"SNOWFLAKE_PRIVATE_KEY_PATH: there is no file {given.private_key_path}.")
        login.pop("password", None)
        login["private_key_file"] = str(given.private_key_path)
        if given.private_key_passphrase:
            login["private_key_file_pwd"] = given.private_key_passphrase.get_secret_value()
    return login


def connection_parameters(settings: Settings) -> dict[str, Any]:
    """Return what any Snowflake client connects with; the embedded warehouse is started.

    Raises:
        ConfigError: The login is incomplete.
        SourceError: The embedded warehouse does not start.
    """
    login = _start_embedded(settings) if settings.warehouse == "embedded" else read_account_login(settings)
    session_parameters = {
        **login.pop("session_parameters", {}),
        **SESSION_PARAMETERS,
        "CLIENT_TELEMETRY_ENABLED": settings.telemetry,
    }
    login.setdefault("schema", "PUBLIC")  # a session without one would ask which it has
    return {**login, "login_timeout": settings.login_timeout_seconds, "session_parameters": session_parameters}


def start(settings: Settings) -> None:
    """Start the embedded warehouse, if it is the one that is used.

    Raises:
        SourceError: It does not start.
    """
    if settings.warehouse == "embedded":
        _start_embedded(settings)


def status_parameters(settings: Settings, *, show_secret: bool) -> dict[str, Any] | None:
    """Return connection parameters for people, the secret named by its place; None where nothing runs."""
    if settings.warehouse != "embedded":
        login = read_account_login(settings)
        return {name: value for name, value in login.items() if name in _SHOWN}
    from deployments.embedded import find

    endpoint = find(settings.home)
    if endpoint is None:
        return None
    login = endpoint.connection_parameters(settings.database)
    place = settings.home / "warehouse" / "endpoint.json"
    password = login["password"] if show_secret else f"field `secret` of {place}"
    return {**{name: login[name] for name in _SHOWN if name in login}, "password": password}


def _start_embedded(settings: Settings) -> dict[str, Any]:
    from deployments.embedded import EmbeddedError, ensure_running, open_storage

    places = [target.place for target in settings.external_landings if target.place]
    try:
        endpoint = ensure_running(settings.home, idle_seconds=settings.warehouse_idle_seconds)
        if places:
            # Its environment holds no secret: it is told at each login, as it may have started anew since the last.
            folders = [f"/{place.prefix}" for place in places if place.kind == "file"]
            open_storage(endpoint, storage_variables(), folders)
    except EmbeddedError as error:
        raise SourceError(f"{error}".rstrip(".") + ".") from None
    return endpoint.connection_parameters(settings.database)


def connect(settings: Settings, **session_parameters: Any) -> TaggedConnection:
    """Log in.

    Raises:
        ConfigError: The account, user or credentials are wrong.
        TransientError: The warehouse does not answer.
    """
    import snowflake.connector

    from flows.warehouse.connection import TaggedConnection

    parameters = connection_parameters(settings)
    if settings.warehouse == "embedded":
        # The tries of a file's upload or download have pauses of their own: 31 s in all.
        from snowflake.connector.storage_client import SnowflakeStorageClient

        SnowflakeStorageClient.SLEEP_UNIT = _LOCAL_UPLOAD_PAUSE
    # Snowpark reads this from the login; set on the session it would be a statement more (see transforms/build.py).
    parameters["session_parameters"]["PYTHON_SNOWPARK_USE_SQL_SIMPLIFIER"] = False
    parameters["session_parameters"].update(session_parameters)
    try:
        connection = TaggedConnection(**parameters, paramstyle="qmark", backoff_policy=_make_pauses(settings))
    except (snowflake.connector.errors.Error, ValueError, TypeError) as error:
        raise _explain_login_error(error, settings, parameters) from None
    if not settings.telemetry:
        # Snowpark reports to the connector's client by itself, whatever CLIENT_TELEMETRY_ENABLED says.
        connection._telemetry.disable()
    return connection


def _make_pauses(settings: Settings) -> Callable[[], Iterator[float]]:
    """Make the pauses between tries of a request; the connector alone would try for ever."""

    def pauses() -> Iterator[float]:
        yield from _LOCAL_PAUSES if settings.warehouse == "embedded" else _PAUSES
        raise TransientError(
            "The warehouse stopped answering. The step is tried again; then look at its log or status page."
        )

    return pauses


def _explain_login_error(error: Exception, settings: Settings, parameters: Mapping[str, Any]) -> SnowcastError:
    code, text = read_code(error), first_line(error)
    who = f"user {parameters.get('user')} at account {parameters.get('account')}"
    if code in _NO_SUCH_ACCOUNT or "404 Not Found" in text or "403 Forbidden" in text:
        return ConfigError(f"Snowflake knows no account {parameters.get('account')}. Check SNOWFLAKE_ACCOUNT.")
    if code in _REFUSED_CODES or "ncorrect username or password" in text or "JWT token is invalid" in text:
        return ConfigError(f"Snowflake refused the login of {who}: {text} Check the SNOWFLAKE_* variables.")
    if code in PASSING_CODES:
        return TransientError(
            f"{name_warehouse(settings, parameters)} cannot be reached: {text} "
            "Check the account's name and the network."
        )
    return ConfigError(f"The login of {who} failed: {text}")
