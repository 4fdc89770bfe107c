"""The estimate of credits: what a cycle is billed for, by rate, size and sleep."""

from __future__ import annotations

import pytest

from flows.settings import Settings
from flows.steps.credits import Counted, estimate_credits, list_assumptions

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
