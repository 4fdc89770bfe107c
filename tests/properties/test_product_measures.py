"""Product events on hundreds of uploads against a computation in plain Python that shares no code with them."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from snowflake.snowpark import Session

from tests.feeding import LandingFile, build_all, exported, load
from tests.properties import product_believed as believed
from tests.properties.amplitude_world import spelled
from tests.properties.conftest import emptied
from tests.properties.promises import AMPLITUDE, EXAMPLES
from transforms.catalog import models
from transforms.engine.stored import read_table

HOURS, UPLOADS = 6, 50
MERGES = {2: 1, 5: 4, 4: 3}


def some_hours(seed: int) -> list[LandingFile]:
    """Hours in which few people upload much: late, twice, from two devices, dated ahead."""
    dice = Random(seed)
    begin = datetime(2023, 8, 28)
    files = []
    for hour in sorted({begin + timedelta(hours=dice.randrange(24 * 20)) for _ in range(HOURS)}):
        # Uploads of one hour differ by seconds, so that of two the newest is told by its time alone.
        records = [_record(dice, hour + timedelta(seconds=number)) for number in range(UPLOADS)]
        files.append(exported("events", hour, *records))
    return files


def _record(dice: Random, uploaded: datetime) -> dict[str, Any]:
    number = dice.randrange(HOURS * UPLOADS // 2)
    ago = dice.choice([1, 5, 60, 60 * 24, 60 * 24 * 9, -60 * 24 * 20])
    return {
        "$insert_id": dice.choice([f"i{number}", f"i{number}", "", None]),
        "uuid": dice.choice([f"u{number}", f"u{number}", None]),
        "event_id": number,
        "event_type": dice.choice(["viewed", "viewed", "searched", "bought", None]),
        "amplitude_id": dice.choice([1, 2, 3, 4, 5, 6, "x"]),
        "device_id": dice.choice(["d1", "d2", None]),
        "session_id": dice.choice([-1, None, 10, 20, 30]),
        "event_time": spelled(uploaded - timedelta(minutes=ago), iso=dice.random() < 0.2),
        "server_upload_time": spelled(uploaded),
    }


def rows(session: Session, name: str) -> list[dict[str, Any]]:
    frame = read_table(session, models()[name].table)
    return [{key.lower(): value for key, value in row.as_dict().items()} for row in frame.collect()]


@pytest.mark.lengthy
@pytest.mark.parametrize("seed", range(max(1, EXAMPLES // 3)))
def test_product_events_are_what_plain_python_says(bit_by_bit: Session, seed: int):
    session = emptied(bit_by_bit)
    files = some_hours(seed)
    merges = [{"amplitude_id": was, "merged_amplitude_id": now} for was, now in MERGES.items()]
    for run in (files[3:], [*files[:3], exported("merged_ids", datetime(2023, 9, 1), *merges)]):
        load(session, *run)
        build_all(session, AMPLITUDE.selectors)
    records = [record for file in files for record in file.records]
    events = believed.merged(believed.newest_events(records), MERGES)
    users = {row["user_key"]: row["merged_amplitude_id"] for row in rows(session, "product_users")}
    assert len(events) == len(rows(session, "product_events"))
    assert {users[r["user_key"]]: r["first_seen_at"] for r in rows(session, "product_users")} == believed.first_seen(
        events
    )
    assert {
        (users[row["user_key"]], row["session_id"]): (
            *(row["session_number"], row["started_at"], row["ended_at"]),
            row["event_count"],
        )
        for row in rows(session, "product_sessions")
    } == believed.sessions(events)
    measures = ("event_count", "user_count", "first_time_user_count", "session_count")
    assert {
        (row["event_type"], row["date_day"]): tuple(row[name] for name in measures)
        for row in rows(session, "product_daily")
    } == believed.daily(events)
    for period in ("day", "week", "month"):
        assert {
            (row["period_start"], row["active_days"]): (
                *(row["active_users"], row["exactly_users"]),
                row["at_least_users"],
            )
            for row in rows(session, "product_active_users")
            if row["period"] == period
        } == believed.active_users(events, period)
