"""The logins of a flow, one for each thread that works at the same time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, cast

from flows.errors import BrokenOffError, SnowcastError
from flows.warehouse.spared import spare_unread_work
from flows.warehouse.statements import StatementLog
from transforms.functions import Session

if TYPE_CHECKING:
    from flows.warehouse.connection import TaggedConnection


class Logins:
    """The logins of one flow: one for each thread that works at the same time, used again by later steps."""

    def __init__(self, connect: Callable[[], TaggedConnection]) -> None:
        self.log = StatementLog()
        self.columns: Mapping[str, dict[str, str]] | None = None
        self._connect = connect
        self._free: list[Login] = []
        self._taken: list[Login] = []
        self._lock = threading.Lock()
        self._is_broken_off = False

    def take(self) -> Login:
        """Return a login that no other thread uses.

        Raises:
            BrokenOffError: The flow was stopped.
        """
        with self._lock:
            if self._is_broken_off:
                raise BrokenOffError("The flow was stopped.")
            login = self._free.pop() if self._free else Login(self._connect, self.log)
            self._taken.append(login)
            return login

    def give_back(self, login: Login) -> None:
        """Let others have the login."""
        with self._lock:
            self._taken.remove(login)
            self._free.append(login)

    def break_off(self, but: Login) -> None:
        """Break off what the taken logins do, except one; no other thread gets one any more."""
        with self._lock:
            self._is_broken_off = True
            others = [login for login in self._taken if login is not but]
        for login in others:
            login.break_off()

    def close(self) -> None:
        """Log all out, at the same time: each waits for an answer of the warehouse."""
        with self._lock:
            free, self._free = self._free, []
        with ThreadPoolExecutor(max_workers=max(len(free), 1)) as executor:
            for ended in [executor.submit(login.close) for login in free]:
                ended.result()


class Login:
    """One login, made when it is first asked for."""

    def __init__(self, connect: Callable[[], TaggedConnection], log: StatementLog) -> None:
        self._connect, self._log = connect, log
        self._session: Session | None = None
        self.is_broken_off = False

    @property
    def session(self) -> Session:
        """For Snowpark, which writes parameters as ? and says so itself only where it opens the connection.

        Raises:
            BrokenOffError: The flow was stopped.
        """
        if self.is_broken_off:
            raise BrokenOffError("The flow was stopped.")
        if self._session is None:
            from snowflake.snowpark import Session

            connection = self._connect()
            connection.log = self._log
            self._session = Session.builder.configs({"connection": connection}).create()
            if not connection._telemetry.is_enabled():  # type: ignore[no-untyped-call]
                spare_unread_work()
        return self._session

    @property
    def connection(self) -> TaggedConnection:
        """The connection under the session, which tags and counts."""
        return cast("TaggedConnection", self.session.connection)

    def break_off(self) -> None:
        """Cancel what runs; nothing is sent any more but ROLLBACK."""
        from snowflake.connector.errors import Error

        session, self.is_broken_off = self._session, True
        if session is not None:
            with suppress(Error):
                cast("TaggedConnection", session.connection).break_off()

    def close(self, *, is_gone: bool = False) -> None:
        """Log out, telling no warehouse that is gone; what is asked for after that logs in anew."""
        from snowflake.connector.errors import Error

        session, self._session = self._session, None
        if session is not None:
            with suppress(Error, SnowcastError):
                # First: a session whose connection is open would ask the warehouse to cancel what it runs.
                session.connection.close(retry=not is_gone)
            with suppress(Error, SnowcastError):
                session.close()
