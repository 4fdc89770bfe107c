"""DuckDB's errors as the errors that Snowflake raises in the same place, with Snowflake's code where there is one."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import duckdb
from snowflake.connector.errors import DatabaseError, ProgrammingError


def snowflake_error(message: str, code: int, sqlstate: str) -> ProgrammingError:
    """The error a client sees, with Snowflake's code and SQL state."""
    return ProgrammingError(msg=message, errno=code, sqlstate=sqlstate)


def unsupported(feature: str, instead: str = "") -> ProgrammingError:
    """The error for what the embedded warehouse cannot do; it names the feature."""
    hint = f" {instead}" if instead else ""
    return snowflake_error(f"Unsupported feature '{feature}' on the embedded warehouse.{hint}", 2, "0A000")


def translate(error: duckdb.Error) -> ProgrammingError:
    """Turn an error of DuckDB into the one Snowflake raises for the same fault."""
    message = str(error).split("\n")[0]
    return snowflake_error(message, 99999, "99999")


@contextlib.contextmanager
def as_snowflake(failed: Callable[[Exception], None]) -> Iterator[None]:
    """Raise what DuckDB raises inside as Snowflake's errors.

    Args:
        failed: Told of every error.
    """
    try:
        yield
    except duckdb.Error as error:
        failed(error)
        raise translate(error) from error
    except DatabaseError as error:
        failed(error)
        if isinstance(error.__cause__, duckdb.Error):
            raise translate(error.__cause__) from error.__cause__
        raise
