"""Active periods: what counts as an act, whose it is, and the customer's periods around it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from snowflake.snowpark import DataFrame, Session

from tests.feeding import frame_of, rows_of
from tests.unit.marts.growing import did, september
from transforms.activity.definitions.registry import list_known_activities
from transforms.activity.streamer_activity import TABLE as STREAMERS
from transforms.activity.viewer_activity import TABLE as VIEWERS
from transforms.marts.int_customer_periods import NO_ACTS_OF_VIEWERS, TABLE, build

LATER = september(99)
Activities = list[dict[str, Any]]


def periods(session: Session, streamers: Activities, viewers: Activities, today: date = LATER) -> DataFrame:
    return build(frame_of(session, STREAMERS, streamers), frame_of(session, VIEWERS, viewers), today=today)


def test_a_streamers_days_weeks_and_months_know_the_ones_around_them(frames: Session):
    days = [september(day) for day in (29, 29, 30, 35)]
    built = periods(frames, [did("twitch:1", "stream_started", day) for day in days], [])
    september_1, october_1 = september(1), september(31)
    monday, next_monday = september(25), september(32)
    assert rows_of(built) == [
        ("streamer", "twitch:1", "day", september(29), september(29), None, september(30), 2, 2),
        ("streamer", "twitch:1", "day", september(30), september(29), september(29), september(35), 1, 1),
        ("streamer", "twitch:1", "day", september(35), september(29), september(30), None, 1, 1),
        ("streamer", "twitch:1", "month", september_1, september_1, None, october_1, 3, 3),
        ("streamer", "twitch:1", "month", october_1, september_1, september_1, None, 1, 1),
        ("streamer", "twitch:1", "week", monday, monday, None, next_monday, 3, 3),
        ("streamer", "twitch:1", "week", next_monday, monday, monday, None, 1, 1),
    ]


def test_it_is_decided_of_every_viewers_activity_whether_it_is_an_act():
    of_viewers = {name for name, activity in list_known_activities().items() if activity.stream == VIEWERS.name}
    acts = {"gift_sent", "payment_made", "subscription_started", "watched"}
    assert of_viewers == acts | set(NO_ACTS_OF_VIEWERS), "an activity that is not listed as no act makes viewers active"


def test_only_acts_count(frames: Session):
    streamers = [did("twitch:1", name, september(4)) for name in ("stream_ended", "gift_received", "popular_streamer")]
    viewers = [
        did("billing:payer", "payment_made", september(4), revenue_impact=Decimal(5)),
        did("billing:refunded", "payment_made", september(4), revenue_impact=Decimal(-5)),
        did("billing:renewed", "subscription_renewed", september(4)),
        did("billing:left", "subscription_cancelled", september(4)),
        did("livelogs:fan", "gift_giver", september(4)),
        did("livelogs:fan", "super_fan", september(4)),
        did("livelogs:giver", "gift_sent", september(4), revenue_impact=Decimal(-1)),
        did("amplitude:3", "opened the app", september(4)),
    ]
    active = rows_of(periods(frames, streamers, viewers), "customer_kind", "person", "period", "stream_count")
    assert [row for row in active if row[2] == "day"] == [
        ("viewer", "amplitude:3", "day", None),
        ("viewer", "billing:payer", "day", None),
        ("viewer", "livelogs:giver", "day", None),
    ]


def test_one_id_is_two_customers_as_streamer_and_as_viewer_and_the_anonymous_count_under_their_id(frames: Session):
    viewers = [
        did("twitch:1", "watched", september(5)),
        did(None, "gift_sent", september(4), anonymous_customer_id="livelogs:nobody"),
        did("livelogs:2", "gift_sent", september(4), anonymous_customer_id="livelogs:nobody"),
    ]
    built = periods(frames, [did("twitch:1", "stream_started", september(4))], viewers)
    found = [row for row in rows_of(built, *TABLE.column_names[:6], "activity_count") if row[2] == "day"]
    assert found == [
        ("streamer", "twitch:1", "day", september(4), september(4), None, 1),
        ("viewer", "livelogs:2", "day", september(4), september(4), None, 1),
        ("viewer", "livelogs:nobody", "day", september(4), september(4), None, 1),
        ("viewer", "twitch:1", "day", september(5), september(5), None, 1),
    ]


def test_what_is_dated_after_today_has_not_been_done_yet(frames: Session):
    days = [september(day) for day in (26, 27, 28)]
    built = periods(frames, [did("twitch:1", "stream_started", day) for day in days], [], today=september(27))
    assert rows_of(built, *TABLE.column_names[2:8]) == [
        ("day", september(26), september(26), None, september(27), 1),
        ("day", september(27), september(26), september(26), None, 1),
        ("month", september(1), september(1), None, None, 2),
        ("week", september(25), september(25), None, None, 2),
    ]


def test_nobody_active_is_an_empty_frame_of_the_contract(frames: Session):
    built = periods(frames, [], [])
    assert rows_of(built) == []
    assert [name.lower() for name in built.columns] == list(TABLE.column_names)
