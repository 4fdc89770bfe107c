"""Arrivals that Amplitude's exports can produce: hours of few users, in any order and any split into runs.

Few ids and few times, so that records meet: the same event again and from another device, uploads days later, sessions
that go on in another hour, anonymous people that are known or merged later, clocks that are ahead, broken records.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from tests.feeding import LandingFile, exported

HOURS = [
    *(datetime(2023, 9, 1, 0), datetime(2023, 9, 1, 1), datetime(2023, 9, 1, 23), datetime(2023, 9, 2, 0)),
    *(datetime(2023, 9, 10, 12), datetime(2023, 9, 30, 23), datetime(2023, 10, 2, 5)),
]
EVENT_TYPES = ["page_viewed", "page_viewed", "search", "purchase"]
PAGES = ["home", "channel", None]


def spelled(at: datetime, *, iso: bool = False) -> str:
    """A time as the export writes it."""
    return at.isoformat(timespec="milliseconds") + "Z" if iso else f"{at:%Y-%m-%d %H:%M:%S.%f}"


@st.composite
def events(draw: st.DrawFn, hour: datetime) -> dict[str, Any]:
    """One event that was uploaded in an hour, up to ten days after it happened or dated later than that."""
    uploaded = hour + timedelta(minutes=draw(st.sampled_from([0, 1, 30, 59])))
    ago = draw(st.sampled_from([0, 1, 1, 61, 24 * 60, 9 * 24 * 60, -5, -40 * 24 * 60]))
    happened = uploaded - timedelta(minutes=ago)
    number = draw(st.integers(1, 12))
    session = draw(st.sampled_from([-1, 1_693_526_400_000, 1_693_526_400_000, 1_693_612_800_000, None]))
    properties: dict[str, Any] = {}
    if draw(st.booleans()):
        properties = {"page": draw(st.sampled_from(PAGES)), "load_ms": draw(st.sampled_from([1, 20, "slow", None]))}
    return {
        "$insert_id": draw(st.sampled_from([f"i{number}", f"i{number}", "", None])),
        "uuid": draw(st.sampled_from([f"u{number}", f"u{number}", f"v{number}", None])),
        "event_id": number,
        "event_type": draw(st.sampled_from([*EVENT_TYPES, *EVENT_TYPES, None])),
        "amplitude_id": draw(st.sampled_from([1, 1, 2, 3, 4, "x"])),
        "user_id": draw(st.sampled_from(["ann", "bob", None, None, "anonymous"])),
        "device_id": draw(st.sampled_from(["d1", "d1", "d2", None])),
        "session_id": session,
        "event_time": spelled(happened, iso=draw(st.booleans())),
        "server_upload_time": draw(st.sampled_from([*[spelled(uploaded)] * 5, None])),
        "server_received_time": spelled(uploaded),
        "platform": draw(st.sampled_from(["Web", "iOS", None])),
        "os_name": draw(st.sampled_from(["Edge", "iOS"])),
        "os_version": draw(st.sampled_from(["1", "2", None])),
        "country": draw(st.sampled_from(["United States", "Germany", None])),
        "language": "English",
        "event_properties": properties,
        "user_properties": draw(st.sampled_from([{}, {"plan": "basic"}, {"plan": "pro", "cohort": "a"}])),
    }


@st.composite
def event_files(draw: st.DrawFn) -> LandingFile:
    """The events of one hour; some hours come in several files, as when an hour is asked for again."""
    hour = draw(st.sampled_from(HOURS))
    return exported("events", hour, *draw(st.lists(events(hour), min_size=2, max_size=8)))


@st.composite
def merge_files(draw: st.DrawFn) -> LandingFile:
    """Merges of users, among them a chain, a second one of the same user, and one without a time."""
    at = draw(st.sampled_from(HOURS))
    merges = st.fixed_dictionaries(
        {
            "amplitude_id": st.sampled_from([2, 3, 4, ""]),
            "merged_amplitude_id": st.sampled_from([1, 9]),
            "merge_event_time": st.sampled_from([spelled(HOURS[1]), spelled(HOURS[3]), None]),
            "scope": st.just(7),
        }
    )
    chain = {"amplitude_id": 9, "merged_amplitude_id": 1, "merge_event_time": spelled(HOURS[4])}
    found = draw(st.lists(st.one_of(merges, st.just(chain)), min_size=1, max_size=3))
    return exported("merged_ids", at, *found)


@st.composite
def event_type_files(draw: st.DrawFn) -> LandingFile:
    """An events list."""
    at = draw(st.sampled_from(HOURS))
    names = draw(st.lists(st.sampled_from(["page_viewed", "search", "unused", ""]), min_size=1, max_size=3))
    records = [
        {"id": place, "value": name, "display": name.title(), "totals": draw(st.integers(0, 3)), "deleted": False}
        for place, name in enumerate(names)
    ]
    return exported("event_types", at, *records)


@st.composite
def arrivals(draw: st.DrawFn) -> list[list[LandingFile]]:
    """Runs of files, each file once; some files come again under another name."""
    files = draw(st.lists(event_files(), min_size=4, max_size=8, unique_by=lambda file: file.path))
    files += draw(st.lists(merge_files(), min_size=1, max_size=2, unique_by=lambda file: file.path))
    files += draw(st.lists(event_type_files(), min_size=0, max_size=2, unique_by=lambda file: file.path))
    copied = draw(st.lists(st.sampled_from(files), max_size=2, unique_by=lambda file: file.path))
    files += [exported(f.entity, f.snapshot_at, *f.records, name=f"{f.path}_copy") for f in copied]
    runs: list[list[LandingFile]] = [[] for _ in range(draw(st.integers(2, 3)))]
    for file in draw(st.permutations(files)):
        runs[draw(st.integers(0, len(runs) - 1))].append(file)
    return [run for run in runs if run]
