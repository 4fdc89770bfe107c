"""Logged streams: what the live logs say of each broadcast.

Grain    one logged stream
Key      stream_id
Source   stg_livelogs_streams
Units    *_seconds as their name says, duration_minutes rounded up; every *_at is UTC without zone
Rerun    recomputes the streams that new rows name; a later read corrects an earlier one, whenever it arrives
Gaps     close_by is Other where the log does not say it; a stream that is gone from a later read stays as it was
"""

from __future__ import annotations

from transforms import columns
from transforms.contract import FLOAT, INTEGER, Column, MergeOnKey, Table, locate_table
from transforms.formulas.deduplicate import latest_per_key
from transforms.functions import DataFrame, ceil, coalesce, col, datediff, lit
from transforms.staging import livelogs_columns as logged

NOT_TOLD = "Other"
_SECONDS_OF_A_MINUTE, _MS_OF_A_SECOND = 60, 1000

TABLE = Table(
    *locate_table(__name__),
    grain="one logged stream",
    key=("stream_id",),
    write=MergeOnKey(),
    recompute_by=("stream_id",),
    cluster_by="started_at",
    tags=("livelogs",),
    columns=(
        columns.stream_id,
        *columns.OF_STREAMER,
        logged.drop_payload(logged.started_at),
        logged.drop_payload(logged.ended_at),
        logged.drop_payload(logged.duration_seconds),
        Column("duration_minutes", INTEGER, "duration_seconds in minutes, rounded up", minimum=0),
        logged.drop_payload(logged.close_by).replace(
            nullable=False, description=f"what ended the broadcast; {NOT_TOLD} where the log does not say it"
        ),
        logged.drop_payload(logged.max_viewers),
        logged.drop_payload(logged.max_viewers_at),
        Column("seconds_to_peak", FLOAT, "from started_at to max_viewers_at"),
        *[logged.drop_payload(column) for column in logged.OF_STREAM],
    ),
)

_READ = [c.name for c in TABLE.columns if c.name not in ("stream_id", "duration_minutes", "seconds_to_peak")]


def build(stg_livelogs_streams: DataFrame) -> DataFrame:
    """Take the newest observation of each stream, with its length in minutes and its time to the peak."""
    newest = latest_per_key(stg_livelogs_streams, ("stream_id",), {"snapshot_at": _READ})
    others = [name for name in _READ if name != "close_by"]
    milliseconds_to_peak = datediff("millisecond", col("started_at"), col("max_viewers_at"))
    return TABLE.select(
        newest.select(
            "stream_id",
            *others,
            coalesce(col("close_by"), lit(NOT_TOLD)).alias("close_by"),
            ceil(col("duration_seconds") / lit(_SECONDS_OF_A_MINUTE)).alias("duration_minutes"),
            (milliseconds_to_peak.cast(FLOAT) / lit(float(_MS_OF_A_SECOND))).alias("seconds_to_peak"),
        )
    )
