"""Stream samples: one row per live stream at one collected time, minute by minute for the games that are watched.

Grain    one stream at one collected time
Key      stream_sample_key, the hash of (platform, stream_id, collected_at)
Source   stg_stream_samples
Units    viewers at that time; hold_ms in milliseconds; minutes_live in whole minutes; every *_at is UTC without zone
Rerun    recomputes the streams that new rows touch: the row before a new sample gets its next_collected_at
Gaps     a count holds until the stream's next sample, at most for the gap cap of samples; the last holds for no time
"""

from __future__ import annotations

from transforms import columns
from transforms.contract import BOOLEAN, INTEGER, TEXT, TIMESTAMP, Column, MergeOnKey, Table, locate_table
from transforms.formulas.keys import hash_key
from transforms.functions import DataFrame, Window, coalesce, col, date_part, datediff, lead, least, lit

TABLE = Table(
    *locate_table(__name__),
    grain="one stream at one collected time",
    key=("stream_sample_key",),
    write=MergeOnKey(),
    recompute_by=("stream_id",),
    cluster_by="collected_at",
    tags=("kafka",),
    columns=(
        Column("stream_sample_key", TEXT, "hash of (platform, stream_id, collected_at)", nullable=False),
        columns.platform,
        columns.stream_id,
        Column("collected_at", TIMESTAMP, "when the stream was observed, UTC", nullable=False),
        columns.streamer_key.replace(nullable=True),
        columns.streamer_id.replace(nullable=True),
        columns.streamer_name,
        columns.game_id.replace(nullable=True),
        columns.game_name,
        columns.title,
        columns.language,
        columns.viewer_count,
        Column("has_no_viewers", BOOLEAN, "whether nobody watched", nullable=False),
        columns.started_at,
        Column("minutes_live", INTEGER, "whole minutes from started_at to collected_at"),
        Column("next_collected_at", TIMESTAMP, "the stream's next sample; NULL for the last one"),
        Column("hold_ms", INTEGER, "milliseconds for which viewer_count holds", nullable=False, minimum=0),
    ),
)


def build(stg_stream_samples: DataFrame, *, sample_gap_cap_seconds: int) -> DataFrame:
    """Give every sample the time until the stream's next one, capped."""
    of_stream = Window.partition_by("platform", "stream_id").order_by("collected_at")
    followed = stg_stream_samples.select(
        "*",
        date_part("epoch_microsecond", col("collected_at")).alias("collected_us"),
        lead("collected_at").over(of_stream).alias("next_collected_at"),
    )
    until_next = datediff("millisecond", col("collected_at"), col("next_collected_at"))
    timed = followed.select(
        "*",
        hash_key("platform", "stream_id", "collected_us").alias("stream_sample_key"),
        coalesce(least(until_next, lit(sample_gap_cap_seconds * 1000)), lit(0)).alias("hold_ms"),
    )
    return TABLE.select(timed)
