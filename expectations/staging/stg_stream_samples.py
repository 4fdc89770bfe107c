"""Business rules of stg_stream_samples."""

from expectations.rules.rule import Computed, critical, warning

RULES = (
    warning(
        "no sample is collected before its stream started",
        "started_at > timestampadd(minute, 5, collected_at)",
        "minutes_live would be negative; clocks that differ",
        "started_at",
    ),
    critical(
        "has_no_viewers says whether nobody watched",
        "has_no_viewers <> (viewer_count = 0)",
        "readers leave out streams that nobody watches by it",
        *("viewer_count", "has_no_viewers"),
    ),
    warning(
        "a sample names its streamer and category by id",
        "streamer_id is null or game_id is null",
        "it counts in sessions and concurrent viewers only where polls of the same stream tell the rest",
        *("streamer_name", "game_name"),
    ),
    critical(
        "no position of the topic gives two samples",
        "position_rows > 1",
        "a message that was loaded twice under two keys counts twice in every measure",
        *("incarnation", "partition_number", "message_offset"),
        Computed("position_rows", "count(*) over (partition by t.incarnation, t.partition_number, t.message_offset)"),
    ),
)
