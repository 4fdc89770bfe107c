"""What a run has cost: statements and seconds per step and table, counted where they are sent, kept with the run.

Seconds are those that the client waited, so the steps of tables that are built at the same time add up to more than the
run took.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from flows.settings import Settings
from flows.warehouse.statements import Statement
from transforms.functions import Session
from transforms.ops import RUNS

# Statements that belong to no step: those that prepare the warehouse, and the row of the run.
OF_THE_FLOW = "start and end"


@dataclass(frozen=True)
class Cost:
    """Statements and seconds of one step on one table; `table` is empty for a step on none or on several."""

    step: str
    table: str
    statements: int
    seconds: float


@dataclass(frozen=True)
class RunCosts:
    """What the newest run cost, step by step in the order in which they began to send."""

    run_id: str
    flow: str
    started_at: str
    statements: int
    seconds: float
    costs: list[Cost]


def sum_costs(statements: Iterable[Statement]) -> list[Cost]:
    """Return the statements, added up."""
    counted: dict[tuple[str, str], list[float]] = {}
    for one in statements:
        counted.setdefault((one.step or OF_THE_FLOW, one.table), []).append(one.seconds)
    return [Cost(step, table, len(each), round(sum(each), 3)) for (step, table), each in counted.items()]


def read_costs(session: Session, settings: Settings) -> RunCosts | None:
    """Return costs of the newest run that has any; None where there is none yet."""
    rows = session.sql(
        f"SELECT run_id, flow, started_at, costs FROM {RUNS.full_name(settings.database)} "
        "WHERE costs IS NOT NULL ORDER BY started_at DESC LIMIT 1"
    ).collect()
    if not rows:
        return None
    run_id, flow, started_at, text = rows[0]
    costs = [Cost(**one) for one in json.loads(text)]
    statements, seconds = sum(one.statements for one in costs), round(sum(one.seconds for one in costs), 3)
    return RunCosts(run_id, flow, started_at.isoformat(), statements, seconds, costs)
