"""Logging in: with which parameters, how often a request is tried, and what a refused login means."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from flows.errors import ConfigError, SnowcastError, SourceError, TransientError
from flows.settings import Settings, storage_variables
from flows.warehouse.account import SESSION_PARAMETERS, read_account_login
from flows.warehouse.errors import PASSING_CODES, first_line, name_warehouse, read_code

if TYPE_CHECKING:
    from flows.warehouse.connection import TaggedConnection


_REFUSED_CODES = {390100, 390101, 390102, 390144, 390186, 390201, 390318, 394304}
# Seconds between two tries of one request. A server on this machine either answers or is gone.
_PAUSES, _LOCAL_PAUSES = (0, 1, 2, 4, 8), (0, 0.2, 0.5, 1)
_LOCAL_UPLOAD_PAUSE = 0.05  # the first of five between two tries of an upload, each twice the one before
_NO_SUCH_ACCOUNT = {290403, 290404}
_SHOWN = ("account", "user", "host", "port", "protocol", "database", "schema", "warehouse", "role")


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
        _try_uploads_at_once()
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


def _try_uploads_at_once() -> None:
    """Wait less between the tries of a file's upload or download, which have pauses of their own: 31 s in all."""
    from snowflake.connector.storage_client import SnowflakeStorageClient

    SnowflakeStorageClient.SLEEP_UNIT = _LOCAL_UPLOAD_PAUSE


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
