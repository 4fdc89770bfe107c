"""COPY INTO a stage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deployments.embedded.errors import unsupported

if TYPE_CHECKING:
    import pyarrow as pa

    from deployments.embedded.context import StatementContext


def unload(statement_text: str, context: StatementContext) -> pa.Table:
    """Write a table or a query into files of a stage."""
    raise unsupported("COPY INTO <location>")
