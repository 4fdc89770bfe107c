"""Logged streams: the spelling of a sheet becomes types, and what does not fit is named."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from snowflake.snowpark import Session

from tests.feeding import build_all, load, read_from_sheet, rows_of, written
from tests.unit.livelogs import BEGAN, READ_AT, STREAM
from transforms.engine.stored import read_table
from transforms.formulas.keys import hash_key
from transforms.ops import QUARANTINE
from transforms.staging.stg_livelogs_streams import TABLE

NAMES = [column.name for column in TABLE.columns if column.name not in ("streamer_key", "filled_fields")]
REGISTERED = datetime(2020, 3, 20, 22, 59, 37)
AUDIENCE = (20, 12, 6, 15, 5, 2, 9000.0, 450.5, 99.25, 33, -3, 70, None)
PROFILE = (None, REGISTERED, "United States", None)


def test_text_of_an_export_and_values_of_a_sheet_give_the_same_row(warehouse: Session):
    typed = {**STREAM, "liveStreamID": 2, "duration": 1830, "isShow": False, "avgViewerDuration": 450.5, "dau": None}
    load(warehouse, read_from_sheet("streams", READ_AT, STREAM, typed))
    assert written(build_all(warehouse, [TABLE.name])[TABLE.name]) == (2, 0, 0)
    peak_at = datetime(2023, 9, 24, 12, 10, 0, 250_000)
    assert rows_of(read_table(warehouse, TABLE), *NAMES) == [
        (stream, READ_AT, "livelogs", "ann", BEGAN, BEGAN + timedelta(seconds=1830), 1830, "normalEnd", 8, peak_at)
        + (False, 40, 0, False, *PROFILE, *AUDIENCE)
        for stream in ("1", "2")
    ]
    keys = read_table(warehouse, TABLE).select("streamer_key", hash_key("platform", "streamer_id").alias("key_again"))
    assert all(row[0] == row[1] for row in keys.collect())


def test_times_have_up_to_three_decimals_and_may_be_missing_where_nobody_watched(warehouse: Session):
    spelled = ("2023-09-24 12:00:01 UTC", "2023-09-24 12:00:01.5 UTC", "2023-09-24 12:00:01.502 UTC", "")
    records = [{**STREAM, "liveStreamID": str(n), "maxLiveViewerTime": text} for n, text in enumerate(spelled)]
    load(warehouse, read_from_sheet("streams", READ_AT, *records))
    build_all(warehouse, [TABLE.name])
    second = datetime(2023, 9, 24, 12, 0, 1)
    assert rows_of(read_table(warehouse, TABLE), "stream_id", "max_viewers_at") == [
        ("0", second),
        ("1", second.replace(microsecond=500_000)),
        ("2", second.replace(microsecond=502_000)),
        ("3", None),
    ]


def test_what_a_log_does_not_say_is_null_and_an_unknown_code_is_kept(warehouse: Session):
    load(warehouse, read_from_sheet("streams", READ_AT, {**STREAM, "closeBy": "", "endTime": "", "streamerType": "7"}))
    build_all(warehouse, [TABLE.name])
    assert rows_of(read_table(warehouse, TABLE), "close_by", "ended_at", "streamer_type") == [(None, None, 7)]


@pytest.mark.parametrize("name", ["liveStreamID", "userID", "beginTime"])
def test_a_stream_without_what_names_it_goes_to_the_quarantine(warehouse: Session, name: str):
    load(warehouse, read_from_sheet("streams", READ_AT, STREAM, {**STREAM, name: ""}))
    build_all(warehouse, [TABLE.name])
    (refused,) = rows_of(read_table(warehouse, QUARANTINE), "reason")
    assert refused[0].startswith(f"{name} is missing")


def test_a_formula_error_is_refused_in_any_column(warehouse: Session):
    broken = {**STREAM, "registerCountry": {"formula_error": "#REF!"}}
    load(warehouse, read_from_sheet("streams", READ_AT, broken, {**STREAM, "duration": "soon"}))
    build_all(warehouse, [TABLE.name])
    assert rows_of(read_table(warehouse, QUARANTINE), "rule", "reason") == [
        ("duration_seconds_type", "duration is text (soon); expected a whole number"),
        ("register_country_type", 'registerCountry is an object ({"formula_error":"#REF!"}); expected text'),
    ]
