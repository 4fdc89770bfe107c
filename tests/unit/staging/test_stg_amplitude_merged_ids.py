"""Merges as they are staged."""

from __future__ import annotations

from datetime import UTC

from snowflake.snowpark import Session

from tests.feeding import build_all, exported, load, rows_of
from tests.unit.product.events import HOUR, at
from transforms.engine.stored import read_table
from transforms.staging.stg_amplitude_merged_ids import TABLE


def test_a_merge_without_a_time_counts_as_made_when_it_was_delivered(warehouse: Session):
    timed = {"amplitude_id": 2, "merged_amplitude_id": "1", "merge_event_time": f"{at(5):%Y-%m-%d %H:%M:%S}"}
    load(warehouse, exported("merged_ids", HOUR, timed, {"amplitude_id": 3, "merged_amplitude_id": 1, "scope": 7}))
    load(warehouse, exported("merged_ids", HOUR, {"amplitude_id": 4}))
    result = build_all(warehouse, ["stg_amplitude_merged_ids"])["stg_amplitude_merged_ids"]
    assert rows_of(read_table(warehouse, TABLE), "amplitude_id", "merged_amplitude_id", "merged_at", "project_id") == [
        (2, 1, at(5), None),
        (3, 1, HOUR, "7"),
    ]
    assert result.rows_quarantined == 1


def test_merges_are_read_as_a_bucket_has_them(warehouse: Session):
    """There times are milliseconds since 1970, and the one of the merge has another name."""
    at_5, at_9 = (int(at(minute).replace(tzinfo=UTC).timestamp() * 1000) for minute in (5, 9))
    merge = {"scope": 7, "merged_amplitude_id": 1, "merge_server_time": at_9}
    load(warehouse, exported("merged_ids", HOUR, {**merge, "amplitude_id": 2, "merge_time": at_5}))
    load(warehouse, exported("merged_ids", HOUR, {**merge, "amplitude_id": 3}))
    build_all(warehouse, ["stg_amplitude_merged_ids"])
    assert rows_of(read_table(warehouse, TABLE), "amplitude_id", "merged_at") == [(2, at(5)), (3, at(9))]
