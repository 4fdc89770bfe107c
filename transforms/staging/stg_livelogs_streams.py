"""Logged streams: one row per stream in one read of the tab LOGS.

Grain    one stream in one read
Key      stream_id, snapshot_at
Source   raw_livelogs_streams
Payload  RECORD: liveStreamID, beginTime, endTime, duration, userID, …, as declared in livelogs_columns
Units    durations in seconds; every *_at is UTC without zone, spelled `2020-06-20 18:47:14.5 UTC` by the source
Rerun    a record replaces another of its key only if it is strictly greater by filled fields, then by its values
Gaps     close_by is NULL where the log does not say it; a stream that is gone from a later read says nothing
"""

from __future__ import annotations

from transforms import columns
from transforms.contract import MergeOnKey, Table, locate_table
from transforms.functions import DataFrame
from transforms.staging import livelogs_columns as logged
from transforms.staging.parsing import name_owners, parse

TABLE = Table(
    *locate_table(__name__),
    grain="one stream in one read",
    key=("stream_id", "snapshot_at"),
    write=MergeOnKey(newest_by=("filled_fields",)),
    cluster_by="snapshot_at",
    revision=3,
    tags=("livelogs",),
    columns=(
        columns.stream_id.replace(payload="liveStreamID", empty_is_null=True),
        columns.snapshot_at,
        columns.platform,
        columns.streamer_key,
        columns.streamer_id.replace(payload="userID", empty_is_null=True),
        logged.started_at,
        logged.ended_at,
        logged.duration_seconds,
        logged.close_by,
        logged.max_viewers,
        logged.max_viewers_at,
        *logged.OF_STREAM,
        columns.filled_fields,
    ),
)


def build(raw_livelogs_streams: DataFrame, *, decimal_comma: bool = False) -> DataFrame:
    """Read the records, typed, and name the streamer by platform and id."""
    parsed = parse(raw_livelogs_streams, TABLE, decimal_comma=decimal_comma)
    return name_owners(parsed, TABLE, columns.LIVELOGS, streamer_key="streamer_id")
