"""The public export of live logs beside the project: every row accounted for, every cell as plain Python has it."""

from __future__ import annotations

import csv
import math
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from snowflake.snowpark import Session

from tests.feeding import build_all, prepare, rows_of
from transforms.catalog import models
from transforms.engine.stored import read_table

SAMPLE = Path(__file__).parents[3] / "shared/data/livelogs/all_stream_info.csv"
READ_AT = datetime(2020, 6, 23)
ODDITIES = {
    "the log says what ended the stream": 97,
    "never more viewers at a time than different viewers": 145,
    "a stream costs no followers": 124,
    "a stream ends on the UTC day it began": 139,
    "the log tells group, contract or active viewers of the day": 3148,
}

pytestmark = pytest.mark.skipif(not SAMPLE.is_file(), reason="the public live logs are not beside the project")


def a_time(text: str) -> datetime | None:
    return datetime.fromisoformat(text.removesuffix(" UTC")) if text else None


def a_number(text: str) -> int | None:
    return int(text) if text else None


def a_float(text: str) -> float | None:
    return float(text) if text else None


def is_true(text: str) -> bool | None:
    return {"False": False, "0": False, "True": True, "1": True, "": None}[text]


def believed(line: dict[str, str]) -> dict[str, Any]:
    """The row of fact_live_streams that a line of the file must become."""
    began, peak_at, seconds = a_time(line["beginTime"]), a_time(line["maxLiveViewerTime"]), int(line["duration"])
    assert began is not None
    return {
        "stream_id": line["liveStreamID"],
        "platform": "livelogs",
        "streamer_id": line["userID"],
        "started_at": began,
        "ended_at": a_time(line["endTime"]),
        "duration_seconds": seconds,
        "duration_minutes": math.ceil(seconds / 60),
        "close_by": line["closeBy"] or "Other",
        "max_viewers": a_number(line["maxLiveViewerCount"]),
        "max_viewers_at": peak_at,
        "seconds_to_peak": round((peak_at - began).total_seconds(), 3) if peak_at else None,
        "is_private": is_true(line["privateLiveStream"]),
        "like_count": a_number(line["receivedLikeCount"]),
        "streamer_type": a_number(line["streamerType"]),
        "is_show": is_true(line["isShow"]),
        "culture_group": line["cultureGroup"] or None,
        "registered_at": a_time(line["registerTime"]),
        "register_country": line["registerCountry"] or None,
        "is_contracted": is_true(line["isContracted"]),
        "unique_viewers": a_number(line["uniqueViewerCount"]),
        "ios_viewers": a_number(line["ios"]),
        "android_viewers": a_number(line["android"]),
        "unique_viewers_5s": a_number(line["durationGTE5sec"]),
        "unique_viewers_2min": a_number(line["durationGTE2min"]),
        "unique_viewers_10min": a_number(line["durationGTE10min"]),
        "total_viewer_seconds": a_float(line["totalViewerDuration"]),
        "avg_viewer_seconds": a_float(line["avgViewerDuration"]),
        "avg_join_seconds": a_float(line["avgStreamJoinDuration"]),
        "comment_count": a_number(line["count"]),
        "follow_change": a_number(line["followIncreaseEstimated"]),
        "receive_points": a_number(line["receivePointEstimated"]),
        "daily_active_viewers": a_number(line["dau"]),
    }


@pytest.fixture(scope="module")
def lines() -> list[dict[str, str]]:
    with SAMPLE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def built(endpoint: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """A database that the file went through: delivered, loaded and built as a run does it."""
    from flows.files.deliveries import deliver
    from flows.files.locations import Place
    from flows.load.loader import load_pending
    from flows.settings import load_settings
    from flows.sources.livelogs.sheet import livelogs_files

    name = "LIVE_LOGS_SAMPLE"
    session = Session.builder.configs(endpoint.connection_parameters("ADMINISTRATION")).create()
    session.sql(f"CREATE DATABASE {name}").collect()
    session.close()
    session = Session.builder.configs(endpoint.connection_parameters(name)).create()
    prepare(session)
    session.sql(f"CREATE STAGE {name}.RAW.LANDING").collect()
    settings = load_settings(home=tmp_path_factory.mktemp("live_logs"), database=name)
    (report,) = deliver(session, settings, livelogs_files(), Place(str(SAMPLE)), READ_AT).files
    assert (report.status, report.rows, report.warnings) == ("landed", 3148, ())
    raw = [model.table for model in models().values() if "livelogs" in model.table.tags and model.build is None]
    load_pending(session, name, settings.landing_root, raw)
    build_all(session, ["stg_livelogs_streams", "fact_live_streams", "dim_streamers"])
    yield session
    session.sql(f"DROP DATABASE {name}").collect()
    session.close()


def found(session: Session, name: str, *columns: str) -> list[tuple[Any, ...]]:
    return rows_of(read_table(session, models()[name].table), *columns)


def test_every_row_of_the_file_is_staged_and_a_fact(built: Session, lines: list[dict[str, str]]):
    (account,) = rows_of(
        built.table("LIVE_LOGS_SAMPLE.OPS.RECONCILIATION"),
        *("raw_rows", "staged_rows", "quarantined_rows", "superseded_rows"),
    )
    assert account == (3148, 3148, 0, 0)
    assert len(found(built, "fact_live_streams", "stream_id")) == len(lines) == 3148
    assert len(found(built, "dim_streamers", "streamer_key")) == len({line["userID"] for line in lines}) == 1000


def test_every_cell_of_the_fact_is_what_plain_python_makes_of_the_file(built: Session, lines: list[dict[str, str]]):
    rows = [believed(line) for line in lines]
    facts = {row[0]: row for row in found(built, "fact_live_streams", *rows[0])}
    assert set(rows[0]) | {"streamer_key"} == set(models()["fact_live_streams"].table.column_names)
    wrong = [(row, facts.get(row["stream_id"])) for row in rows if facts.get(row["stream_id"]) != tuple(row.values())]
    assert not wrong, f"{len(wrong)} of {len(rows)} rows differ, first {wrong[0]}"


def test_streams_per_utc_day(built: Session, lines: list[dict[str, str]]):
    per_day = Counter(row[0].date() for row in found(built, "fact_live_streams", "started_at"))
    assert per_day == Counter(datetime.fromisoformat(line["beginTime"][:10]).date() for line in lines)
    assert (min(per_day), max(per_day)) == (datetime(2020, 6, 15).date(), datetime(2020, 6, 22).date())


def test_what_the_logs_are_known_to_do_is_counted_and_nothing_else_is_odd(built: Session):
    from expectations.checks.tables import validate_tables

    names = ["stg_livelogs_streams", "fact_live_streams"]
    results = validate_tables(built.connection, names, run_id="sample", batches=None, docs_root=None)
    odd = {
        result.rule: int(result.observed.split(" of ")[0].replace(",", "")) for result in results if not result.success
    }
    assert odd == ODDITIES
