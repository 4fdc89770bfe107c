"""How monthly recurring revenue moved, for each subscription and each customer."""

from __future__ import annotations

from typing import Any

from snowflake.snowpark import Session

from tests.feeding import frame_of, rows_of
from tests.unit.marts.billing import cents, month, subscription_month
from transforms.marts.fact_mrr_movements import TABLE, build
from transforms.marts.fact_subscription_months import TABLE as MONTHS

READ = ("grain", "entity_id", "year_month", "movement", "opening_mrr", "closing_mrr", "mrr_change")


def moved(session: Session, current: int, *months: dict[str, Any]) -> list[tuple[Any, ...]]:
    return rows_of(build(frame_of(session, MONTHS, months), current_month=month(current)), *READ)


def test_10_15_15_0_20_is_new_expansion_unchanged_churn_reactivation(frames: Session):
    series = {1: "10", 2: "15", 3: "15", 5: "20"}
    months = [subscription_month("S1", month(number), mrr) for number, mrr in series.items()]
    steps = [
        (1, "new", "0", "10", "10"),
        (2, "expansion", "10", "15", "5"),
        (3, "unchanged", "15", "15", "0"),
        (4, "churn", "15", "0", "-15"),
        (5, "reactivation", "0", "20", "20"),
    ]
    assert moved(frames, 5, *months) == [
        (grain, entity, month(number), movement, *map(cents, amounts))
        for grain, entity in (("customer", "kU1"), ("subscription", "S1"))
        for number, movement, *amounts in steps
    ]


def test_a_customer_is_the_sum_of_the_subscriptions(frames: Session):
    months = [
        subscription_month("S1", month(1), "10.00"),
        subscription_month("S1", month(2), "10.00"),
        subscription_month("S2", month(2), "5.55"),
        subscription_month("S3", month(3), "9.99"),
        subscription_month("S9", month(3), "1.00", user="U2"),
    ]
    customers = [row[1:] for row in moved(frames, 3, *months) if row[0] == "customer"]
    assert customers == [
        ("kU1", month(1), "new", cents("0"), cents("10.00"), cents("10.00")),
        ("kU1", month(2), "expansion", cents("10.00"), cents("15.55"), cents("5.55")),
        ("kU1", month(3), "contraction", cents("15.55"), cents("9.99"), cents("-5.56")),
        ("kU2", month(3), "new", cents("0"), cents("1.00"), cents("1.00")),
    ]


def test_who_is_there_in_the_current_month_does_not_churn_after_it(frames: Session):
    months = [subscription_month("S1", month(number), "10") for number in (11, 12)]
    found = [row[2:4] for row in moved(frames, 12, *months) if row[0] == "subscription"]
    assert found == [(month(11), "new"), (month(12), "unchanged")]


def test_free_months_are_no_revenue(frames: Session):
    series = {1: "0", 2: "10", 3: "0", 4: "0", 5: "10"}
    months = [subscription_month("S1", month(number), mrr) for number, mrr in series.items()]
    found = [row[2:4] for row in moved(frames, 6, *months) if row[0] == "subscription"]
    assert found == [
        *((month(2), "new"), (month(3), "churn"), (month(5), "reactivation"), (month(6), "churn")),
    ]


def test_no_months_give_an_empty_frame_of_the_contract(frames: Session):
    built = build(frame_of(frames, MONTHS, []), current_month=month(1))
    assert rows_of(built) == []
    assert [name.lower() for name in built.columns] == list(TABLE.column_names)
