"""Stream days: what one stream brought to one category on one UTC day; the daily marts are sums of it.

Grain    one stream, category and UTC day
Key      stream_id, game_id, date_day
Source   int_stream_observations
Units    viewer_ms in viewers x milliseconds, covered_ms in milliseconds
Rerun    recomputes the streams whose samples changed; days that are no longer covered are deleted
Gaps     time is split at UTC midnight; a stream counts as started on the day of started_at, else of its first sample
"""

from __future__ import annotations

from transforms import columns
from transforms.contract import BOOLEAN, DATE, INTEGER, TIMESTAMP, Column, MergeOnKey, Table, locate_table
from transforms.formulas.frames import null_of
from transforms.functions import (
    DataFrame,
    Window,
    array_generate_range,
    coalesce,
    col,
    dateadd,
    datediff,
    greatest,
    iff,
    least,
    lit,
    max,
    max_by,
    min,
    row_number,
    sum,
)

TABLE = Table(
    *locate_table(__name__),
    grain="one stream, category and UTC day",
    key=("stream_id", "game_id", "date_day"),
    write=MergeOnKey(),
    recompute_by=("stream_id",),
    cluster_by="date_day",
    revision=2,
    tags=("twitch",),
    columns=(
        columns.stream_id,
        columns.game_id.replace(references="dim_games.game_id"),
        columns.date_day.replace(references="dim_date.date_day"),
        *columns.OF_STREAMER,
        Column("samples", INTEGER, "observations made on the day", nullable=False, minimum=0),
        columns.peak_viewers.replace(
            nullable=True, description="highest sample of the day; NULL where the day only has time carried into it"
        ),
        columns.viewer_ms,
        columns.covered_ms,
        Column("is_start_day", BOOLEAN, "whether the stream began on the day, in this category", nullable=False),
    ),
)


_CARRIED = ("stream_id", "game_id", "platform", "streamer_key", "streamer_id", "viewer_count", "snapshot_at")


def build(int_stream_observations: DataFrame) -> DataFrame:
    """Split the time that each sample holds at UTC midnight, add where the stream began, and sum per day."""
    samples = _samples(int_stream_observations)
    parts = _hold_parts(samples).union_all(_starts(samples))
    per_day = parts.group_by("stream_id", "game_id", "date_day").agg(
        *[max_by(name, "snapshot_at").alias(name) for name in ("platform", "streamer_key", "streamer_id")],
        sum("is_sample").alias("samples"),
        max(iff(col("is_sample") == lit(1), col("viewer_count"), null_of(INTEGER))).alias("peak_viewers"),
        sum(col("viewer_count") * col("part_ms")).alias("viewer_ms"),
        sum("part_ms").alias("covered_ms"),
        (max("is_start") == lit(1)).alias("is_start_day"),
    )
    return TABLE.select(per_day)


def _samples(snapshots: DataFrame) -> DataFrame:
    of_stream = Window.partition_by("stream_id")
    held_until = dateadd("millisecond", col("hold_ms"), col("snapshot_at"))
    return snapshots.select(
        *_CARRIED,
        held_until.alias("held_until"),
        min("started_at").over(of_stream).alias("began_at"),
        row_number().over(of_stream.order_by("snapshot_at")).alias("sample_number"),
    )


def _hold_parts(samples: DataFrame) -> DataFrame:
    """Return one row per sample and UTC day that its time touches; the sample itself belongs to its first day."""
    counted = samples.select(
        *_CARRIED,
        "held_until",
        col("snapshot_at").cast(DATE).alias("first_day"),
        datediff("day", col("snapshot_at"), col("held_until")).alias("midnights"),
    )
    on_first_day = counted.select(*_CARRIED, "held_until", "first_day", lit(0).alias("day_offset"))
    carried_over = _parts(_days_after(counted)).filter(col("part_ms") > lit(0))
    return _parts(on_first_day).union_all(carried_over)


def _days_after(counted: DataFrame) -> DataFrame:
    """Return one row per sample and later day: few samples hold over midnight, so only those are taken apart."""
    over_midnight = counted.filter(col("midnights") > lit(0))
    offsets = array_generate_range(lit(1), col("midnights") + lit(1)).alias("offsets")
    days = over_midnight.select(*_CARRIED, "held_until", "first_day", offsets)
    each_day = days.join_table_function("flatten", col("offsets"))
    return each_day.select(*_CARRIED, "held_until", "first_day", col("value").cast(INTEGER).alias("day_offset"))


def _parts(days: DataFrame) -> DataFrame:
    """Return how long the sample holds on each day."""
    dated = days.select("*", dateadd("day", col("day_offset"), col("first_day")).cast(DATE).alias("date_day"))
    bounded = dated.select(
        "*",
        greatest(col("snapshot_at"), col("date_day").cast(TIMESTAMP)).alias("part_from"),
        least(col("held_until"), dateadd("day", lit(1), col("date_day")).cast(TIMESTAMP)).alias("part_to"),
    )
    return bounded.select(
        *_CARRIED,
        "date_day",
        datediff("millisecond", col("part_from"), col("part_to")).alias("part_ms"),
        iff(col("day_offset") == lit(0), lit(1), lit(0)).alias("is_sample"),
        lit(0).alias("is_start"),
    )


def _starts(samples: DataFrame) -> DataFrame:
    """Return one row per stream: it began on this day, in the category of its first sample."""
    return samples.filter(col("sample_number") == lit(1)).select(
        *_CARRIED,
        coalesce(col("began_at"), col("snapshot_at")).cast(DATE).alias("date_day"),
        lit(0).alias("part_ms"),
        lit(0).alias("is_sample"),
        lit(1).alias("is_start"),
    )
