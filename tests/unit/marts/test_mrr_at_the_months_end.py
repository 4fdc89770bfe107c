"""MRR of a month is what is active at its end: a switch of plan within a month counts one plan."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from snowflake.snowpark import Session

from tests.feeding import frame_of, rows_of
from tests.unit.marts.billing import cents, month, subscription
from transforms.history.subscriptions_history_check import TABLE as HISTORY
from transforms.marts.fact_mrr_movements import build as movements
from transforms.marts.fact_subscription_months import build as months

FIRST, SEEN = datetime(2023, 1, 1), datetime(2023, 6, 15)


def ran(key: str, since: date, until: date | None, price: str = "10", **changes: Any) -> dict[str, Any]:
    """A subscription as the newest delivery, of 15 June, lists it."""
    times = {"start_date": since, "end_date": until, "observed_at_last": SEEN}
    return subscription(key, FIRST, None, price, **{**times, **changes})


def mrr(session: Session, *versions: dict[str, Any], current: int = 6) -> list[tuple[Any, ...]]:
    frame = months(frame_of(session, HISTORY, versions), current_month=month(current))
    return rows_of(frame, "subscription_id", "year_month", "mrr")


def moved(session: Session, *versions: dict[str, Any], current: int = 4) -> dict[str, list[tuple[Any, ...]]]:
    # kept, as the table is: movements read it eight times
    frame = months(frame_of(session, HISTORY, versions), current_month=month(current)).cache_result()
    found: dict[str, list[tuple[Any, ...]]] = {"customer": [], "subscription": []}
    built = movements(frame, current_month=month(current))
    for grain, entity, *rest in rows_of(built, "grain", "entity_id", "year_month", "movement", "closing_mrr"):
        found[grain].append((entity, *rest))
    return found


@pytest.mark.parametrize("last", [14, 15], ids=["switched on the next day", "switched on the same day"])
def test_a_switch_within_a_month_is_one_expansion(frames: Session, last: int):
    old = ran("a", date(2023, 1, 10), date(2023, 3, last), "10")
    new = ran("b", date(2023, 3, 15), None, "20")
    found = moved(frames, old, new)
    assert found["customer"] == [
        ("kU1", month(1), "new", cents("10")),
        ("kU1", month(2), "unchanged", cents("10")),
        ("kU1", month(3), "expansion", cents("20")),
        ("kU1", month(4), "unchanged", cents("20")),
    ]
    assert [row[:3] for row in found["subscription"]] == [
        *(("a", month(1), "new"), ("a", month(2), "unchanged"), ("a", month(3), "churn")),
        *(("b", month(3), "new"), ("b", month(4), "unchanged")),
    ]


@pytest.mark.parametrize("current", [3, 4], ids=["newest month", "month that is over"])
def test_a_switch_on_the_last_day_never_counts_both(frames: Session, current: int):
    changed = date(2023, 3, 31)
    seen = {"observed_at_last": datetime(2023, 3, 31, 12)}
    old, new = ran("a", date(2023, 1, 10), changed, "10", **seen), ran("b", changed, None, "20", **seen)
    found = [row[1:] for row in moved(frames, old, new, current=current)["customer"]]
    assert found[2] == (month(3), "expansion", cents("20"))
    assert [row[1] for row in found[3:]] == ["unchanged"] * (current - 3)


def test_two_people_without_a_name_do_not_replace_each_other(frames: Session):
    changed = date(2023, 3, 31)
    old, new = ran("a", date(2023, 1, 10), changed, user=""), ran("b", changed, None, "20", user="")
    assert moved(frames, old, new)["customer"][2] == ("k", month(3), "expansion", cents("30"))


def test_begun_and_ended_within_a_month_is_a_month_without_revenue(frames: Session):
    assert mrr(frames, ran("a", date(2023, 3, 2), date(2023, 3, 30))) == [("a", month(3), cents("0"))]
    assert moved(frames, ran("a", date(2023, 3, 2), date(2023, 3, 30))) == {"customer": [], "subscription": []}


def test_the_last_day_counts_with_its_month(frames: Session):
    assert mrr(frames, ran("a", date(2023, 2, 28), date(2023, 3, 31))) == [
        ("a", month(2), cents("10")),
        ("a", month(3), cents("10")),
    ]


def test_the_current_month_is_judged_at_the_newest_delivery(frames: Session):
    versions = [
        ran("begun", date(2023, 6, 15), None),
        ran("ended", date(2023, 6, 1), date(2023, 6, 14)),
        ran("future", date(2023, 6, 16), None),
        ran("runs", date(2023, 6, 1), date(2023, 6, 15)),
        ran("vanished", date(2023, 6, 1), None, valid_to=datetime(2023, 6, 10), is_current=False),
    ]
    assert mrr(frames, *versions) == [
        ("begun", month(6), cents("10")),
        ("ended", month(6), cents("0")),
        ("future", month(6), cents("0")),
        ("runs", month(6), cents("10")),
        ("vanished", month(6), cents("0")),
    ]


def test_open_ended_ones_stay_where_nothing_was_delivered_for_months(frames: Session):
    found = mrr(frames, ran("a", date(2023, 4, 20), None, observed_at_last=datetime(2023, 3, 1)))
    assert found == [("a", month(number), cents("10")) for number in (4, 5, 6)]


def test_one_that_a_delivery_missed_is_gone_at_the_end_of_that_month(frames: Session):
    gone = ran("a", date(2023, 1, 1), None, valid_to=datetime(2023, 3, 31, 23), is_current=False)
    deleted = subscription("a", datetime(2023, 3, 31, 23), None, "10", is_deleted=True)
    assert mrr(frames, gone, deleted) == [
        ("a", month(1), cents("10")),
        ("a", month(2), cents("10")),
        ("a", month(3), cents("0")),
    ]


@pytest.mark.parametrize(
    ("period", "price", "expected"),
    [
        (None, "10", "10"),
        ("monthly", "10", "10"),
        ("quarterly", "10", "3.33"),
        ("half-yearly", "10", "1.67"),
        ("yearly", "10", "0.83"),
        ("annual", "120", "10"),
        ("weekly", "3", "13"),
        ("weekly", "0.01", "0.04"),
        ("weekly", "1000000000000", "4333333333333.33"),
    ],
)
def test_every_period_is_spread_over_its_months(frames: Session, period: str | None, price: str, expected: str):
    found = mrr(frames, ran("a", date(2023, 5, 1), date(2023, 5, 31), price, billing_period=period))
    assert found == [("a", month(5), Decimal(expected).quantize(Decimal("0.01")))]
