"""Whom users were merged into."""

from __future__ import annotations

from snowflake.snowpark import Session

from tests.unit.product.events import at, built


def merge(was: int, is_now: int, minute: int = 1, **changes: object) -> dict[str, object]:
    return {
        "amplitude_id": was,
        "merged_amplitude_id": is_now,
        "merged_at": at(minute),
        "snapshot_at": at(9),
        **changes,
    }


def test_the_newest_merge_counts_and_is_followed_to_its_end(frames: Session):
    rows = [merge(2, 1), merge(2, 3, 5), merge(3, 4), merge(4, 5), merge(6, 2, snapshot_at=at(1))]
    found = built(frames, "int_amplitude_merges", "amplitude_id", "merged_amplitude_id", stg_amplitude_merged_ids=rows)
    assert found == [(2, 5), (3, 5), (4, 5), (6, 5)]


def test_a_circle_ends_somewhere(frames: Session):
    rows = [merge(1, 2), merge(2, 1)]
    found = built(frames, "int_amplitude_merges", "amplitude_id", stg_amplitude_merged_ids=rows)
    assert found == [(1,), (2,)]
