"""A MERGE looks for its matches in the range that it writes, and finds every one of them there."""

from __future__ import annotations

import re

import pytest
from snowflake.snowpark import Session

from tests.feeding import LandingFile, build_all, content, load, minutes, stream, written
from tests.unit.engine.test_costs import sent
from transforms.catalog import models

STREAMS, SNAPSHOTS, SESSIONS = "stg_twitch_streams", "fact_stream_snapshots", "fact_stream_sessions"
OBSERVED = [STREAMS, "int_stream_observations"]


def poll(minute: int, *viewers: int) -> LandingFile:
    return LandingFile("streams", minutes(minute), tuple(stream(str(n), count) for n, count in enumerate(viewers)))


def test_a_merge_names_the_range_of_what_it_writes(warehouse: Session):
    load(warehouse, poll(0, 1, 2), poll(15, 3, 4))
    build_all(warehouse, [STREAMS])
    load(warehouse, poll(15, 5, 6))
    with sent() as statements:
        build_all(warehouse, [STREAMS])
    (merge,) = [one for one in statements if one.startswith("MERGE")]
    at = f"{minutes(15):%Y-%m-%d %H:%M:%S}"
    assert merge.count(f"'{at}'") == 2, merge


def test_rows_that_a_comparison_with_the_whole_table_finds_new_are_not_looked_for_again(warehouse: Session):
    load(warehouse, poll(0, 1, 2))
    with sent() as statements:
        build_all(warehouse, [*OBSERVED, SNAPSHOTS, SESSIONS])
    assert not [one for one in statements if one.startswith("MERGE")]
    load(warehouse, poll(15, 3, 4))
    with sent() as statements:
        results = build_all(warehouse, [STREAMS, SNAPSHOTS])
    assert [results[name].rows_inserted for name in (STREAMS, SNAPSHOTS)] == [2, 2]
    # A fact is compared with some of its rows only: what is new to those may be stored elsewhere.
    (merge,) = [one for one in statements if one.startswith("MERGE")]
    assert merge.split()[2].endswith(f".{SNAPSHOTS.upper()}")


def test_a_merge_does_nothing_that_there_are_no_rows_for(warehouse: Session):
    names = [*OBSERVED, "fact_stream_days"]
    better = LandingFile("streams", minutes(0), (stream("0", 9, game_id="g2"),))
    load(warehouse, poll(0, 1))
    build_all(warehouse, names)
    load(warehouse, better)
    with sent() as statements:
        build_all(warehouse, names)
    (merge,) = [one for one in statements if one.startswith("MERGE") and "FACT_STREAM_DAYS" in one]
    assert set(re.findall(r"THEN (INSERT|UPDATE|DELETE)", merge)) == {"INSERT", "DELETE"}, merge


@pytest.mark.parametrize("name", [SNAPSHOTS, SESSIONS])
def test_a_row_whose_place_moves_is_found_where_it_was(warehouse: Session, name: str):
    """A later sample moves a session to a later last_seen_at: its stored row lies before what is written."""
    assert models()[name].table.cluster_by
    load(warehouse, poll(0, 1, 2))
    build_all(warehouse, [*OBSERVED, SNAPSHOTS, SESSIONS])
    for minute in (600, 300, 1200):
        load(warehouse, poll(minute, 3, 4))
        results = build_all(warehouse, [*OBSERVED, SNAPSHOTS, SESSIONS])
        assert results[SESSIONS].rows_updated + results[SNAPSHOTS].rows_inserted
    refreshed = build_all(warehouse, [name], mode="full_refresh")
    assert written(refreshed[name]) == (0, 0, 0)
    assert len(content(warehouse, name)) == (8 if name == SNAPSHOTS else 2)


def test_a_deleted_row_is_found(warehouse: Session):
    """A better record of the same sample names another game: the row of the first game's day goes."""
    names = [*OBSERVED, "fact_stream_days"]
    load(warehouse, poll(0, 1))
    build_all(warehouse, names)
    load(warehouse, LandingFile("streams", minutes(0), (stream("0", 9, game_id="g2"),)))
    assert written(build_all(warehouse, names)["fact_stream_days"]) == (1, 0, 1)
