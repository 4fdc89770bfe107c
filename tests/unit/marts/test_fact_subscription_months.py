"""Subscription months: which months a subscription runs in, and what it costs in each."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from snowflake.snowpark import Session

from tests.feeding import PARAMETERS, build_all, delivered, frame_of, load, rows_of, written
from tests.unit.marts.billing import cents, month, subscription
from transforms.engine.stored import read_table
from transforms.history.subscriptions_history_check import TABLE as HISTORY
from transforms.marts.fact_subscription_months import TABLE, build

CURRENT = month(4)
FIRST = datetime(2023, 1, 1)


def built(session: Session, *versions: dict[str, Any], current: date = CURRENT) -> list[tuple[Any, ...]]:
    frame = build(frame_of(session, HISTORY, versions), current_month=current)
    return rows_of(frame, "year_month", "subscription_version_key", "is_before_history", "mrr")


def test_an_ended_subscription_has_each_month_that_it_touches(frames: Session):
    row = subscription("S1", FIRST, None, "9.99", start_date=date(2023, 1, 31), end_date=date(2023, 3, 1), user="")
    period = ("billing", "k", "", date(2023, 1, 31), date(2023, 3, 1))
    version = ("S1@01-01", False, cents("9.99"), None)
    mrr = {1: cents("9.99"), 2: cents("9.99"), 3: cents("0")}  # it is over before March is
    assert rows_of(build(frame_of(frames, HISTORY, [row]), current_month=CURRENT)) == [
        ("S1", month(number), *period, *version, mrr[number]) for number in (1, 2, 3)
    ]


def test_an_open_end_runs_to_the_current_month_and_no_end_reaches_beyond_it(frames: Session):
    open_ended = subscription("S1", FIRST, None, "1", start_date=date(2023, 3, 31))
    later_end = subscription("S2", FIRST, None, "1", start_date=date(2023, 3, 1), end_date=date(2024, 1, 1))
    future = subscription("S3", FIRST, None, "1", start_date=date(2023, 5, 1))
    backwards = subscription("S4", FIRST, None, "1", start_date=date(2023, 3, 2), end_date=date(2023, 3, 1))
    frame = build(frame_of(frames, HISTORY, [open_ended, later_end, future, backwards]), current_month=CURRENT)
    assert rows_of(frame, "subscription_id", "year_month") == [
        *(("S1", month(3)), ("S1", month(4)), ("S2", month(3)), ("S2", month(4)))
    ]


def test_a_month_costs_what_the_version_at_its_end_says_and_the_first_one_before_it(frames: Session):
    rows = (
        subscription("S1", datetime(2023, 2, 15), datetime(2023, 4, 1), "10"),
        subscription("S1", datetime(2023, 4, 1), datetime(2023, 4, 30, 23, 59), "11"),
        subscription("S1", datetime(2023, 4, 30, 23, 59), None, "12"),
    )
    assert built(frames, *rows) == [
        (month(1), "S1@02-15", True, cents("10")),
        (month(2), "S1@02-15", False, cents("10")),
        (month(3), "S1@02-15", False, cents("10")),
        (month(4), "S1@04-30", False, cents("12")),
    ]


def test_yearly_prices_count_a_twelfth_rounded_to_the_cent(frames: Session):
    prices = {"119.88": "9.99", "100.00": "8.33", "0.06": "0.01", "0.05": "0.00"}
    rows = [subscription(f"S{n}", FIRST, None, price, billing_period="yearly") for n, price in enumerate(prices)]
    monthly = subscription("S4", FIRST, None, "119.88", billing_period="monthly")
    found = rows_of(
        build(frame_of(frames, HISTORY, [*rows, monthly]), current_month=month(1)), "subscription_id", "mrr"
    )
    expected = [*prices.values(), "119.88"]
    assert found == [(f"S{n}", cents(mrr)) for n, mrr in enumerate(expected)]


def test_a_deleted_subscription_runs_until_it_vanished_and_again_from_its_return(frames: Session):
    gone = {"is_deleted": True}
    rows = (
        subscription("S1", FIRST, datetime(2023, 3, 1), "10"),
        subscription("S1", datetime(2023, 3, 1), datetime(2023, 5, 1), "10", **gone),
        subscription("S1", datetime(2023, 5, 1), datetime(2023, 6, 2), "20"),
        subscription("S1", datetime(2023, 6, 2), None, "20", **gone),
    )
    assert built(frames, *rows, current=month(7)) == [
        (month(1), "S1@01-01", False, cents("10")),
        (month(2), "S1@01-01", False, cents("10")),
        (month(5), "S1@05-01", False, cents("20")),
        (month(6), "S1@05-01", False, cents("0")),
    ]


def test_user_and_period_are_the_newest_known(frames: Session):
    cancelled = {"end_date": date(2023, 2, 20), "start_date": date(2023, 2, 2)}
    rows = (
        subscription("S1", FIRST, datetime(2023, 4, 5), "10", user="U1"),
        subscription("S1", datetime(2023, 4, 5), None, "10", user="U2", **cancelled),
    )
    frame = build(frame_of(frames, HISTORY, rows), current_month=CURRENT)
    found = rows_of(frame, "year_month", "user_id", "user_key", "subscription_version_key")
    assert found == [(month(2), "U2", "kU2", "S1@01-01")]


def test_no_versions_give_an_empty_frame_of_the_contract(frames: Session):
    empty = build(frame_of(frames, HISTORY, []), current_month=CURRENT)
    assert rows_of(empty) == []
    assert [name.lower() for name in empty.columns] == list(TABLE.column_names)


def test_a_new_month_adds_itself_and_moves_nothing_else(warehouse: Session):
    record = {"subscription_id": "S1", "user_id": "U1", "start_date": "2023-03-31", "monthly_price": "10"}
    load(warehouse, delivered("subscriptions", datetime(2023, 4, 1), record))
    tables = ["+mart_mrr_movements"]
    of_april, of_may = ({**PARAMETERS, "current_month": month(number)} for number in (4, 5))
    build_all(warehouse, tables, parameters=of_april)
    assert build_all(warehouse, tables, parameters=of_april)[TABLE.name].skipped
    later = build_all(warehouse, tables, parameters=of_may)
    assert {name: written(result) for name, result in later.items() if not result.skipped} == {
        TABLE.name: (1, 0, 0),
        "fact_mrr_movements": (2, 0, 0),
        "mart_mrr_movements": (2, 0, 0),
    }
    assert rows_of(read_table(warehouse, TABLE), "year_month") == [(month(number),) for number in (3, 4, 5)]
