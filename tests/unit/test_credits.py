"""The estimate of credits: what a cycle is billed for, by rate, size and sleep."""

from __future__ import annotations

from dataclasses import astuple

import pytest
from snowflake.snowpark import Session

from flows.settings import Settings
from flows.steps.costs import (
    CREDITS_AN_HOUR,
    RATES,
    Cost,
    Counted,
    RunCosts,
    count_run,
    estimate_credits,
    list_assumptions,
)
from tests.feeding import T0
from transforms.engine.ledgers import append_rows
from transforms.ops import BUILDS, CONSUMPTIONS, LOADS

COUNTED = Counted(statements=400, tables=50, rows_in=1_000, rows_written=5_000)


def settings(**given: object) -> Settings:
    return Settings(_env_file=None, workers=4, **given)  # type: ignore[call-arg]


def test_a_small_cycle_is_billed_for_the_pause_before_sleep_too():
    found = estimate_credits(COUNTED, settings(), 96_000)
    assert (found.rows, found.busy_seconds, found.awake_seconds) == (5_000, 20.0, 80.0)
    assert found.credits_a_cycle == round(80 / 3_600, 4)
    assert (found.credits_a_month, found.price_a_month) == (64.0, 192.06)


def test_work_grows_with_the_rows_and_a_larger_warehouse_does_it_faster_for_more():
    small = estimate_credits(COUNTED, settings(), 960_000_000)
    large = estimate_credits(COUNTED, settings(warehouse_size="LARGE"), 960_000_000)
    assert (small.busy_seconds, small.awake_seconds) == (270.0, 330.0)
    assert (large.busy_seconds, large.awake_seconds) == (51.2, 111.2)
    assert large.credits_a_cycle == round(111.25 / 3_600 * 8, 4)


@pytest.mark.parametrize(("seconds", "awake"), [(30, 60.0), (60, 80.0), (600, 620.0), (3_600, 900.0)])
def test_a_warehouse_that_does_not_sleep_between_cycles_is_billed_for_the_time_between_them(seconds, awake):
    assert estimate_credits(COUNTED, settings(auto_suspend_seconds=seconds), 1_000).awake_seconds == awake


def test_what_it_stands_on_is_told():
    told = "\n".join(list_assumptions(COUNTED, settings(credit_price=2.5)))
    assert "400 statements on 50 tables, 5,000 rows written of 1,000 that came" in told
    assert "2.5 for a credit" in told


def test_the_three_rates_of_the_page():
    """Worked out by hand, for two workers on a MEDIUM at 2.5 a credit: 40 s of statements, 5 rows written of each."""
    given = settings(warehouse_size="MEDIUM", credit_price=2.5).model_copy(update={"workers": 2})
    assert [astuple(estimate_credits(COUNTED, given, rate)) for rate in RATES] == [
        (1_000, 400, 52, 40.0, 100.0, 0.1111, 320.0, 800.0),
        (100_000, 400, 5_208, 40.0, 100.0, 0.1111, 320.0, 800.05),
        (10_000_000, 400, 520_833, 40.7, 100.7, 0.1118, 322.1, 805.21),
    ]


def test_each_size_costs_twice_the_one_below_it():
    assert CREDITS_AN_HOUR == {"XSMALL": 1, "SMALL": 2, "MEDIUM": 4, "LARGE": 8, "XLARGE": 16}


def test_where_no_row_came_the_rows_written_are_those_of_one():
    assert estimate_credits(Counted(400, 50, 0, 0), settings(), 96_000).rows == 0
    assert estimate_credits(Counted(400, 50, 0, 3), settings(), 96_000).rows == 3_000


def test_cycles_longer_than_the_time_between_them_cost_no_more_than_a_warehouse_that_never_sleeps():
    long = estimate_credits(Counted(statements=40_000, tables=50, rows_in=1, rows_written=0), settings(), 1_000)
    assert (long.busy_seconds, long.awake_seconds, long.credits_a_cycle) == (2_000.0, 2_000.0, 0.5556)
    assert (long.credits_a_month, long.price_a_month) == (24 * 30, 24 * 30 * 3)


def test_a_run_is_counted_by_its_own_ledger_rows(warehouse: Session):
    """Two builds of the run and one of another; both read the first load, which counts once, and nobody the last."""
    database = str(warehouse.get_current_database()).strip('"')
    changes = {"b1": ("r", 5, 3, 1), "b2": ("r", 7, 0, 0), "b3": ("other", 100, 100, 100)}
    builds = [
        {"build_id": build, "run_id": run, "table_name": build, "mode": "incremental", "seconds": 1.0, "built_at": T0}
        | dict(zip(("rows_inserted", "rows_updated", "rows_deleted"), rows, strict=True))
        for build, (run, *rows) in changes.items()
    ]
    reads = [("b1", "l1"), ("b2", "l1"), ("b2", "l2"), ("b3", "l3")]
    append_rows(warehouse, BUILDS, builds)
    append_rows(
        warehouse,
        CONSUMPTIONS,
        [{"table_name": b, "input_table": "raw", "batch_id": load, "build_id": b} for b, load in reads],
    )
    row = {"table_name": "raw", "source_file": "f", "content_hash": "h", "snapshot_at": T0, "loaded_at": T0}
    row |= {"rows_parsed": 99, "rows_rejected": 0}
    append_rows(warehouse, LOADS, [{**row, "load_id": f"l{n}", "rows_loaded": n * 10} for n in range(1, 5)])
    costs = [Cost("build b1", "b1", 3, 1.0), Cost("build b2", "b2", 4, 1.0), Cost("start and end", "", 2, 1.0)]
    found = RunCosts("r", "pipeline", "", 9, 3.0, costs)
    assert count_run(warehouse, settings(database=database), found) == Counted(9, 2, rows_in=30, rows_written=16)
