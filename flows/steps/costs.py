"""What a run has cost: statements and seconds per step and table, counted where they are sent, kept with the run.

Seconds are those that the client waited, so the steps of tables that are built at the same time add up to more than the
run took.

What a cycle would cost on Snowflake: credits by the statements and rows of a run that was counted.
An estimate, whose assumptions are the constants below and are printed with it. Snowflake bills the seconds in which the
virtual warehouse is awake: those of the statements, and the pause until it sleeps. A cycle's statements follow from the
tables, not from the rows; its work follows from the rows. Measured figures come from QUERY_HISTORY by the QUERY_TAG of
each statement (deployments/snowflake/README.md).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from flows.settings import Settings
from flows.warehouse.statements import Statement
from transforms.functions import Session
from transforms.ops import BUILDS, CONSUMPTIONS, LOADS, RUNS

# Statements that belong to no step: those that prepare the warehouse, and the row of the run.
OF_THE_FLOW = "start and end"
CYCLES_A_DAY = 96
DAYS_A_MONTH = 30
SECONDS_A_STATEMENT = 0.2  # a small statement on Snowflake takes 0.1 to 0.3 s, whatever it does
ROWS_A_SECOND = 200_000  # an XSMALL reads, compares and merges in a second
CREDITS_AN_HOUR = {"XSMALL": 1, "SMALL": 2, "MEDIUM": 4, "LARGE": 8, "XLARGE": 16}
RATES = (1_000, 100_000, 10_000_000)  # samples of streams a day that the page is made for


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
    counted: dict[tuple[str, str], list[Statement]] = {}
    for one in statements:
        counted.setdefault((one.step or OF_THE_FLOW, one.table), []).append(one)
    return [
        Cost(step, table, sum(one.number for one in each), round(sum(one.seconds for one in each), 3))
        for (step, table), each in counted.items()
    ]


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


@dataclass(frozen=True)
class Counted:
    """What was counted of a run: statements, tables that they were about, rows that came, rows that were written."""

    statements: int
    tables: int
    rows_in: int
    rows_written: int


@dataclass(frozen=True)
class Estimate:
    """What cycles cost at one rate.

    Attributes:
        streams_a_day: Samples of streams that come in a day.
        statements: Statements of a cycle.
        rows: Rows that a cycle writes.
        busy_seconds: Seconds in which statements of a cycle run.
        awake_seconds: Seconds that are billed: these and the pause until the warehouse sleeps, a minute at least.
        credits_a_cycle: Credits of these seconds.
        credits_a_month: Of all cycles of a month; never more than those of a warehouse that does not sleep.
        price_a_month: At the price of a credit that is set.
    """

    streams_a_day: int
    statements: int
    rows: int
    busy_seconds: float
    awake_seconds: float
    credits_a_cycle: float
    credits_a_month: float
    price_a_month: float


def count_run(session: Session, settings: Settings, found: RunCosts) -> Counted:
    """Count a run: its statements and tables as kept with it, its rows as OPS.BUILDS and OPS.LOADS tell them."""
    builds, reads, loads = (ledger.full_name(settings.database) for ledger in (BUILDS, CONSUMPTIONS, LOADS))
    of_run = "run_id = ?"
    written = session.sql(
        f"SELECT COALESCE(SUM(rows_inserted + rows_updated + rows_deleted), 0) FROM {builds} WHERE {of_run}",
        params=[found.run_id],
    ).collect()[0][0]
    came = session.sql(
        f"SELECT COALESCE(SUM(rows_loaded), 0) FROM {loads} WHERE load_id IN (SELECT batch_id FROM {reads} "
        f"WHERE build_id IN (SELECT build_id FROM {builds} WHERE {of_run}))",
        params=[found.run_id],
    ).collect()[0][0]
    tables = {one.table for one in found.costs if one.table}
    return Counted(found.statements, len(tables), int(came), int(written))


def estimate_credits(counted: Counted, settings: Settings, streams_a_day: int) -> Estimate:
    """Estimate what cycles cost that have the statements of the counted run, and its rows per row that came."""
    rows = round(streams_a_day / CYCLES_A_DAY * counted.rows_written / max(counted.rows_in, 1))
    workers = settings.workers or 4
    size = CREDITS_AN_HOUR[settings.warehouse_size]
    busy = counted.statements * SECONDS_A_STATEMENT / workers + rows / (ROWS_A_SECOND * size)
    longest = 86_400 / CYCLES_A_DAY
    awake = min(max(busy + settings.auto_suspend_seconds, 60.0), longest) if busy < longest else busy
    a_cycle = awake / 3_600 * size
    # A cycle that takes longer than the time to the next one keeps the warehouse awake, and no more than that.
    a_month = min(awake, longest) / 3_600 * size * CYCLES_A_DAY * DAYS_A_MONTH
    return Estimate(
        streams_a_day,
        counted.statements,
        rows,
        round(busy, 1),
        round(awake, 1),
        round(a_cycle, 4),
        round(a_month, 1),
        round(a_month * settings.credit_price, 2),
    )


def list_assumptions(counted: Counted, settings: Settings) -> list[str]:
    """Return what the estimate stands on, a line each."""
    return [
        f"counted: {counted.statements:,} statements on {counted.tables} tables, {counted.rows_written:,} rows written "
        f"of {counted.rows_in:,} that came",
        f"assumed: {SECONDS_A_STATEMENT} s a statement, {settings.workers or 4} at a time (SNOWCAST_WORKERS); "
        f"{ROWS_A_SECOND:,} rows a second on an XSMALL, twice that for each size above it",
        f"a cycle every {1440 // CYCLES_A_DAY} minutes on {settings.warehouse_size}, billed for a minute at least, "
        f"asleep after {settings.auto_suspend_seconds} s (SNOWCAST_WAREHOUSE_SIZE, SNOWCAST_AUTO_SUSPEND_SECONDS)",
        f"{settings.credit_price:g} for a credit (SNOWCAST_CREDIT_PRICE); storage and other warehouses come on top",
    ]
