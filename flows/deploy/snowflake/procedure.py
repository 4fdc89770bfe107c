"""The stored procedure by which Snowflake builds a table itself; the archive carries this file beside `transforms`.

It knows nothing of the flows: a session, the name of a table and the parameters of the builds are all that it needs.
So it is a plain function that runs wherever a session is. What stands on a table that broke a rule is not built.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any

from transforms.build import build_table
from transforms.catalog import models
from transforms.contract import ContractError
from transforms.engine.stored import read_table
from transforms.functions import Window, col, lit, row_number
from transforms.ops import VALIDATION_RESULTS

if TYPE_CHECKING:
    from snowflake.snowpark import Session


def build(session: Session, table_name: str) -> str:
    """Build what is new of a table, with the parameters of the archive; the handler of OPS.BUILD_TABLE.

    Raises:
        ContractError: An input broke a critical rule, or the built rows are not as declared.
        BuildConflictError: Another build of the table was committed meanwhile.
    """
    return build_with(session, table_name, import_module("snowcast_parameters").PARAMETERS)


def build_with(session: Session, table_name: str, parameters: Mapping[str, Any]) -> str:
    """Build what is new of a table and return what became of it, in words.

    The day is today's (UTC) unless it is among the parameters; each build is a run of its own in OPS.BUILDS.
    """
    closed = find_closed_inputs(session, table_name)
    if closed:
        raise ContractError(f"{table_name}: not built, {closed[0]} broke a critical rule. See OPS.VALIDATION_RESULTS.")
    today = datetime.now(UTC).date()
    given = {"today": today, "current_month": today.replace(day=1), **parameters}
    result = build_table(session, table_name, run_id=f"task-{uuid.uuid4().hex[:12]}", parameters=given)
    if result.skipped:
        return "nothing new"
    return f"{result.rows_inserted} new, {result.rows_updated} changed, {result.rows_deleted} removed"


def find_closed_inputs(session: Session, table_name: str) -> list[str]:
    """Find the tables that this one reads of which a critical rule failed when it was last checked."""
    inputs = models()[table_name].inputs
    if not inputs:
        return []
    results = read_table(session, VALIDATION_RESULTS)
    is_asked = (col("severity") == lit("critical")) & col("table_name").in_(*[lit(name) for name in inputs])
    newest_first = Window.partition_by("table_name", "rule").order_by(col("validated_at").desc(), col("run_id"))
    newest = results.filter(is_asked).with_column("nth", row_number().over(newest_first))
    failed = newest.filter((col("nth") == lit(1)) & ~col("success"))
    return sorted({row[0] for row in failed.select("table_name").collect()})
