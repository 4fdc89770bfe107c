"""The public billing files beside the project: four users, five subscriptions, one of a user that no file lists."""

from __future__ import annotations

import csv
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from snowflake.snowpark import Session

from tests.feeding import PARAMETERS, build_all, delivered, load, prepare, rows_of
from tests.unit.marts.billing import cents, month
from transforms.catalog import models
from transforms.engine.stored import read_table

SAMPLES = Path(__file__).parents[3] / "shared/data/billing"
ENTITIES = ("users", "subscriptions", "payments", "viewing_activity")
CURRENT = month(6)


def found(session: Session, name: str, *columns: str) -> list[tuple[Any, ...]]:
    return rows_of(read_table(session, models()[name].table), *columns)


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the public billing files are not beside the project")
def test_the_public_billing_files_give_their_known_figures(session: Session):
    prepare(session)
    for entity in ENTITIES:
        with (SAMPLES / f"{entity}.csv").open(encoding="utf-8", newline="") as file:
            load(session, delivered(entity, datetime(2023, 4, 1), *csv.DictReader(file)))
    build_all(session, ["tag:billing"], parameters={**PARAMETERS, "current_month": CURRENT})
    assert found(session, "mart_monthly_revenue", "year_month", "revenue", "payment_count") == [
        *((month(1), cents("23.98"), 2), (month(2), cents("23.98"), 2), (month(3), cents("9.99"), 1))
    ]
    active = found(session, "mart_monthly_active_users", "definition", "year_month", "user_count")
    assert [row[1:] for row in active if row[0] == "paying"] == [(month(1), 2), (month(2), 2), (month(3), 1)]
    unknown = [row for row in found(session, "dim_users", "user_id", "is_known", "country") if not row[1]]
    assert unknown == [("U005", False, None)]
    months = found(session, "fact_subscription_months", "user_id", "year_month", "mrr")
    assert [row for row in months if row[0] == "U005"] == [
        ("U005", month(number), cents("13.99")) for number in (3, 4, 5, 6)
    ]
    assert [row[1] for row in months if row[0] == "U002"] == [month(number) for number in range(1, 7)]
    assert [row[1] for row in months if row[0] == "U001"] == [date(2023, 1, 1), date(2023, 2, 1), date(2023, 3, 1)]
