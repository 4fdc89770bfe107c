"""Stream samples: how long a count holds between samples that are a minute apart."""

from __future__ import annotations

from snowflake.snowpark import Session

from tests.feeding import T0, frame_of, minutes, rows_of
from transforms.marts.fact_stream_samples import TABLE, build
from transforms.staging.stg_stream_samples import TABLE as SAMPLES


def staged(session: Session, *rows: dict):
    common = {"platform": "twitch", "viewer_count": 1, "has_no_viewers": False, "started_at": T0}
    lineage = {"_source_file": "f", "_source_row": 1, "_load_id": "l"}
    return frame_of(session, SAMPLES, [{**common, **lineage} | row for row in rows])


def test_a_count_holds_until_the_next_sample_or_the_cap_of_samples(frames: Session):
    rows = [{"stream_id": "a", "collected_at": at} for at in (minutes(0), minutes(1), minutes(11))]
    rows.append({"stream_id": "b", "collected_at": minutes(1)})
    built = build(staged(frames, *rows), sample_gap_cap_seconds=180)
    assert rows_of(built, "stream_id", "collected_at", "next_collected_at", "hold_ms") == [
        ("a", minutes(0), minutes(1), 60_000),
        ("a", minutes(1), minutes(11), 180_000),
        ("a", minutes(11), None, 0),
        ("b", minutes(1), None, 0),
    ]


def test_the_key_names_stream_and_time(frames: Session):
    rows = [{"stream_id": name, "collected_at": at} for name in ("a", "b") for at in (minutes(0), minutes(0.001))]
    built = rows_of(build(staged(frames, *rows), sample_gap_cap_seconds=60), "stream_sample_key")
    assert len(set(built)) == 4
    assert [name.lower() for name in build(staged(frames), sample_gap_cap_seconds=60).columns] == list(
        TABLE.column_names
    )
