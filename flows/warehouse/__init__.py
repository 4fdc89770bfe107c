"""The warehouse: the only login, and the only place that knows if it is a Snowflake account or the embedded one."""

from flows.warehouse.login import connect, connection_parameters, start, status_parameters
from flows.warehouse.session import (
    break_off,
    list_sent_statements,
    list_stored_columns,
    open_session,
    prepare,
    workers,
)

__all__ = [
    "break_off",
    "connect",
    "connection_parameters",
    "open_session",
    "prepare",
    "list_sent_statements",
    "start",
    "status_parameters",
    "list_stored_columns",
    "workers",
]
