"""What each user paid, watched and subscribed to in each month."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from snowflake.snowpark import Session

from tests.feeding import frame_of, rows_of
from tests.unit.marts.billing import cents, month, of_user, payment, subscription_month
from transforms.marts.fact_payments import TABLE as PAYMENTS
from transforms.marts.fact_subscription_months import TABLE as MONTHS
from transforms.marts.fact_user_monthly_metrics import TABLE, build
from transforms.staging.stg_billing_viewing_activity import TABLE as VIEWING


def watched(user: str, day: date, hours: float, delivered: int = 1) -> dict[str, Any]:
    return of_user(user, watch_date=day, hours_watched=hours, snapshot_at=datetime(2023, 5, delivered))


def built(session: Session, payments: list[Any], viewing: list[Any], months: list[Any]) -> Any:
    frames = (frame_of(session, PAYMENTS, payments), frame_of(session, VIEWING, viewing))
    return build(*frames, frame_of(session, MONTHS, months))


def test_the_three_sources_meet_in_one_row_per_user_and_month(frames: Session):
    payments = [
        payment("P1", "U1", "9.99", date(2023, 1, 5)),
        payment("P2", "U1", "-4.00", date(2023, 1, 31)),
        payment("P3", "U2", "-1.00", date(2023, 1, 5)),
        payment("P4", "", "0.00", date(2023, 2, 5)),
    ]
    viewing = [watched("U1", date(2023, 1, 10), 2.5), watched("U1", date(2023, 1, 11), 0.1)]
    viewing += [watched("U3", date(2023, 2, 1), 0.0)]
    months = [subscription_month("S1", month(1), "10"), subscription_month("S2", month(1), "0.05")]
    assert rows_of(built(frames, payments, viewing, months)) == [
        ("k", month(2), "billing", "", cents("0"), 0, 0.0, False, False, 0, cents("0")),
        ("kU1", month(1), "billing", "U1", cents("5.99"), 1, 2.6, True, True, 2, cents("10.05")),
        ("kU2", month(1), "billing", "U2", cents("-1.00"), 0, 0.0, False, False, 0, cents("0")),
        ("kU3", month(2), "billing", "U3", cents("0"), 0, 0.0, False, True, 0, cents("0")),
    ]


def test_a_day_of_viewing_counts_as_last_delivered(frames: Session):
    day = date(2023, 1, 10)
    rows = [watched("U1", day, 1.0, delivered=2), watched("U1", day, 9.0), watched("U1", date(2023, 1, 31), 2.0)]
    assert rows_of(built(frames, [], rows, []), "year_month", "hours_watched") == [(month(1), 3.0)]


def test_nothing_at_all_gives_an_empty_frame_of_the_contract(frames: Session):
    empty = built(frames, [], [], [])
    assert rows_of(empty) == []
    assert [name.lower() for name in empty.columns] == list(TABLE.column_names)
