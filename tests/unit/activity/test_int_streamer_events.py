"""What streamers did, event by event: every activity of the package streamer."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from snowflake.snowpark import DataFrame, Session

from tests.feeding import rows_of
from tests.properties.activity_world import hashed
from tests.unit.activity.facts import Row, at, frame, gift, live_stream, session_of, shown, streamer
from transforms.activity.int_streamer_events import TABLE, build
from transforms.catalog import models

INPUTS = models()["int_streamer_events"].inputs


def built(session: Session, point_value: Decimal | None = None, spaces: Any = (), **rows: list[Row]) -> DataFrame:
    """int_streamer_events of those rows of its inputs."""
    inputs = {name: frame(session, name, *rows.get(name, [])) for name in INPUTS}
    return build(**inputs, gap_cap_seconds=2700, point_value=point_value, shared_id_spaces=spaces)


def test_broadcasts_of_both_platforms_begin_and_end(frames: Session):
    logged = live_stream("L", "s", at(8), at(9), max_viewers=5, unique_viewers=9, follow_change=-3, is_show=True)
    logged |= {"streamer_type": 1, "total_viewer_seconds": 1800.0, "like_count": 4, "comment_count": 2}
    running = live_stream("L2", "s", at(10), None)
    polled = session_of("T", "t", at(8), at(9.5))
    ends = {**streamer("t", "twitch"), "stream_id": "T", "started_at": at(8), "ended_at": at(9.5), "peak_viewers": 7}
    frame_built = built(
        frames,
        fact_live_streams=[logged, running],
        fact_stream_sessions=[polled],
        int_stream_ends=[ends | {"hours_watched": 1.5}],
        dim_streamers=[{**streamer("t", "twitch"), "streamer_login": "tee"}, streamer("s")],
    )
    found = [
        row for row in shown(frame_built, "ts", "activity", "customer", "link", "feature_json") if row[1] != "went_live"
    ]
    twitch = "https://www.twitch.tv/tee"
    kind = {"streamer_type": None, "is_private": None, "is_show": None, "culture_group": None}
    unknown = dict.fromkeys(
        ("unique_viewers", "like_count", "comment_count", "follow_change", "receive_points", "close_by")
    )
    result = {"stream_id": "T", "duration_seconds": 5400, "max_viewers": 7, "hours_watched": 1.5, **unknown}
    expected = [
        (
            at(8),
            "stream_started",
            "livelogs:s",
            None,
            {**kind, "stream_id": "L", "streamer_type": "1", "is_show": True},
        ),
        (at(8), "stream_started", "twitch:t", twitch, {**kind, "stream_id": "T"}),
        (at(9), "stream_ended", "livelogs:s", None)
        + (
            {
                **{"stream_id": "L", "duration_seconds": 3600, "max_viewers": 5, "unique_viewers": 9},
                **{"hours_watched": 0.5, "like_count": 4, "comment_count": 2, "follow_change": -3},
                **{"receive_points": None, "close_by": "Other"},
            },
        ),
        (at(9.5), "stream_ended", "twitch:t", twitch, result),
        (at(10), "stream_started", "livelogs:s", None, {**kind, "stream_id": "L2"}),
    ]
    assert sorted(found, key=str) == sorted(expected, key=str)


def test_a_restart_is_a_stream_but_the_streamer_did_not_go_live_again(frames: Session):
    rows = [
        session_of("1", "t", at(8), at(9)),
        session_of("2 restarted", "t", at(9.75), at(10)),
        session_of("3 after the cap", "t", at(11), at(20)),
        session_of("4 meanwhile", "t", at(12), at(13)),
        session_of("5 after the longest", "t", at(20.5), at(21)),
        session_of("6 not dated", "t", None, at(23), first_seen_at=at(22)),  # type: ignore[arg-type]
    ]
    live = [
        row
        for row in shown(built(frames, fact_stream_sessions=rows), "ts", "feature_json", "activity")
        if row[2] == "went_live"
    ]
    assert [row[:2] for row in live] == [
        (at(8), {"stream_id": "1", "offline_seconds": None}),
        (at(11), {"stream_id": "3 after the cap", "offline_seconds": 3600}),
        (at(22), {"stream_id": "6 not dated", "offline_seconds": 3600}),
    ]


def test_two_gifts_in_one_second_are_two_rows_and_a_point_is_money_only_if_a_setting_says_so(frames: Session):
    gifts = [gift("g1", "v", "s", at(8)), gift("g2", "v", "s", at(8), is_cancelled=True, gift_name="Rose")]
    assert [row[0] for row in shown(built(frames, fact_gifts=gifts), "revenue_impact")] == [None, None]
    valued = built(frames, Decimal("0.015"), fact_gifts=gifts)
    found = sorted(shown(valued, "activity_id", "ts", "revenue_impact", "feature_json"), key=lambda row: row[2])
    told = {
        "user_id": "v",
        "gift_id": "rose",
        "points": 10,
        "is_anonymous": False,
        "transaction_type": None,
        "stream_id": None,
    }
    assert found == [
        (hashed("gift_received", "livelogs", "g2"), at(8), Decimal("-0.15"))
        + ({**told, "gift_transaction_id": "g2", "gift_name": "Rose", "is_cancelled": True},),
        (hashed("gift_received", "livelogs", "g1"), at(8), Decimal("0.15"))
        + ({**told, "gift_transaction_id": "g1", "gift_name": None, "is_cancelled": False},),
    ]


def test_a_change_of_title_or_category_is_an_event_also_from_and_to_nothing(frames: Session):
    def version(day: int, title: str | None, game_id: str, name: str | None) -> Row:
        times = {"valid_from": at(8, day), "version_key": f"v{day}", "stream_id": f"T{day}"}
        return {**streamer("t", "twitch"), **times, "title": title, "game_id": game_id, "game_name": name}

    versions = [
        version(1, None, "g", "Go"),
        version(2, "a", "g", "Go!"),
        version(3, "a", "", None),
        version(4, None, "", None),
    ]
    assert shown(built(frames, channel_history=versions), "ts", "activity", "feature_json") == [
        (at(8, 2), "changed_title", {"stream_id": "T2", "from_title": None, "to_title": "a"}),
        (at(8, 3), "changed_category")
        + (
            {
                **{"stream_id": "T3", "from_game_id": "g", "from_game_name": "Go!"},
                **{"to_game_id": "", "to_game_name": None},
            },
        ),
        (at(8, 4), "changed_title", {"stream_id": "T4", "from_title": "a", "to_title": None}),
    ]


def test_a_link_and_a_shared_id_space_say_who_it_is(frames: Session):
    rows = [live_stream("L1", "linked", at(8), None), live_stream("L2", "other", at(9), None)]
    linked = {**streamer("linked"), "anonymous_id": "linked", "known_as": "crm:linked", "customer": "twitch:t"}
    frame_built = built(
        frames,
        spaces=(("crm", "livelogs"),),
        fact_live_streams=rows,
        int_identities=[{**linked, "user_key": linked["streamer_key"]}],
    )
    found = set(shown(frame_built, "customer", "anonymous_customer_id", "person", "platform", "streamer_id"))
    assert found == {
        ("twitch:t", None, "twitch:t", "livelogs", "linked"),
        ("crm:other", None, "crm:other", "livelogs", "other"),
    }


def test_no_facts_give_an_empty_frame_of_the_contract(frames: Session):
    none = built(frames)
    assert rows_of(none) == []
    assert [name.lower() for name in none.columns][: len(TABLE.column_names)] == list(TABLE.column_names)


def test_an_event_without_a_time_is_refused_by_name(frames: Session):
    row = live_stream("L", "s", at(8), None) | {"started_at": None}
    found = set(shown(built(frames, fact_live_streams=[row]), "activity", "_rule", "_reason"))
    told = ("ts is never NULL", "the event has no time")
    assert found == {("stream_started", *told), ("went_live", *told)}
