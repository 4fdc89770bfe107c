"""The warehouse: the only login, and the only place that knows if it is a Snowflake account or the embedded one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.account import SESSION_PARAMETERS, account_login, first_line
from flows.errors import ConfigError, SnowcastError, SourceError, TransientError
from flows.settings import Settings

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection
    from snowflake.snowpark import Session

SCRIPTS = Path(__file__).resolve().parents[1] / "deployments" / "snowflake"
# Snowflake's codes for a session or a network that is gone: a new login may help, the statement was not at fault.
_PASSING_CODES = {250001, 250002, 250003, 251012, 290502, 290503, 290504, 390111, 390112, 390114, 604}
_REFUSED_CODES = {390100, 390101, 390102, 390144, 390186, 390201, 390318, 394304}
_PAUSES = (0, 1, 2, 4, 8)
_NO_SUCH_ACCOUNT = {290403, 290404}
_SHOWN = ("account", "user", "host", "port", "protocol", "database", "schema", "warehouse", "role")
_current: ContextVar[_Login | None] = ContextVar("login", default=None)


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
    """A Snowpark session whose statements carry `tag` (flow, run, table) as their QUERY_TAG, as JSON.

    Inside another `open_session` of the same thread the login is shared: a flow logs in once, its tasks add their tag.

    Raises:
        ConfigError: The account, user or credentials are wrong.
        TransientError: The warehouse does not answer.
    """
    outer = _current.get()
    login = outer or _Login(settings)
    token = _current.set(login)
    try:
        with warehouse_errors(settings):
            login.tag(tag)
            yield login.session
    except TransientError:
        login.close(is_gone=True)
        raise
    finally:
        _current.reset(token)
        if outer is None:
            login.close()


@contextmanager
def open_connection(settings: Settings) -> Iterator[SnowflakeConnection]:
    """A plain connection, for clients that write their parameters as %s; inside `open_session` it is kept with it."""
    outer = _current.get()
    login = outer or _Login(settings)
    try:
        with warehouse_errors(settings):
            yield login.connection
    finally:
        if outer is None:
            login.close()


class _Login:
    """The connections of one flow, each opened when it is first asked for."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._first_tag: dict[str, str] | None = None
        self._session: Session | None = None
        self._connection: SnowflakeConnection | None = None

    def tag(self, tag: Mapping[str, str]) -> None:
        """Tag the statements from here on: with the flow's tag, and what a step adds to it."""
        if self._first_tag is None:
            self._first_tag = dict(tag)
        if tag:
            self.session.query_tag = json.dumps({**self._first_tag, **tag})

    @property
    def session(self) -> Session:
        """For Snowpark, which writes parameters as ? and says so itself only where it opens the connection."""
        if self._session is None:
            from snowflake.snowpark import Session

            connection = _connect(self._settings, paramstyle="qmark")
            self._session = Session.builder.configs({"connection": connection}).create()
        return self._session

    @property
    def connection(self) -> SnowflakeConnection:
        """For everything else."""
        if self._connection is None:
            self._connection = _connect(self._settings)
        return self._connection

    def close(self, *, is_gone: bool = False) -> None:
        """Log out; what is asked for after that logs in anew.

        Args:
            is_gone: The warehouse does not answer: it is not asked to end the sessions.
        """
        from snowflake.connector.errors import Error

        session, connection = self._session, self._connection
        self._session = self._connection = None
        with suppress(Error, SnowcastError):
            if connection is not None:
                connection.close(retry=not is_gone)
        if session is not None:
            with suppress(Error, SnowcastError):
                if is_gone:
                    session.connection.close(retry=False)
            session.close()


@contextmanager
def warehouse_errors(settings: Settings) -> Iterator[None]:
    """Turn what the connector raises when the warehouse is gone into a TransientError; other errors pass."""
    from snowflake.connector.errors import Error
    from snowflake.snowpark.exceptions import SnowparkClientException

    try:
        yield
    except (Error, SnowparkClientException) as error:
        if _code(error) in _PASSING_CODES:
            raise TransientError(f"{_place(settings)} stopped answering: {first_line(error)}") from error
        raise


def prepare(session: Session, settings: Settings) -> None:
    """Create what is missing: database, schemas, stage, file formats, tables and their new columns."""
    from transforms.building import prepare_tables

    run_scripts(session, settings, SCRIPTS)
    session.use_schema(f"{settings.database}.PUBLIC")
    prepare_tables(session)


def run_scripts(session: Session, settings: Settings, folder: Path) -> list[str]:
    """Run every statement of the folder's SQL files in order of their names; returns the names."""
    scripts = sorted(folder.glob("*.sql"))
    for script in scripts:
        for statement in statements(script.read_text(encoding="utf-8"), settings):
            session.sql(statement).collect()
    return [script.name for script in scripts]


def statements(text: str, settings: Settings) -> list[str]:
    """The statements of a script, its `<% … %>` places filled from the settings; the project's scripts only."""
    values = {"database": settings.database, "warehouse": settings.snowflake.warehouse or "SNOWCAST_WH"}
    for name, value in values.items():
        text = text.replace(f"<% {name} %>", value)
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("--")]
    return [part.strip() for part in "\n".join(lines).split(";") if part.strip()]


def _embedded_login(settings: Settings) -> dict[str, Any]:
    from deployments.embedded import EmbeddedError, ensure_running

    try:
        endpoint = ensure_running(settings.home, idle_seconds=settings.warehouse_idle_seconds)
    except EmbeddedError as error:
        raise SourceError(f"{error}".rstrip(".") + ".") from None
    return endpoint.connection_parameters(settings.database)


def _connect(settings: Settings, **options: Any) -> SnowflakeConnection:
    import snowflake.connector

    parameters = connection_parameters(settings)
    try:
        return snowflake.connector.connect(**parameters, **options, backoff_policy=_pauses)
    except (snowflake.connector.errors.Error, ValueError, TypeError) as error:
        raise _login_error(error, settings, parameters) from None


def _pauses() -> Iterator[int]:
    """Seconds between two tries of one request. The connector alone would go on for ever when the warehouse is gone."""
    yield from _PAUSES
    raise TransientError(
        "The warehouse stopped answering. The step is tried again; then look at its log or status page."
    )


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
