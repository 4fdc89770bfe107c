"""The live logs of the sandbox: of its own broadcasts, the same at every asking, with the oddities of real ones."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from deployments.sandbox import LiveLogsView, World, write_livelogs
from deployments.sandbox.livelogs.gifts import ANONYMOUS
from deployments.sandbox.world.timestamps import epoch

SUNDAY = datetime(2026, 11, 22, 20, 30, tzinfo=UTC)
Tab = list[dict[str, Any]]


def tabs_at(view: LiveLogsView, at: datetime) -> dict[str, Tab]:
    return {
        name: [dict(zip(rows[0], row, strict=True)) for row in rows[1:]] for name, rows in view.at(epoch(at)).items()
    }


def time_of(text: str) -> datetime:
    return datetime.fromisoformat(text.replace(" UTC", "+00:00"))


@pytest.fixture(scope="module")
def big_world() -> World:
    return World(seed=7, scale=20_000)


@pytest.fixture(scope="module")
def tabs(big_world: World) -> dict[str, Tab]:
    return tabs_at(LiveLogsView(big_world), SUNDAY)


def test_the_same_sheet_is_shown_until_the_next_full_hour_by_anybody(world: World):
    view = LiveLogsView(world)
    later = view.at(epoch(SUNDAY + timedelta(days=1)))
    assert view.at(epoch(SUNDAY)) == LiveLogsView(World(7, 3_000)).at(epoch(SUNDAY) + 29 * 60)
    assert later != view.at(epoch(SUNDAY))
    assert later["GIFT_TYPE"] == view.at(epoch(SUNDAY))["GIFT_TYPE"]


def test_logged_streams_are_broadcasts_of_the_world_that_are_over(world: World):
    tabs = tabs_at(LiveLogsView(world), SUNDAY)
    began = {(time_of(log["beginTime"]), time_of(log["endTime"])) for log in tabs["LOGS"]}
    monday = datetime(2026, 11, 9, tzinfo=UTC)
    real = {
        (datetime.fromtimestamp(one.started_at, UTC), datetime.fromtimestamp(one.ended_at, UTC))
        for one in world.broadcasts(monday, SUNDAY)
        if one.person < 3
    }
    assert began <= real
    assert len(began) > 3
    assert all(monday <= start and end <= SUNDAY for start, end in began)
    assert all((end - start).total_seconds() > 0 for start, end in began)
    for log in tabs["LOGS"]:
        assert log["duration"] == (time_of(log["endTime"]) - time_of(log["beginTime"])).total_seconds()
        assert (log["maxLiveViewerTime"] == "") == (log["maxLiveViewerCount"] == 0)


def test_a_demo_has_about_fifty_gifts_a_stream_and_at_most_ten_thousand(tabs: dict[str, Tab]):
    gifts, streams = len(tabs["TRANSACTIONS"]), len(tabs["LOGS"])
    assert 30 * streams < gifts < 75 * streams
    assert gifts < 10_000
    assert len({gift["id"] for gift in tabs["TRANSACTIONS"]}) == gifts
    assert len({log["liveStreamID"] for log in tabs["LOGS"]}) == streams


def test_gifts_are_odd_in_the_ways_of_real_ones(tabs: dict[str, Tab]):
    gifts, kinds = tabs["TRANSACTIONS"], {kind["giftID"] for kind in tabs["GIFT_TYPE"]}
    spans = [(log["userID"], time_of(log["beginTime"]), time_of(log["endTime"])) for log in tabs["LOGS"]]
    outside = [
        gift
        for gift in gifts
        if not any(who == gift["receiverUserID"] and a <= time_of(gift["utcTimestamp"]) <= b for who, a, b in spans)
    ]
    twice = Counter((gift["userID"], gift["receiverUserID"], gift["timestamp"]) for gift in gifts)
    shares = {
        "cancelled": sum(gift["isCanceled"] for gift in gifts),
        "anonymous": sum(gift["userID"] == ANONYMOUS for gift in gifts),
        "of a kind that is not listed": sum(gift["giftID"] not in kinds for gift in gifts),
        "to streams that are missing": len(outside),
        "two in one second": sum(count - 1 for count in twice.values()),
    }
    assert all(0 < count < 0.25 * len(gifts) for count in shares.values()), shares
    assert {int(time_of(gift["utcTimestamp"]).timestamp()) for gift in gifts} == {gift["timestamp"] for gift in gifts}


def test_a_gift_is_cancelled_later_and_a_sheet_only_grows_within_a_week(big_world: World):
    view = LiveLogsView(big_world)
    days = [tabs_at(view, SUNDAY - timedelta(days=back)) for back in (2, 1, 0)]
    states = [{gift["id"]: gift["isCanceled"] for gift in day["TRANSACTIONS"]} for day in days]
    assert set(states[0]) < set(states[1]) < set(states[2])
    assert any(states[2][name] and not was for name, was in states[0].items())
    assert not any(was and not states[2][name] for name, was in states[0].items())


def test_files_are_the_tabs_as_a_program_exports_them(world: World, tmp_path: Path):
    files = write_livelogs(world, tmp_path / "out", SUNDAY)
    stamp = epoch(SUNDAY) * 1_000
    assert [file.name for file in files] == [f"{tab}_{stamp}.csv" for tab in ("LOGS", "TRANSACTIONS", "GIFT_TYPE")]
    for file, rows in zip(files, LiveLogsView(world).at(epoch(SUNDAY)).values(), strict=True):
        with file.open(encoding="utf-8", newline="") as text:
            assert list(csv.reader(text)) == [[str(cell) for cell in row] for row in rows]
