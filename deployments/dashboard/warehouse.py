"""The warehouse: sends statements and gives their rows as frames; logs in once, and again where the login is lost."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import pandas as pd

# A statement that names a table, schema or database that is not there, and one without a database to look in.
_MISSING_CODES = {2003, 2043, 90105, 90106}
# The session behind a login is over: it idled too long, or its server was started again.
_LOST_CODES = {390104, 390111, 390112, 390114}
# Types of columns by the codes that the connector has for them; texts and everything else stay as they are.
_REAL, _MOMENT = "float64", "datetime64[us]"
_TYPES = {1: _REAL, 3: _MOMENT, 4: _MOMENT, 6: _MOMENT, 7: _MOMENT, 8: _MOMENT, 13: "boolean"}
_FIXED = 0
_LOG = logging.getLogger("snowcast.dashboard")


class MissingTableError(Exception):
    """A table that the statement reads is not there yet."""


class Warehouse:
    """Runs statements that read.

    Args:
        connect: Logs in; called once, and again where the connection is lost.
    """

    def __init__(self, connect: Callable[[], Any]) -> None:
        self._connect = connect
        self._connection: Any = None
        self._lock = threading.Lock()

    def __call__(self, statement: str, parameters: Sequence[Any] = ()) -> pd.DataFrame:
        """Return the rows of a statement, names of columns in lower case.

        Args:
            statement: SQL in Snowflake's dialect; parameters are written as ?.
            parameters: Their values in order.

        Raises:
            MissingTableError: It reads a table that is not there.
        """
        from snowflake.connector.errors import ProgrammingError

        try:
            return self._read(statement, parameters)
        except ProgrammingError as error:
            if error.errno in _MISSING_CODES:
                raise MissingTableError(str(error.msg)) from None
            if error.errno not in _LOST_CODES:
                raise
        except Exception as error:
            # A connection breaks in many ways; the second try tells what is wrong, where something is.
            _LOG.info("the login was lost: %s", error)
        self.close()
        return self._read(statement, parameters)

    def close(self) -> None:
        """Log out."""
        with self._lock:
            lost, self._connection = self._connection, None
        if lost is not None:
            with suppress(Exception):
                lost.close()

    def _read(self, statement: str, parameters: Sequence[Any]) -> pd.DataFrame:
        with self._lock:
            if self._connection is None:
                self._connection = self._connect()
            cursor = self._connection.cursor()
        with cursor:
            cursor.execute(statement, tuple(parameters) or None)
            return to_frame(cursor.description, cursor.fetchall())


def to_frame(description: Sequence[Any], rows: Sequence[Sequence[Any]]) -> pd.DataFrame:
    """Return rows as a frame whose columns have the same types whatever the rows are, also where there are none.

    Args:
        description: Columns of the cursor: name, type code and, at place 5, digits behind the point.
        rows: Values in the order of the columns.
    """
    by_column = list(zip(*rows, strict=True)) or [()] * len(description)
    columns = zip(description, by_column, strict=True)
    return pd.DataFrame({one[0].lower(): pd.Series(list(values), dtype=_type_of(one)) for one, values in columns})


def _type_of(column: Any) -> str:
    if column[1] == _FIXED:
        return _REAL if column[5] else "Int64"
    return _TYPES.get(column[1], "object")
