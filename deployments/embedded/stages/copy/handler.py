"""COPY INTO, in both directions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from deployments.embedded.stages.copy import load, unload
from deployments.embedded.stages.scanner import with_params

if TYPE_CHECKING:
    import pyarrow as pa

    from deployments.embedded.context import StatementContext

_COPY = re.compile(r"\s*(?:--[^\n]*\n\s*|/\*.*?\*/\s*)*COPY\s+INTO\s+(['@]?)", re.IGNORECASE | re.DOTALL)


def copy_into(statement: str, context: StatementContext) -> pa.Table | None:
    """`COPY INTO RAW.T FROM @RAW.LANDING …`, which loads, and `COPY INTO @STAGE/out FROM T …`, which unloads."""
    if not (match := _COPY.match(statement)):
        return None
    sql = with_params(statement, context.params)
    return unload.unload(sql, context) if match[1] else load.load(sql, context)
