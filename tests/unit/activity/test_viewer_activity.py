"""viewer_activity: what the events of viewers amount to, and their numbers."""

from __future__ import annotations

from typing import Any

from snowflake.snowpark import Session

from tests.feeding import rows_of
from tests.unit.activity.facts import Row, at, event, frame, shown
from transforms.activity.definitions.activity import Thresholds
from transforms.activity.viewer_activity import TABLE, build


def given(number: str, hour: int, streamer_id: str = "s", person: str = "livelogs:v", **changes: Any) -> Row:
    told = {"is_cancelled": False, "is_anonymous": False, "streamer_id": streamer_id, "gift_transaction_id": number}
    return event("gift_sent", person, number, at(hour), **(told | changes))


def amounts(session: Session, *events: Row) -> list[tuple[Any, ...]]:
    """The lifecycle rows: (ts, activity, customer, features)."""
    built = build(frame(session, "int_viewer_events", *events), thresholds=Thresholds(super_fan_gifts=2))
    return [row for row in shown(built, "ts", "activity", "customer", "feature_json") if row[1] != "gift_sent"]


def test_a_gift_giver_gave_and_a_super_fan_gave_one_streamer_again(frames: Session):
    rows = [
        given("1", 7, is_cancelled=True),
        given("2", 8),
        given("3", 9, "other"),
        given("4", 10, "other"),
        given("5", 11),
        given("6", 7, person="livelogs:once"),
    ]
    found = amounts(frames, *rows)
    assert sorted(found) == [
        (at(7), "gift_giver", "livelogs:once", {"streamer_id": "s", "gift_transaction_id": "6"}),
        (at(8), "gift_giver", "livelogs:v", {"streamer_id": "s", "gift_transaction_id": "2"}),
        (at(10), "super_fan", "livelogs:v", {"streamer_id": "other", "gift_count": 2}),
    ]


def test_the_shared_anonymous_user_is_never_a_fan_also_when_a_link_names_somebody(frames: Session):
    shared = [given(f"{n}", 8, is_anonymous=True) | {"customer": None, "person": "livelogs:shared"} for n in range(3)]
    linked = [given(f"l{n}", 8, person="billing:U1", is_anonymous=True) for n in range(3)]
    assert amounts(frames, *shared, *linked) == []


def test_anonymous_deeds_are_numbered_under_their_anonymous_customer(frames: Session):
    who = {"customer": None, "anonymous_customer_id": "livelogs:shared", "person": "livelogs:shared"}
    rows = [given("1", 9, is_anonymous=True) | who, given("2", 8, is_anonymous=True) | who, given("3", 8)]
    built = build(frame(frames, "int_viewer_events", *rows), thresholds=Thresholds())
    names = ("activity_id", "customer", "activity_occurrence", "activity_repeated_at", "activity")
    assert [row[:4] for row in shown(built, *names) if row[4] == "gift_sent"] == [
        ("2", None, 1, at(9)),
        ("3", "livelogs:v", 1, None),
        ("1", None, 2, None),
    ]


def test_no_deeds_give_an_empty_frame_of_the_contract(frames: Session):
    built = build(frame(frames, "int_viewer_events"), thresholds=Thresholds())
    assert rows_of(built) == []
    assert [name.lower() for name in built.columns] == list(TABLE.column_names)
