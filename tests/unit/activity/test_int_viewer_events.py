"""What viewers and customers did, event by event: every activity of the package viewer."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from snowflake.snowpark import DataFrame, Session

from tests.feeding import build_all, delivered, load, minutes, rows_of
from tests.properties.activity_world import hashed
from tests.unit.activity.facts import Row, at, frame, gift, shown, viewer
from transforms.activity.int_viewer_events import TABLE, build
from transforms.catalog import models
from transforms.engine.stored import read_table
from transforms.ops import QUARANTINE

INPUTS = models()["int_viewer_events"].inputs


def built(session: Session, point_value: Decimal | None = None, **rows: list[Row]) -> DataFrame:
    """int_viewer_events of those rows of its inputs."""
    inputs = {name: frame(session, name, *rows.get(name, [])) for name in INPUTS}
    return build(**inputs, point_value=point_value, shared_id_spaces=())


def test_what_billing_tells_happens_at_the_begin_of_its_day(frames: Session):
    payments = [
        {
            **viewer("U1"),
            "payment_id": "P1",
            "payment_date": date(2023, 9, 1),
            "amount": Decimal("9.99"),
            "is_refund": False,
        },
        {
            **viewer("U1"),
            "payment_id": "P2",
            "payment_date": date(2023, 9, 2),
            "amount": Decimal("-9.99"),
            "is_refund": True,
        },
    ]
    viewing = [
        {**viewer("U1"), "watch_date": date(2023, 9, 3), "snapshot_at": at(1, 4), "hours_watched": 1.5},
        {**viewer("U1"), "watch_date": date(2023, 9, 3), "snapshot_at": at(2, 4), "hours_watched": 0.0},
    ]
    moment = {
        **viewer("U1"),
        "subscription_id": "S",
        "monthly_price": Decimal("5"),
        "billing_period": None,
        "is_deleted": True,
    }
    moments = [
        {**moment, "activity": "subscription_started", "period_number": 1, "happened_at": at(0, 4)},
        {**moment, "activity": "subscription_renewed", "period_number": 2, "happened_at": at(0, 5)},
        {**moment, "activity": "subscription_cancelled", "period_number": 0, "happened_at": at(9, 6)},
    ]
    facts = {"fact_payments": payments, "stg_billing_viewing_activity": viewing, "int_subscription_moments": moments}
    price = {"subscription_id": "S", "monthly_price": 5.0, "billing_period": None}
    assert shown(built(frames, **facts), "ts", "activity", "customer", "revenue_impact", "feature_json") == [
        (
            at(0, 1),
            "payment_made",
            "billing:U1",
            Decimal("9.99"),
            {"payment_id": "P1", "amount": 9.99, "is_refund": False},
        ),
        (
            at(0, 2),
            "payment_made",
            "billing:U1",
            Decimal("-9.99"),
            {"payment_id": "P2", "amount": -9.99, "is_refund": True},
        ),
        (at(0, 3), "watched", "billing:U1", None, {"hours_watched": 0.0}),
        (at(0, 4), "subscription_started", "billing:U1", None, price),
        (at(0, 5), "subscription_renewed", "billing:U1", None, {**price, "period_number": 2}),
        (at(9, 6), "subscription_cancelled", "billing:U1", None, {**price, "is_deleted": True}),
    ]


def test_the_shared_user_is_an_anonymous_customer_and_who_is_not_told_is_nobody(frames: Session):
    gifts = [
        gift("g1", "v", "s", at(8)),
        gift("g2", "shared", "s", at(9), is_anonymous=True),
        gift("g3", "", "s", at(10), is_anonymous=True),
    ]
    names = ("activity_id", "customer", "anonymous_customer_id", "person", "_rule", "_source_file")
    third = hashed("gift_sent", "livelogs", "g3")
    assert sorted(shown(built(frames, fact_gifts=gifts), *names), key=str) == sorted(
        [
            (
                hashed("gift_sent", "livelogs", "g1"),
                "livelogs:v",
                None,
                "livelogs:v",
                None,
                f"gift_sent/{hashed('gift_sent', 'livelogs', 'g1')}",
            ),
            (
                hashed("gift_sent", "livelogs", "g2"),
                None,
                "livelogs:shared",
                "livelogs:shared",
                None,
                f"gift_sent/{hashed('gift_sent', 'livelogs', 'g2')}",
            ),
            (third, None, None, None, "a deed has a customer or an anonymous customer", f"gift_sent/{third}"),
        ],
        key=str,
    )


def test_a_link_names_the_anonymous_who_keeps_the_anonymous_id(frames: Session):
    gifts = [gift("g1", "device", "s", at(8), is_anonymous=True), gift("g2", "named", "s", at(9))]
    links = [
        {**viewer(name, "livelogs"), "anonymous_id": name, "known_as": f"livelogs:{name}", "customer": "billing:U1"}
        for name in ("device", "named")
    ]
    found = shown(built(frames, fact_gifts=gifts, int_identities=links), "customer", "anonymous_customer_id", "person")
    assert found == [("billing:U1", "livelogs:device", "billing:U1"), ("billing:U1", None, "billing:U1")]


def test_no_facts_give_an_empty_frame_of_the_contract(frames: Session):
    none = built(frames)
    assert rows_of(none) == []
    assert [name.lower() for name in none.columns][: len(TABLE.column_names)] == list(TABLE.column_names)


def test_a_payment_that_names_nobody_is_quarantined_once_and_comes_in_when_it_is_corrected(warehouse: Session):
    def payment(user_id: str) -> dict[str, Any]:
        return {"payment_id": "P1", "user_id": user_id, "payment_date": "2023-01-31", "amount": "9.99"}

    load(warehouse, delivered("payments", minutes(0), payment("")))
    names = ["stg_billing_payments", "int_payments", "fact_payments", "int_viewer_events"]
    assert build_all(warehouse, names)["int_viewer_events"].rows_quarantined == 1
    assert build_all(warehouse, names[-1:], mode="full_refresh")["int_viewer_events"].rows_quarantined == 0
    (refused,) = read_table(warehouse, QUARANTINE).collect()
    assert (refused["TABLE_NAME"], refused["REASON"]) == ("int_viewer_events", "its source names nobody who did it")
    assert '"payment_id":"P1"' in refused["RECORD"]
    load(warehouse, delivered("payments", minutes(5), payment("U1")))
    build_all(warehouse, names)
    assert rows_of(read_table(warehouse, TABLE), "customer", "ts") == [("billing:U1", datetime(2023, 1, 31))]
