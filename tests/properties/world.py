"""Arrivals that a source can produce: polls of streams, users and games, and batches of samples between them.

They come in any order and in any split into runs.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from tests.feeding import T0, LandingFile, consumed, sample_of, stream

# Irregular on purpose: equal gaps, a gap beyond the cap, seconds apart, across one and across two midnights.
SNAPSHOTS = [
    T0 + timedelta(minutes=offset) for offset in (0, 15, 30, 30.4, 47.25, 120, 399.5, 420.1, 435, 1858.75, 1862, 3300)
]
STREAMS = [f"s{number}" for number in range(8)]
GAMES = ["g1", "g2", ""]
# Between polls, at the time of one, a minute apart, and after the gap cap of samples.
SAMPLED = [T0 + timedelta(minutes=offset) for offset in (0, 1, 2, 7.5, 15, 29, 31, 119.5, 434, 438, 1439.9, 1862.5)]
POORER = [{"user_id": None}, {"game_id": None}, {"game_id": None, "game_name": "unheard of"}, {"title": None}]
BAD_SAMPLES = [{"_fault": "the message is no JSON"}, {"viewer_count": "many"}, {"stream_id": ""}, {"timestamp": None}]
BAD = [{"viewer_count": [1, 2]}, {"user_id": None}, {"viewer_count": -1}, {"viewer_count": "many"}, {"id": ""}]


@st.composite
def stream_records(draw: st.DrawFn) -> dict[str, Any]:
    """A record of one of a few streams; values vary, and some are broken."""
    name = draw(st.sampled_from(STREAMS))
    changes: dict[str, Any] = {
        "user_id": draw(st.sampled_from([f"u{name}", "u_shared"])),
        "user_name": draw(st.sampled_from(["Ann", "Änn", None])),
        "game_id": draw(st.sampled_from(GAMES)),
        "language": draw(st.sampled_from(["en", "de", ""])),
        "started_at": draw(st.sampled_from(["2023-09-23T23:30:00Z", "2023-09-24T16:00:00Z", None])),
        "title": draw(st.sampled_from(["a", "b|c", None])),
    }
    if draw(st.integers(0, 9)) == 0:
        changes |= draw(st.sampled_from(BAD))
    viewers = changes.pop("viewer_count", draw(st.sampled_from([0, 1, 7, 100, 2_000_000])))
    return stream(changes.pop("id", name), viewers, **changes)


@st.composite
def sample_records(draw: st.DrawFn) -> dict[str, Any]:
    """A sample of one of the streams; some say less than polls do, some are broken."""
    name, at = draw(st.sampled_from(STREAMS)), draw(st.sampled_from(SAMPLED))
    changes: dict[str, Any] = {
        "game_id": draw(st.sampled_from(GAMES)),
        "language": draw(st.sampled_from(["en", "de", ""])),
        "title": draw(st.sampled_from(["a", "b|c"])),
        "started_at": draw(st.sampled_from(["2023-09-23T23:30:00Z", None])),
        "_message_at": draw(st.sampled_from(["2023-09-24T17:00:00Z", "2023-09-24T18:00:00Z", None])),
        "_offset": draw(st.integers(0, 1000)),
    }
    if draw(st.integers(0, 3)) == 0:
        changes |= draw(st.sampled_from(POORER))
    if draw(st.integers(0, 9)) == 0:
        changes |= draw(st.sampled_from([{"is_narrowed": True}, *BAD_SAMPLES]))
    viewers = changes.pop("viewer_count", draw(st.sampled_from([0, 2, 50, 3_000_000])))
    return sample_of(changes.pop("stream_id", name), at, viewers, **changes)


def user_records() -> st.SearchStrategy[dict[str, Any]]:
    """A record of one of the streamers."""
    return st.fixed_dictionaries(
        {
            "id": st.sampled_from([*[f"u{name}" for name in STREAMS[:3]], "u_shared", "u_never_live", None]),
            "login": st.sampled_from(["ann", "bob"]),
            "display_name": st.sampled_from(["Ann", "Bob", ""]),
            "broadcaster_type": st.sampled_from(["partner", "", "new kind"]),
            "description": st.sampled_from(["x", "y", None]),
            "created_at": st.sampled_from(["2015-01-01T00:00:00Z", "not a time"]),
        }
    )


def game_records() -> st.SearchStrategy[dict[str, Any]]:
    """A record of one of the games."""
    return st.fixed_dictionaries(
        {
            "id": st.sampled_from(["g1", "g2", "g_never_played"]),
            "name": st.sampled_from(["Chess", "Go"]),
            "box_art_url": st.sampled_from(["a", "b", ""]),
            "igdb_id": st.sampled_from(["1", ""]),
        }
    )


@st.composite
def landing_files(draw: st.DrawFn) -> LandingFile:
    """One file: records of one entity at one snapshot; times repeat between files, so ties and late files occur."""
    kinds = {"streams": stream_records(), "users": user_records(), "games": game_records(), "samples": sample_records()}
    entity = draw(st.sampled_from(["streams", "streams", "streams", "samples", "samples", "users", "games"]))
    records = draw(st.lists(kinds[entity], min_size=3, max_size=9))
    at = draw(st.sampled_from(SNAPSHOTS))
    return consumed(at, *records) if entity == "samples" else LandingFile(entity, at, tuple(records))


@st.composite
def arrivals(draw: st.DrawFn) -> list[list[LandingFile]]:
    """Runs of files, each file once; some files come again under another name."""
    files = draw(st.lists(landing_files(), min_size=8, max_size=16, unique_by=lambda file: file.path))
    copied = draw(st.lists(st.sampled_from(files), max_size=2, unique_by=lambda file: file.path))
    files += [replace(f, name=f"{f.path}_copy") for f in copied]
    runs: list[list[LandingFile]] = [[] for _ in range(draw(st.integers(2, 4)))]
    for file in draw(st.permutations(files)):
        runs[draw(st.integers(0, len(runs) - 1))].append(file)
    return [run for run in runs if run]
