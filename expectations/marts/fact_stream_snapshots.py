"""Business rules of fact_stream_snapshots."""

from expectations.rules.rule import CRITICAL, WARNING, Computed, Rule

RULES = (
    Rule(
        name="a stream has one row at a snapshot",
        fails="_samples > 1",
        severity=CRITICAL,
        reason="Helix repeats streams across pages; a second row would count its viewers twice",
        shows=("stream_id", "snapshot_at"),
        helpers=(Computed("_samples", "count(*) over (partition by t.platform, t.stream_id, t.snapshot_at)"),),
    ),
    Rule(
        name="minutes_live is not negative",
        fails="minutes_live < 0",
        severity=WARNING,
        reason="the snapshot is before the stream's start: clocks differ, or a file's time is wrong",
        shows=("stream_id", "snapshot_at", "started_at", "minutes_live"),
    ),
    Rule(
        name="minutes_live is the time since the start, floored",
        fails="minutes_live <> floor(datediff(millisecond, started_at, snapshot_at) / 60000.0) "
        "or (minutes_live is null) <> (started_at is null)",
        severity=CRITICAL,
        reason="SEMANTICS §2",
        shows=("stream_id", "snapshot_at", "started_at", "minutes_live"),
    ),
    Rule(
        name="the next sample is later",
        fails="next_snapshot_at <= snapshot_at",
        severity=CRITICAL,
        reason="samples of a stream are ordered by time",
        shows=("stream_id", "snapshot_at", "next_snapshot_at"),
    ),
    Rule(
        name="a count holds at most until the next sample",
        fails="hold_ms > coalesce(datediff(millisecond, snapshot_at, next_snapshot_at), 0)",
        severity=CRITICAL,
        reason="time that two samples hold is counted twice; a last sample holds for no time",
        shows=("stream_id", "snapshot_at", "next_snapshot_at", "hold_ms"),
    ),
)
