"""Arrivals that live logs can produce: reads of three tabs, in any order and any split into runs.

Few ids and few times, so that records meet: gifts at the ends of streams and in two streams at once, corrections of
the streamer, the kind and the end, kinds that get a name late, and broken records.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from hypothesis import strategies as st

from tests.feeding import LandingFile, read_from_sheet
from tests.unit.livelogs import GIFT, STREAM

READS = [datetime(2023, 9, day, hour) for day, hour in ((24, 13), (24, 18), (25, 0), (25, 6), (26, 0))]
TIMES = [f"2023-09-24 {clock} UTC" for clock in ("11:59:59.999", "12:00:00", "12:15:00", "12:30:00.5", "12:45:00")]
STREAMERS, GIVERS = ["ann", "cat"], ["bob", "dan", "", "anonymous"]


def stream_records() -> st.SearchStrategy[dict[str, Any]]:
    """A row of LOGS."""
    changes = {
        "liveStreamID": st.sampled_from(["1", "2", "3", 4]),
        "userID": st.sampled_from([*STREAMERS, *STREAMERS, ""]),
        "beginTime": st.sampled_from([*TIMES[:3], *TIMES[:3], "soon"]),
        "endTime": st.sampled_from([*TIMES[2:], ""]),
        "closeBy": st.sampled_from(["normalEnd", ""]),
        "followIncreaseEstimated": st.sampled_from([-3, "4"]),
    }
    return st.fixed_dictionaries(changes).map(lambda values: {**STREAM, **values})


def gift_records() -> st.SearchStrategy[dict[str, Any]]:
    """A row of TRANSACTIONS."""
    changes = {
        "id": st.sampled_from([f"g{number}" for number in range(6)]),
        "receiverUserID": st.sampled_from([*STREAMERS, "never_logged"]),
        "userID": st.sampled_from(GIVERS),
        "utcTimestamp": st.sampled_from(TIMES),
        "giftID": st.sampled_from(["rose", "star", "unlisted", ""]),
        "point": st.sampled_from([10, "10", 20, {"formula_error": "#REF!"}]),
        "isCanceled": st.sampled_from([False, True, "TRUE"]),
    }
    return st.fixed_dictionaries(changes).map(lambda values: {**GIFT, **values})


def kind_records() -> st.SearchStrategy[dict[str, Any]]:
    """A row of GIFT_TYPE."""
    names = st.sampled_from(["Rose", "Red Rose", ""])
    return st.fixed_dictionaries({"giftID": st.sampled_from(["rose", "star", ""]), "name": names, "point": st.just(10)})


@st.composite
def landing_files(draw: st.DrawFn) -> LandingFile:
    """One read of one tab; times of reads repeat, so ties and late files occur."""
    kinds = {"streams": stream_records(), "gifts": gift_records(), "gift_types": kind_records()}
    entity = draw(st.sampled_from(["streams", "streams", "gifts", "gifts", "gift_types"]))
    records = draw(st.lists(kinds[entity], min_size=2, max_size=6))
    return read_from_sheet(entity, draw(st.sampled_from(READS)), *records)


@st.composite
def arrivals(draw: st.DrawFn) -> list[list[LandingFile]]:
    """Runs of files, each file once; some files come again under another name."""
    files = draw(st.lists(landing_files(), min_size=8, max_size=14, unique_by=lambda file: file.path))
    copied = draw(st.lists(st.sampled_from(files), max_size=2, unique_by=lambda file: file.path))
    files += [read_from_sheet(f.entity, f.snapshot_at, *f.records, name=f"{f.path}_copy") for f in copied]
    runs: list[list[LandingFile]] = [[], []]
    for file in draw(st.permutations(files)):
        runs[draw(st.integers(0, 1))].append(file)
    return [run for run in runs if run]
