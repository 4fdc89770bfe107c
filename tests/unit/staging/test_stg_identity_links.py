"""Identity links: one row per link in one delivery."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from snowflake.snowpark import Session

from tests.feeding import frame_of, minutes, rows_of
from transforms.raw.raw_identity_links import TABLE as RAW
from transforms.staging.stg_identity_links import TABLE, build

SHOWN = (*TABLE.column_names, "_rule")


def parsed(session: Session, *records: dict[str, Any]) -> list[tuple[Any, ...]]:
    rows = [
        {"record": record, "_source_file": "f", "_source_row": n, "_snapshot_at": minutes(0), "_load_id": "l"}
        for n, record in enumerate(records, start=1)
    ]
    return rows_of(build(frame_of(session, RAW, rows)), *SHOWN)


def test_a_link_is_dated_by_itself_or_by_its_delivery(frames: Session):
    stated, told = datetime(2023, 9, 1, 10), minutes(0)
    rows = parsed(
        frames,
        {
            **{"platform": "livelogs", "anonymous_id": "a", "customer_platform": "billing", "customer_id": "U1"},
            "linked_at": "2023-09-01T12:00:00+02:00",
        },
        {"platform": "twitch", "anonymous_id": "b", "customer_platform": "", "customer_id": ""},
    )
    assert rows == [
        ("livelogs", "a", stated, told, "billing", "U1", stated, None),
        ("twitch", "b", told, told, None, None, None, None),
    ]


def test_a_link_without_an_id_or_with_an_unreadable_time_is_refused(frames: Session):
    whole = {"platform": "livelogs", "anonymous_id": "a", "customer_id": "U1"}
    rows = parsed(frames, {**whole, "anonymous_id": ""}, {**whole, "platform": None}, {**whole, "linked_at": "soon"})
    assert all(row[-1] is not None for row in rows)
    assert len(rows) == 3


def test_no_records_give_an_empty_frame(frames: Session):
    assert parsed(frames) == []
