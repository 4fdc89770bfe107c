"""Gifts in the streams that they were given in."""

from __future__ import annotations

from snowflake.snowpark import DataFrame, Session

from tests.feeding import build_all, frame_of, load, minutes, read_from_sheet, rows_of, written
from tests.unit.livelogs import GIFT, STREAM, after, gift, logged
from transforms.engine.stored import read_table
from transforms.marts.fact_gifts import TABLE, build
from transforms.marts.fact_live_streams import TABLE as STREAMS
from transforms.marts.int_named_gifts import TABLE as GIFTS


def built_from(session: Session, gifts: list[dict], streams: list[dict]) -> DataFrame:
    given = [{"gift_name": "Rose", **row} for row in gifts]
    return build(frame_of(session, GIFTS, given), frame_of(session, STREAMS, streams), anonymous_user_ids=("secret",))


def test_a_gift_has_its_stream_and_the_points_that_count_for_it(frames: Session):
    given = [
        gift("in", record_points=10, trade_id="t", migration="m"),
        gift("late", gifted_at=after(31)),
        gift("taken back", is_cancelled=True, user_id="secret"),
    ]
    of_ann, what = ("livelogs", "kann", "ann", "kbob"), ("gift", "rose", "Rose", 10)
    assert rows_of(built_from(frames, given, [logged("s")])) == [
        ("in", *of_ann, "bob", after(10), *what, False, False, "s", 10, "m", "r1", 10, "t"),
        ("late", *of_ann, "bob", after(31), *what, False, False, None, 0, None, "r1", None, None),
        ("taken back", *of_ann, "secret", after(10), *what, True, True, "s", 0, None, "r1", None, None),
    ]


def test_both_ends_belong_to_a_stream_and_the_later_of_two_holds_the_gift(frames: Session):
    streams = [
        *(logged("early"), logged("later", started_at=after(20), ended_at=after(50))),
        *(logged("also later", started_at=after(20), ended_at=after(25)), logged("open", ended_at=None)),
        logged("another's", streamer_key="kcat", streamer_id="cat"),
    ]
    times = {"begin": 0, "between": 19, "tie": 22, "end": 50, "before": -1, "after": 51}
    given = [gift(name, gifted_at=after(at)) for name, at in times.items()]
    assert rows_of(built_from(frames, given, streams), "gift_transaction_id", "stream_id") == [
        ("after", None),
        ("before", None),
        ("begin", "early"),
        ("between", "early"),
        ("end", "later"),
        ("tie", "later"),
    ]


def test_a_gift_of_nobody_is_anonymous(frames: Session):
    given = [gift("a", user_id=""), gift("b", user_id="secret"), gift("c")]
    assert rows_of(built_from(frames, given, []), "user_id", "is_anonymous") == [
        *(("", True), ("bob", False), ("secret", True))
    ]


def test_nothing_given_is_an_empty_frame_of_the_contract(frames: Session):
    built = built_from(frames, [], [logged("s")])
    assert rows_of(built) == []
    assert [name.lower() for name in built.columns] == list(TABLE.column_names)


def test_a_stream_that_is_logged_later_takes_its_gifts(warehouse: Session):
    load(warehouse, read_from_sheet("gifts", minutes(0), GIFT))
    build_all(warehouse, ["+fact_gifts"])
    assert rows_of(read_table(warehouse, TABLE), "stream_id", "points_in_stream") == [(None, 0)]
    load(warehouse, read_from_sheet("streams", minutes(15), STREAM))
    assert written(build_all(warehouse, ["+fact_gifts"])["fact_gifts"]) == (0, 1, 0)
    assert rows_of(read_table(warehouse, TABLE), "stream_id", "points_in_stream") == [("1", 10)]
