"""Business rules of fact_stream_snapshots."""

from expectations.rules.rule import Computed, critical, warning

RULES = (
    critical(
        "a stream has one row at a snapshot",
        "_samples > 1",
        "Helix repeats streams across pages; a second row would count its viewers twice",
        *("stream_id", "snapshot_at"),
        Computed("_samples", "count(*) over (partition by t.platform, t.stream_id, t.snapshot_at)"),
    ),
    warning(
        "minutes_live is not negative",
        "minutes_live < 0",
        "the snapshot is before the stream's start: clocks differ, or a file's time is wrong",
        *("stream_id", "snapshot_at", "started_at", "minutes_live"),
    ),
    critical(
        "minutes_live is the time since the start, floored",
        "minutes_live <> floor(datediff(millisecond, started_at, snapshot_at) / 60000.0) "
        "or (minutes_live is null) <> (started_at is null)",
        "SEMANTICS §2",
        *("stream_id", "snapshot_at", "started_at", "minutes_live"),
    ),
    critical(
        "the next sample is later",
        "next_snapshot_at <= snapshot_at",
        "samples of a stream are ordered by time",
        *("stream_id", "snapshot_at", "next_snapshot_at"),
    ),
    critical(
        "a count holds at most until the next sample",
        "hold_ms > coalesce(datediff(millisecond, snapshot_at, next_snapshot_at), 0)",
        "time that two samples hold is counted twice; a last sample holds for no time",
        *("stream_id", "snapshot_at", "next_snapshot_at", "hold_ms"),
    ),
)
