"""Streams in staging: types, repeats, ties, late files and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from snowflake.snowpark import Session
from snowflake.snowpark.functions import col

from tests.feeding import T0, LandingFile, build_all, load, minutes, rows_of, stream, written
from transforms.engine.stored import read_table
from transforms.formulas.keys import hash_key
from transforms.ops import QUARANTINE
from transforms.staging.stg_twitch_streams import TABLE

NAME = TABLE.name


def kept(session: Session, *names: str) -> list[tuple[object, ...]]:
    return rows_of(read_table(session, TABLE), *(names or ("stream_id", "snapshot_at", "viewer_count", "title")))


def refused(session: Session) -> list[tuple[object, ...]]:
    return rows_of(read_table(session, QUARANTINE), "rule", "reason")


def test_a_record_becomes_one_typed_row(warehouse: Session):
    load(warehouse, LandingFile("streams", T0, (stream("1", 12, tags=["a", "b"]),), name="f1"))
    build_all(warehouse, [NAME])
    (row,) = read_table(warehouse, TABLE).select("*", hash_key("platform", "streamer_id").alias("key_again")).collect()
    found = {key.lower(): value for key, value in row.as_dict().items()}
    assert found.pop("_build_id") is not None
    assert json.loads(found.pop("tags")) == ["a", "b"]
    assert found.pop("key_again") == found.pop("streamer_key")
    assert found.pop("_load_id") == LandingFile("streams", T0, (), name="f1").load_id
    assert found == {
        "stream_id": "1",
        "snapshot_at": T0,
        "platform": "twitch",
        "streamer_id": "u1",
        "streamer_login": "login_1",
        "streamer_name": "Name 1",
        "game_id": "g1",
        "game_name": "Chess",
        "stream_type": "live",
        "title": "hello",
        "viewer_count": 12,
        "started_at": T0.replace(hour=16),
        "language": "en",
        "thumbnail_url": "https://example.com/{width}x{height}.jpg",
        "is_mature": False,
        "_source_file": "f1",
        "_source_row": 1,
    }


def test_no_loads_leave_an_empty_table_of_the_declared_types(warehouse: Session):
    results = build_all(warehouse, [NAME])
    assert written(results[NAME]) == (0, 0, 0)
    assert kept(warehouse) == []
    assert [field.name.lower() for field in read_table(warehouse, TABLE).schema.fields] == [
        column.name for column in TABLE.stored_columns
    ]


def test_csv_text_gives_the_row_that_json_gives(warehouse: Session):
    text = stream("2", "12", is_mature="False", tags="['a', 'b']", started_at="2023-09-24T18:00:00+02:00")
    load(warehouse, LandingFile("streams", T0, (text,)))
    build_all(warehouse, [NAME])
    (row,) = read_table(warehouse, TABLE).select("viewer_count", "is_mature", "tags", "started_at").collect()
    assert (row[0], row[1], json.loads(row[2]), row[3]) == (12, False, ["a", "b"], T0.replace(hour=16))


def test_optional_fields_may_be_absent_or_empty(warehouse: Session):
    sparse = {"id": "1", "user_id": "u", "game_id": "", "viewer_count": 0, "language": "", "unknown": {"new": 1}}
    load(warehouse, LandingFile("streams", T0, (sparse,)))
    build_all(warehouse, [NAME])
    names = ("game_id", "language", "title", "started_at", "tags", "is_mature")
    assert kept(warehouse, *names) == [("", None, None, None, None, None)]


def test_the_highest_viewer_count_of_a_snapshot_wins_in_a_batch_and_across_batches(warehouse: Session):
    load(warehouse, LandingFile("streams", T0, (stream("1", 5, title="low"), stream("1", 9, title="high"))))
    assert written(build_all(warehouse, [NAME])[NAME]) == (1, 0, 0)
    load(warehouse, LandingFile("streams", T0, (stream("1", 7, title="late and lower"),)))
    assert written(build_all(warehouse, [NAME])[NAME]) == (0, 0, 0)
    assert kept(warehouse) == [("1", T0, 9, "high")]
    load(warehouse, LandingFile("streams", T0, (stream("1", 10, title="late and higher"),)))
    assert written(build_all(warehouse, [NAME])[NAME]) == (0, 1, 0)
    assert kept(warehouse) == [("1", T0, 10, "late and higher")]


def test_a_tie_is_decided_by_file_and_row_not_by_arrival(warehouse: Session):
    load(warehouse, LandingFile("streams", T0, (stream("1", 5, title="b"),), name="b"))
    build_all(warehouse, [NAME])
    load(warehouse, LandingFile("streams", T0, (stream("1", 5, title="a"), stream("1", 5, title="a2")), name="a"))
    build_all(warehouse, [NAME])
    assert kept(warehouse) == [("1", T0, 5, "b")]
    load(warehouse, LandingFile("streams", T0, (stream("1", 5, title="b"), stream("1", 5, title="c2")), name="c"))
    build_all(warehouse, [NAME])
    assert kept(warehouse, "title", "_source_file", "_source_row") == [("c2", "c", 2)]


def test_each_kind_of_broken_record_is_quarantined_with_its_reason(warehouse: Session):
    broken = (
        stream("1", [98688, 999, 342, 234]),
        stream("2", "many"),
        stream("3", -1),
        stream("4", 1, user_id=None),
        stream("5", 1, started_at="yesterday"),
        ["no", "object"],
    )
    load(warehouse, LandingFile("streams", T0, (*broken, stream("7", 1, title={"a": 1}), stream("8", 1)), name="f"))
    result = build_all(warehouse, [NAME])[NAME]
    assert (written(result), result.rows_quarantined) == ((1, 0, 0), 7)
    assert refused(warehouse) == [
        ("record_type", 'the record is ["no","object"]; expected an object'),
        ("started_at_type", "started_at is text (yesterday); expected a UTC time"),
        ("streamer_id_missing", "user_id is missing; it is required as streamer_id"),
        ("title_type", 'title is an object ({"a":1}); expected text'),
        ("viewer_count_below_minimum", "viewer_count is -1; expected at least 0"),
        ("viewer_count_type", "viewer_count is a list ([98688,999,342,234]); expected a whole number"),
        ("viewer_count_type", "viewer_count is text (many); expected a whole number"),
    ]
    (row,) = read_table(warehouse, QUARANTINE).filter(col("source_row") == 1).collect()
    assert json.loads(row["RECORD"])["viewer_count"] == [98688, 999, 342, 234]
    assert (row["TABLE_NAME"], row["SOURCE_FILE"]) == (NAME, "f")


def test_a_rerun_writes_nothing_and_is_skipped(warehouse: Session):
    load(warehouse, LandingFile("streams", T0, (stream("1", 5), stream("2", "x"))))
    build_all(warehouse, [NAME])
    again = build_all(warehouse, [NAME])[NAME]
    refreshed = build_all(warehouse, [NAME], mode="full_refresh")[NAME]
    assert (again.skipped, written(refreshed)) == (True, (0, 0, 0))
    assert (refreshed.rows_quarantined, refreshed.rows_superseded) == (0, 0)
    assert len(refused(warehouse)) == 1


def test_a_backfill_takes_its_half_open_range_and_leaves_the_rest_to_the_regular_run(warehouse: Session):
    files = [LandingFile("streams", minutes(m), (stream("1", m),)) for m in (0, 15, 30)]
    load(warehouse, *files)
    backfilled = build_all(warehouse, [NAME], mode="backfill", window=(minutes(0), minutes(30)))[NAME]
    assert (written(backfilled), len(kept(warehouse))) == ((2, 0, 0), 2)
    assert written(build_all(warehouse, [NAME])[NAME]) == (1, 0, 0)
    assert build_all(warehouse, [NAME])[NAME].skipped


def test_ids_that_a_spreadsheet_has_touched_are_refused_with_that_reason(warehouse: Session):
    touched = ("4.03E+10", "945.0", '="EX1"', "5.")
    usual = ("945", "4E10", "EX1", "1.5.0", "a=b")
    streams = [stream(text, 1) for text in (*touched, *usual)]
    load(warehouse, LandingFile("streams", T0, (*streams, stream("s", 1, user_id="1.23E+08"))))
    build_all(warehouse, [TABLE.name])
    assert kept(warehouse, "stream_id") == sorted((text,) for text in usual)
    told = "; a spreadsheet has changed this id: export the column as text"
    assert refused(warehouse) == sorted(
        [("stream_id_by_spreadsheet", f"id is {text}{told}") for text in touched]
        + [("streamer_id_by_spreadsheet", f"user_id is 1.23E+08{told}")]
    )


@pytest.mark.parametrize(
    ("given", "tags"),
    [
        ('["English", "a \\"b\\" \\u00e4", "it\'s"]', ["English", 'a "b" \u00e4', "it's"]),
        ("['English', 'Deutsch']", ["English", "Deutsch"]),
        ("[]", []),
        ('[""]', [""]),
        ('["open]', '["open]'),
        ('["a", 1]', '["a", 1]'),
        (["kept"], ["kept"]),
    ],
)
def test_tags_that_a_csv_spells_become_a_list(warehouse: Session, given: Any, tags: Any):
    load(warehouse, LandingFile("streams", T0, (stream("s", 1, tags=given),)))
    build_all(warehouse, [TABLE.name])
    assert json.loads(str(kept(warehouse, "tags")[0][0])) == tags
