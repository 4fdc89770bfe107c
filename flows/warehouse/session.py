"""The warehouse: the only login, and the only place that knows if it is a Snowflake account or the embedded one."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from flows.errors import BrokenOffError, ConfigError, SnowcastError, SourceError, TransientError
from flows.settings import Settings
from flows.warehouse.account import SESSION_PARAMETERS, account_login, first_line
from flows.warehouse.logins import Login, Logins, Statement

if TYPE_CHECKING:
    from snowflake.snowpark import Session

    from flows.warehouse.connection import TaggedConnection

# Codes for a session, a network or a server that is gone, a cursor or a result that went
# with it (252006, 252007, 252010) among them: a new login may help, the statement was not at fault.
_PASSING_CODES = {
    *(250001, 250002, 250003, 250005, 251011, 251012, 252006, 252007, 252010),
    *(290500, 290502, 290503, 290504, 390111, 390112, 390114, 604),
}
_REFUSED_CODES = {390100, 390101, 390102, 390144, 390186, 390201, 390318, 394304}
# Seconds between two tries of one request. A server on this machine either answers or is gone.
_PAUSES, _LOCAL_PAUSES = (0, 1, 2, 4, 8), (0, 0.2, 0.5, 1)
_NO_SUCH_ACCOUNT = {290403, 290404}
_SHOWN = ("account", "user", "host", "port", "protocol", "database", "schema", "warehouse", "role")
_current: ContextVar[_Place | None] = ContextVar("place", default=None)


def connection_parameters(settings: Settings) -> dict[str, Any]:
    """What the Snowflake connector, Snowpark and snowflake-sqlalchemy connect with; the embedded warehouse is started.

    Raises:
        ConfigError: The login is incomplete.
        SourceError: The embedded warehouse does not start.
    """
    login = _embedded_login(settings) if settings.warehouse == "embedded" else account_login(settings)
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
        _embedded_login(settings)


def status_parameters(settings: Settings, *, show_secret: bool) -> dict[str, Any] | None:
    """Connection parameters for people, the secret named by its place; None where the embedded one does not run."""
    if settings.warehouse != "embedded":
        login = account_login(settings)
        return {name: value for name, value in login.items() if name in _SHOWN}
    from deployments.embedded import find

    endpoint = find(settings.home)
    if endpoint is None:
        return None
    login = endpoint.connection_parameters(settings.database)
    place = settings.home / "warehouse" / "endpoint.json"
    password = login["password"] if show_secret else f"field `secret` of {place}"
    return {**{name: login[name] for name in _SHOWN if name in login}, "password": password}


@contextmanager
def open_session(settings: Settings, **tag: str) -> Iterator[Session]:
    """A Snowpark session whose statements carry `tag` (flow, run, step, table) as their QUERY_TAG, as JSON.

    Inside another `open_session` the login is shared: a flow logs in once, its steps add their tag. A step in a thread
    of its own takes another login of the flow, which the next step of some thread takes over when it is done.

    Raises:
        ConfigError: The account, user or credentials are wrong.
        TransientError: The warehouse does not answer.
    """
    outer = _current.get()
    logins = outer.logins if outer else Logins(partial(_connect, settings))
    is_shared = outer is not None and outer.thread == threading.get_ident()
    login = outer.login if outer is not None and is_shared else logins.take()
    place = _Place(logins, login, threading.get_ident(), {**(outer.tag if outer else {}), **tag})
    token = _current.set(place)
    try:
        with warehouse_errors(settings):
            session = login.session
            with login.connection.tagged(place.tag):
                yield session
    except TransientError as error:
        login.close(is_gone=True)
        if login.is_broken_off:
            raise BrokenOffError("The flow was stopped.") from error
        raise
    finally:
        _current.reset(token)
        if not is_shared:
            logins.give_back(login)
        if outer is None:
            logins.close()


def sent_statements() -> list[Statement]:
    """What the flow that has the warehouse open has sent so far, by all its logins."""
    place = _current.get()
    return place.logins.log.statements if place else []


def workers(settings: Settings) -> int:
    """How many tables are built, or checked, at the same time."""
    return settings.workers or (2 if settings.warehouse == "embedded" else 4)


@contextmanager
def open_plain_connection(settings: Settings, **tag: str) -> Iterator[TaggedConnection]:
    """A connection of its own, without Snowpark: its statements carry `tag` and write their parameters as ?."""
    with warehouse_errors(settings), closing(_connect(settings, QUERY_TAG=json.dumps(tag))) as connection:
        yield connection


def break_off() -> None:
    """Stop what the other threads of this flow have under way: running statements are cancelled, none follows them."""
    place = _current.get()
    if place:
        place.logins.break_off(but=place.login)


@dataclass(frozen=True)
class _Place:
    """Where a step runs: with which login of its flow, in which thread, under which tag."""

    logins: Logins
    login: Login
    thread: int
    tag: Mapping[str, str]


@contextmanager
def warehouse_errors(settings: Settings) -> Iterator[None]:
    """Turn what the connector raises when the warehouse is gone into a TransientError; other errors pass."""
    try:
        yield
    except _client_errors() as error:
        if _code(error) in _PASSING_CODES:
            raise TransientError(f"{_place(settings)} stopped answering: {first_line(error)}") from error
        raise


def _client_errors() -> tuple[type[Exception], ...]:
    """What the connector raises, and Snowpark where it is used at all."""
    from snowflake.connector.errors import Error

    if "snowflake.snowpark" not in sys.modules:
        return (Error,)
    from snowflake.snowpark.exceptions import SnowparkClientException

    return (Error, SnowparkClientException)


def prepare(session: Session, settings: Settings) -> None:
    """Create what is missing: database, schemas, stage, file formats, tables and their new columns.

    Inside `open_session` the flow remembers what it saw: see `stored_columns`.
    """
    from flows.warehouse.scripts import prepare_warehouse

    seen = prepare_warehouse(session, settings)
    place = _current.get()
    if place:
        place.logins.columns = seen.types


def stored_columns() -> Mapping[str, dict[str, str]] | None:
    """Columns and types of every table, as the flow that has the warehouse open saw them; None: it has not looked."""
    place = _current.get()
    return place.logins.columns if place else None


def _embedded_login(settings: Settings) -> dict[str, Any]:
    from deployments.embedded import EmbeddedError, ensure_running

    try:
        endpoint = ensure_running(settings.home, idle_seconds=settings.warehouse_idle_seconds)
    except EmbeddedError as error:
        raise SourceError(f"{error}".rstrip(".") + ".") from None
    return endpoint.connection_parameters(settings.database)


def _connect(settings: Settings, **session_parameters: Any) -> TaggedConnection:
    import snowflake.connector

    from flows.warehouse.connection import TaggedConnection

    parameters = connection_parameters(settings)
    # Snowpark reads this from the login; set on the session it would be a statement more (see transforms/build.py).
    parameters["session_parameters"]["PYTHON_SNOWPARK_USE_SQL_SIMPLIFIER"] = False
    parameters["session_parameters"].update(session_parameters)
    try:
        return TaggedConnection(**parameters, paramstyle="qmark", backoff_policy=_pauses_of(settings))
    except (snowflake.connector.errors.Error, ValueError, TypeError) as error:
        raise _login_error(error, settings, parameters) from None


def _pauses_of(settings: Settings) -> Callable[[], Iterator[float]]:
    """Seconds between two tries of one request. The connector alone would go on for ever when the warehouse is gone."""

    def pauses() -> Iterator[float]:
        yield from _LOCAL_PAUSES if settings.warehouse == "embedded" else _PAUSES
        raise TransientError(
            "The warehouse stopped answering. The step is tried again; then look at its log or status page."
        )

    return pauses


def _login_error(error: Exception, settings: Settings, parameters: Mapping[str, Any]) -> SnowcastError:
    code, text = _code(error), first_line(error)
    who = f"user {parameters.get('user')} at account {parameters.get('account')}"
    if code in _NO_SUCH_ACCOUNT or "404 Not Found" in text or "403 Forbidden" in text:
        return ConfigError(f"Snowflake knows no account {parameters.get('account')}. Check SNOWFLAKE_ACCOUNT.")
    if code in _REFUSED_CODES or "ncorrect username or password" in text or "JWT token is invalid" in text:
        return ConfigError(f"Snowflake refused the login of {who}: {text} Check the SNOWFLAKE_* variables.")
    if code in _PASSING_CODES:
        return TransientError(
            f"{_place(settings, parameters)} cannot be reached: {text} Check the account's name and the network."
        )
    return ConfigError(f"The login of {who} failed: {text}")


def _place(settings: Settings, parameters: Mapping[str, Any] | None = None) -> str:
    if settings.warehouse == "embedded":
        return "The embedded warehouse"
    login = parameters or {"account": settings.snowflake.account, "host": settings.snowflake.host}
    host = login.get("host") or f"{login.get('account')}.snowflakecomputing.com"
    return f"Snowflake account {login.get('account')} ({host})"


def _code(error: BaseException) -> int | None:
    """Snowflake's error number, wherever the connector or Snowpark put it."""
    for carrier in (error, getattr(error, "conn_error", None), error.__cause__, error.__context__):
        number = getattr(carrier, "errno", None) or getattr(carrier, "sql_error_code", None)
        if isinstance(number, int) and number > 0:
            return number
    return None
