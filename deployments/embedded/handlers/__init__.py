"""Statements that are answered whole, without going through the parser and the rewrites.

A handler gets the statement's text and its context. It returns None when the statement is not its own, a table for a
result, or a mapping for the `data` part of a response that is not a table (PUT and GET).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa

from deployments.embedded.context import StatementContext
from deployments.embedded.handlers.databases import drop_database

HandlerResult = pa.Table | dict[str, Any] | None
Handler = Callable[[str, StatementContext], HandlerResult]

HANDLERS: tuple[Handler, ...] = (drop_database,)
