"""Stream samples: one row per live stream at one time at which it was collected.

Grain    one stream at one collected time
Key      stream_id, collected_at
Source   raw_stream_samples
Payload  RECORD: timestamp, stream_id, user_id, user_login, user_name, game_id, game_name, title, viewer_count,
         started_at, language, is_narrowed; _topic, _partition, _offset, _incarnation, _message_at, _key: where it was
Units    viewer_count in viewers; every *_at is UTC without zone
Rerun    a record replaces another of its key only if it is strictly greater by message_at, filled fields, values
Gaps     a message that is no sample is quarantined with its position; samples with 0 viewers stay, flagged
"""

from __future__ import annotations

from transforms import columns
from transforms.contract import BOOLEAN, INTEGER, TEXT, TIMESTAMP, Column, MergeOnKey, Table, locate_table
from transforms.formulas.keys import hash_key
from transforms.functions import DataFrame, Expression, coalesce, col, concat, datediff, floor, iff, lit
from transforms.staging.parsing import parse, replace_values

TABLE = Table(
    *locate_table(__name__),
    grain="one stream at one collected time",
    key=("stream_id", "collected_at"),
    write=MergeOnKey(newest_by=("message_at",)),
    cluster_by="collected_at",
    revision=2,
    tags=("kafka",),
    columns=(
        columns.stream_id.replace(payload="stream_id", empty_is_null=True),
        Column("collected_at", TIMESTAMP, "when the stream was observed, UTC", nullable=False, payload="timestamp"),
        columns.platform,
        columns.streamer_key.replace(
            nullable=True, description="hash of (platform, streamer_id); NULL where no id is sent"
        ),
        columns.streamer_id.replace(nullable=True, payload="user_id", empty_is_null=True),
        columns.streamer_login.replace(payload="user_login", empty_is_null=True),
        columns.streamer_name.replace(payload="user_name", empty_is_null=True),
        columns.game_id.replace(
            nullable=True, payload="game_id", description="the category's id; NULL where none is sent"
        ),
        columns.game_name.replace(payload="game_name", empty_is_null=True),
        columns.title.replace(payload="title"),
        columns.viewer_count.replace(payload="viewer_count"),
        Column("has_no_viewers", BOOLEAN, "whether nobody watched", nullable=False),
        columns.started_at.replace(payload="started_at"),
        Column("minutes_live", INTEGER, "whole minutes from started_at to collected_at"),
        columns.language.replace(payload="language", empty_is_null=True),
        columns.is_narrowed.replace(payload="is_narrowed"),
        Column("topic", TEXT, "topic it was read from", payload="_topic"),
        Column("partition_number", INTEGER, "partition of the topic", payload="_partition", minimum=0),
        Column("message_offset", INTEGER, "offset in the partition", payload="_offset", minimum=0),
        Column("incarnation", TEXT, "which topic of that name", payload="_incarnation"),
        Column("message_at", TIMESTAMP, "when the broker took the message, UTC", payload="_message_at"),
        Column("message_fault", TEXT, "why the message is no sample; NULL for one that is", payload="_fault"),
    ),
)

_MS_PER_MINUTE = 60_000


def build(raw_stream_samples: DataFrame) -> DataFrame:
    """Read the messages, typed; name those that are no samples with their position."""
    parsed = parse(raw_stream_samples, TABLE)
    judged = replace_values(parsed, TABLE, _rule=_rule(), _reason=_reason())
    live_ms = datediff("millisecond", col("started_at"), col("collected_at"))
    named = judged.select(
        "*",
        lit(columns.TWITCH).alias("platform"),
        (col("viewer_count") == lit(0)).alias("has_no_viewers"),
        floor(live_ms / lit(_MS_PER_MINUTE)).cast(INTEGER).alias("minutes_live"),
    )
    key = iff(col("streamer_id").is_null(), lit(None).cast(TEXT), hash_key("platform", "streamer_id"))
    return TABLE.select(named.select("*", key.alias("streamer_key")))


def _rule() -> Expression:
    return iff(col("message_fault").is_null(), col("_rule"), lit("message_is_a_sample"))


def _reason() -> Expression:
    """The reason, and where in the topic the message is: who sent it can be asked for it."""
    position = concat(
        lit(" (topic "),
        coalesce(col("topic"), lit("?")),
        lit(", partition "),
        coalesce(col("partition_number").cast(TEXT), lit("?")),
        lit(", offset "),
        coalesce(col("message_offset").cast(TEXT), lit("?")),
        lit(")"),
    )
    reason = iff(col("message_fault").is_null(), col("_reason"), col("message_fault"))
    return iff(reason.is_null(), lit(None).cast(TEXT), concat(reason, position))
