"""Thirty daily deliveries of the sandbox's billing system: in order, shuffled and all at once they give the same."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

from snowflake.snowpark import Session

from deployments.sandbox import World
from deployments.sandbox.billing.files import BillingView
from tests.feeding import PARAMETERS, LandingFile, build_all, content, delivered, load
from tests.properties.conftest import emptied
from tests.properties.promises import BILLING, EXAMPLES, assert_accounts_balance
from transforms.engine.stored import read_table
from transforms.marts.fact_mrr_movements import MOVEMENTS, TABLE as MOVED
from transforms.marts.mart_mrr_movements import TABLE as BALANCES

FIRST, DAYS, CUSTOMERS = datetime(2026, 11, 1, tzinfo=UTC), 30, 80
DAYS_PER_RUN = 15 if EXAMPLES == 1 else 1
WITH_THE_TIMES = PARAMETERS | {"current_month": date(2026, 12, 1)}


def deliveries() -> list[list[LandingFile]]:
    """The files of each day."""
    view = BillingView(World(seed=15, scale=1), CUSTOMERS)
    days = [FIRST + timedelta(days=number) for number in range(DAYS)]
    return [
        [
            delivered(name.rsplit("_", 1)[0], at.replace(tzinfo=None), *csv.DictReader(io.StringIO(text)), name=name)
            for name, text in view.files(at).items()
        ]
        for at in days
    ]


def built_in_runs(session: Session, days: list[list[LandingFile]], days_per_run: int) -> dict[str, list[Any]]:
    emptied(session)
    for start in range(0, len(days), days_per_run):
        load(session, *[file for day in days[start : start + days_per_run] for file in day])
        build_all(session, BILLING.selectors, parameters=WITH_THE_TIMES)
    assert_accounts_balance(session)
    return {name: content(session, name) for name in BILLING.built}


def test_thirty_days_give_the_same_tables_in_order_shuffled_and_at_once(bit_by_bit: Session, at_once: Session):
    days = deliveries()
    shuffled = Random(3).sample(days, len(days))
    whole = built_in_runs(at_once, days, DAYS)
    for order in (days, shuffled):
        grown = built_in_runs(bit_by_bit, order, DAYS_PER_RUN)
        for name in BILLING.built:
            assert grown[name] == whole[name], f"{name} depends on how its deliveries arrived"
    assert_the_balance_is_exact(at_once)


def assert_the_balance_is_exact(session: Session) -> None:
    """Every month closes with what it opened with and what moved, and opens with what the one before closed with."""
    assert {row["MOVEMENT"] for row in read_table(session, MOVED).collect()} == set(MOVEMENTS)
    closings: dict[str, Any] = {"subscription": 0, "customer": 0}
    rows = sorted(read_table(session, BALANCES).collect(), key=lambda row: row["YEAR_MONTH"])
    assert len(rows) > 2 * 12
    for row in rows:
        assert row["OPENING_MRR"] == closings[row["GRAIN"]]
        gained = row["NEW_MRR"] + row["REACTIVATION_MRR"] + row["EXPANSION_MRR"]
        assert row["CLOSING_MRR"] == row["OPENING_MRR"] + gained - row["CONTRACTION_MRR"] - row["CHURNED_MRR"]
        closings[row["GRAIN"]] = row["CLOSING_MRR"]
    assert closings["subscription"] == closings["customer"] > 0
