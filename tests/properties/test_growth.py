"""Growth and retention of many customers, whose activities arrive late, are corrected and change hands."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
from snowflake.snowpark import Session

from flows.files.convert import deliver_files
from flows.files.known_files import Known
from flows.files.locations import Place
from flows.load.loader import load_pending
from flows.sources.livelogs.sheet import livelogs_files
from tests.feeding import build_all, content, written
from tests.properties import growth_believed as believed
from tests.properties.conftest import emptied
from tests.properties.growth_feeding import feed
from tests.properties.promises import EXAMPLES
from transforms.catalog import find_raw_table, models
from transforms.engine.stored import read_table

BUILT = ("int_customer_periods", "mart_growth_accounting", "mart_retention_cohorts")
LOGS = Path(__file__).parents[3] / "shared/data/livelogs/all_stream_info.csv"
DELIVERED_AT = datetime(2020, 6, 23, tzinfo=UTC)
WAY_OF_THE_LOGS = (
    *("stg_livelogs_streams", "fact_live_streams", "int_streamer_events", "int_streamers_at_risk"),
    *("streamer_activity", *BUILT),
)
FIRST_DAY, DAYS, CUSTOMERS, RUNS = date(2023, 8, 7), 100, 60, 4
TODAY = FIRST_DAY + timedelta(days=DAYS - 10)
STREAMERS = ("stream_started", "stream_started", "stream_ended", "gift_received")
VIEWERS = ("gift_sent", "watched", "payment_made", "subscription_renewed", "subscription_cancelled", "gift_giver")
Activities = dict[str, dict[str, dict[str, Any]]]


def arrivals(dice: Random) -> Iterator[Activities]:
    """The streams after each run: rows come in any order of time, some leave, and some are found to be another's."""
    streams: Activities = {"streamer_activity": {}, "viewer_activity": {}}
    for run in range(RUNS):
        for name, activities in (("streamer_activity", STREAMERS), ("viewer_activity", VIEWERS)):
            rows = streams[name]
            for activity_id in dice.sample(sorted(rows), len(rows) // 20):
                del rows[activity_id]
            for activity_id in dice.sample(sorted(rows), len(rows) // 20):
                rows[activity_id] = _of(rows[activity_id], f"twitch:{dice.randrange(CUSTOMERS)}")
            for number in range(200):
                row = _activity(dice, f"{run}/{number}", dice.choice(activities))
                rows[row["activity_id"]] = row
        yield streams


def _activity(dice: Random, activity_id: str, activity: str) -> dict[str, Any]:
    day = FIRST_DAY + timedelta(days=min(dice.randrange(DAYS), dice.randrange(DAYS)))
    row = {
        "activity_id": activity_id,
        "ts": datetime(day.year, day.month, day.day) + timedelta(milliseconds=dice.choice([0, 1, 86_399_999])),
        "activity": activity,
        "revenue_impact": Decimal(dice.choice(["-5", "0", "9.99"])) if activity == "payment_made" else None,
        "activity_occurrence": 1,
    }
    who = min(dice.randrange(CUSTOMERS), dice.randrange(CUSTOMERS))
    return _of(row, f"twitch:{who}") if dice.random() < 0.8 else {**row, **_anonymous(f"device {who}")}


def _of(row: dict[str, Any], customer: str) -> dict[str, Any]:
    return {**row, "customer": customer, "person": customer}


def _anonymous(device: str) -> dict[str, Any]:
    return {"customer": None, "anonymous_customer_id": device, "person": device}


def build(session: Session, today: date = TODAY, **how: Any) -> dict[str, Any]:
    return build_all(session, BUILT, parameters={"today": today}, **how)


@pytest.mark.parametrize("seed", range(max(1, EXAMPLES // 3)))
def test_every_cell_is_what_plain_python_says_however_activities_arrived(bit_by_bit: Session, seed: int):
    session = emptied(bit_by_bit)
    for run, streams in enumerate(arrivals(Random(seed))):
        for name, rows in streams.items():
            feed(session, name, list(rows.values()))
        build(session, TODAY if run > 1 else TODAY - timedelta(days=20))
    acts = [
        (name.removesuffix("_activity"), row["person"], row["ts"].date())
        for name, rows in streams.items()
        for row in rows.values()
        if believed.is_act(name.removesuffix("_activity"), row["activity"], row["revenue_impact"])
    ]
    begun = [act for act in acts if act[2] <= TODAY]
    assert len(begun) < len(acts), "nothing is dated after today"
    assert cells(session, "mart_growth_accounting") == believed.growth(begun)
    assert cells(session, "mart_retention_cohorts") == believed.retention(begun)
    refreshed = build(session, mode="full_refresh")
    assert {name: written(result) for name, result in refreshed.items()} == dict.fromkeys(BUILT, (0, 0, 0))
    assert all(result.skipped for result in build(session).values())


def cells(session: Session, name: str) -> believed.Cells:
    """The mart's rows by key; the columns behind it in order."""
    key = len(models()[name].table.key)
    return {row[:key]: row[key:] for row in content(session, name)}


def test_only_the_people_whose_activities_changed_are_written(bit_by_bit: Session):
    session = emptied(bit_by_bit)
    dice = Random(1)
    rows = [_activity(dice, str(number), "stream_started") for number in range(300)]
    feed(session, "streamer_activity", rows)
    build(session)
    feed(session, "streamer_activity", [*rows, _of(_activity(dice, "new", "stream_started"), "twitch:somebody else")])
    assert written(build(session)["int_customer_periods"]) == (3, 0, 0)
    feed(session, "streamer_activity", rows)
    assert written(build(session)["int_customer_periods"]) == (0, 0, 3)
    assert (
        read_table(session, models()["int_customer_periods"].table).filter("person = 'twitch:somebody else'").count()
        == 0
    )


@pytest.mark.skipif(not LOGS.is_file(), reason="the public live logs are not beside the project")
def test_the_public_live_logs_give_streams_per_day_growth_and_retention(bit_by_bit: Session, tmp_path: Path):
    session = emptied(bit_by_bit)
    ingest(session, LOGS, tmp_path)
    build_all(session, WAY_OF_THE_LOGS)
    with LOGS.open(encoding="utf-8", newline="") as file:
        streams = [(row["userID"], date.fromisoformat(row["beginTime"][:10])) for row in csv.DictReader(file)]
    acts = [("streamer", f"livelogs:{streamer}", day) for streamer, day in streams]
    growth, retention = cells(session, "mart_growth_accounting"), cells(session, "mart_retention_cohorts")
    assert growth == believed.growth(acts)
    assert retention == believed.retention(acts)
    assert {key[2]: row[7] for key, row in growth.items() if key[1] == "day"} == Counter(day for _, day in streams)
    cohorts = [row[1] for key, row in retention.items() if key[1] == "day" and key[3] == 0]
    assert (len(streams), sum(cohorts)) == (3148, 1000)


def ingest(session: Session, file: Path, root: Path) -> None:
    """The file as a delivery: landed, and loaded by COPY."""
    kind = livelogs_files()
    (report,) = deliver_files(kind, Place(str(file)), root, Known(root, kind.source), snapshot_at=DELIVERED_AT)
    assert (report.rows, report.is_refused) == (3148, False)
    database = str(session.get_current_database()).strip(chr(34))
    session.sql(f"CREATE STAGE IF NOT EXISTS {database}.RAW.LANDING").collect()
    load_pending(session, database, root, [find_raw_table("livelogs", "streams")])
