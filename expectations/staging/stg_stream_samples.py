"""Business rules of stg_stream_samples."""

from __future__ import annotations

from expectations.rules.rule import CRITICAL, WARNING, Computed, Rule

RULES = (
    Rule(
        name="no sample is collected before its stream started",
        fails="started_at > timestampadd(minute, 5, collected_at)",
        severity=WARNING,
        reason="minutes_live would be negative; clocks that differ",
        shows=("started_at",),
    ),
    Rule(
        name="has_no_viewers says whether nobody watched",
        fails="has_no_viewers <> (viewer_count = 0)",
        severity=CRITICAL,
        reason="readers leave out streams that nobody watches by it",
        shows=("viewer_count", "has_no_viewers"),
    ),
    Rule(
        name="a sample names its streamer and category by id",
        fails="streamer_id is null or game_id is null",
        severity=WARNING,
        reason="it counts in sessions and concurrent viewers only where polls of the same stream tell the rest",
        shows=("streamer_name", "game_name"),
    ),
    Rule(
        name="no position of the topic gives two samples",
        fails="position_rows > 1",
        severity=CRITICAL,
        reason="a message that was loaded twice under two keys counts twice in every measure",
        shows=("incarnation", "partition_number", "message_offset"),
        helpers=(
            Computed(
                "position_rows",
                "count(*) over (partition by t.incarnation, t.partition_number, t.message_offset)",
            ),
        ),
    ),
)
