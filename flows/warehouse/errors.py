"""What the warehouse's clients raise, and which of it may pass by itself."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from flows.errors import TransientError
from flows.settings import Settings

# Codes for a session, a network or a server that is gone, and for a cursor, a result (252006 to 252013, 255005) or a
# file on its way (253002, 253003, 253009) that went with it: a new login may help, the statement was not at fault.
PASSING_CODES = {
    *(250001, 250002, 250003, 250005, 251011, 251012, 252006, 252007, 252010, 252013),
    *(253002, 253003, 253009, 255005),
    *(290500, 290502, 290503, 290504, 390111, 390112, 390114, 604),
}


_QUERY_OF_URL = re.compile(r"(https?://[^\s'\"?]+\?)[^\s'\"]*")  # of a file on its way: it holds a signature


@contextmanager
def warehouse_errors(settings: Settings) -> Iterator[None]:
    """Turn what the connector raises when the warehouse is gone into a TransientError; other errors pass."""
    try:
        yield
    except _find_client_errors() as error:
        if read_code(error) in PASSING_CODES:
            raise TransientError(f"{name_warehouse(settings)} stopped answering: {first_line(error)}") from error
        raise


def _find_client_errors() -> tuple[type[Exception], ...]:
    """Return what the connector raises, and Snowpark where it is used at all."""
    from snowflake.connector.errors import Error

    if "snowflake.snowpark" not in sys.modules:
        return (Error,)
    from snowflake.snowpark.exceptions import SnowparkClientException

    return (Error, SnowparkClientException)


def name_warehouse(settings: Settings, parameters: Mapping[str, Any] | None = None) -> str:
    """Return name the warehouse, for the text of an error."""
    if settings.warehouse == "embedded":
        return "The embedded warehouse"
    login = parameters or {"account": settings.snowflake.account, "host": settings.snowflake.host}
    host = login.get("host") or f"{login.get('account')}.snowflakecomputing.com"
    return f"Snowflake account {login.get('account')} ({host})"


def read_code(error: BaseException) -> int | None:
    """Read Snowflake's error number, wherever the connector or Snowpark put it."""
    for carrier in (error, getattr(error, "conn_error", None), error.__cause__, error.__context__):
        number = getattr(carrier, "errno", None) or getattr(carrier, "sql_error_code", None)
        if isinstance(number, int) and number > 0:
            return number
    return None


def first_line(error: BaseException) -> str:
    """Return what an error of the connector says, in one line, without what signs an address."""
    text = str(getattr(error, "raw_msg", None) or getattr(error, "message", None) or error).strip()
    line = (text.splitlines() or [type(error).__name__])[0].replace(".Aborting", "").strip()
    line = _QUERY_OF_URL.sub(r"\1…", line)
    return line if line.endswith(".") else line + "."
