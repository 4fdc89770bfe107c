"""Amplitude's events: one row per event, whatever number of times and ways it came.

Grain    one event of one device
Key      event_key, the hash of insert_id and device_id, or of uuid where insert_id is empty
Source   raw_amplitude_events
Payload  RECORD: $insert_id (once _insert_id), uuid, event_id (once id), event_type, event_time, server_upload_time, …
Units    every *_at is UTC without zone; the offset of a zoned time is taken into account
Rerun    a record replaces another of its key only if it is strictly greater by uploaded_at, filled fields, then
         by its values
Gaps     an event dated after its upload is kept and flagged, and counts as of its upload; without an id that tells it
         from a repeat of itself it goes to the quarantine; without server_upload_time it was uploaded when it happened,
         if that is in the hour of the export, else at its begin
"""

from __future__ import annotations

from transforms import columns
from transforms.contract import INTEGER, TEXT, TIMESTAMP, VARIANT, Column, MergeOnKey, Table, locate_table
from transforms.formulas.keys import hash_key
from transforms.functions import DataFrame, Expression, coalesce, col, dateadd, iff, lit, lower, trim
from transforms.staging import amplitude_columns as amplitude
from transforms.staging.parsing import count_filled_fields, parse, refuse_also

# What apps send where they do not know who it is: not people (compared in lower case).
PLACEHOLDERS = ("", "none", "null", "nil", "undefined", "unknown", "anonymous", "nan", "n/a", "0", "-1")
_ZERO_UUID = "00000000-0000-0000-0000-000000000000"


def _text(column: Column, field: str) -> Column:
    return column.replace(payload=field, empty_is_null=True)


TABLE = Table(
    *locate_table(__name__),
    grain="one event of one device",
    key=("event_key",),
    write=MergeOnKey(newest_by=("uploaded_at", "filled_fields")),
    cluster_by="uploaded_at",
    revision=3,
    tags=("amplitude",),
    columns=(
        amplitude.event_key,
        _text(amplitude.event_type, "event_type"),
        amplitude.event_at.replace(payload="event_time"),
        amplitude.amplitude_id.replace(payload="amplitude_id"),
        amplitude.happened_at,
        amplitude.uploaded_at,
        amplitude.is_future,
        columns.snapshot_at,
        columns.platform,
        Column("amplitude_key", TEXT, "hash of (platform, amplitude_id)", nullable=False),
        Column(
            "insert_id",
            TEXT,
            "id by which Amplitude drops repeats, of the app's making",
            payload="$insert_id",
            formerly=("_insert_id",),
            empty_is_null=True,
        ),
        Column("uuid", TEXT, "id of Amplitude's making", payload="uuid", empty_is_null=True),
        Column("event_id", INTEGER, "number of the event on its device", payload="event_id", formerly=("id",)),
        _text(amplitude.user_id, "user_id"),
        amplitude.known_user_id,
        _text(amplitude.device_id, "device_id"),
        amplitude.session_id.replace(payload="session_id"),
        Column("received_at", TIMESTAMP, "when Amplitude received it, UTC", payload="server_received_time"),
        Column("stated_upload_at", TIMESTAMP, "uploaded_at as the export states it", payload="server_upload_time"),
        _text(amplitude.app_platform, "platform"),
        *[_text(column, column.name) for column in amplitude.CIRCUMSTANCES[1:]],
        amplitude.event_properties.replace(payload="event_properties"),
        Column(
            "user_properties", VARIANT, "what the app told of the user by then: an object", payload="user_properties"
        ),
        columns.filled_fields,
    ),
)


def build(raw_amplitude_events: DataFrame) -> DataFrame:
    """Read the records, typed; name each event by what repeats share, and say when it can have happened."""
    parsed = refuse_also(
        parse(raw_amplitude_events, TABLE),
        TABLE,
        "event_is_not_named",
        col("insert_id").is_null() & col("uuid").is_null(),
        lit("neither $insert_id nor uuid is given: nothing tells the event from a repeat of it"),
    )
    uploaded = parsed.select("*", coalesce(col("stated_upload_at"), _find_upload_in_hour()).alias("uploaded_at"))
    is_future = coalesce(col("event_at") > col("uploaded_at"), lit(False))
    timed = uploaded.select(
        "*",
        is_future.alias("is_future"),
        iff(is_future, col("uploaded_at"), col("event_at")).alias("happened_at"),
        lit(columns.AMPLITUDE).cast(TEXT).alias("platform"),
        count_filled_fields(TABLE),
    )
    key = iff(col("insert_id").is_null(), hash_key(lit("uuid"), "uuid"), hash_key("insert_id", "device_id"))
    return TABLE.select(
        timed.select(
            "*",
            key.alias("event_key"),
            hash_key("platform", "amplitude_id").alias("amplitude_key"),
            _find_known("user_id").alias("known_user_id"),
        )
    )


def _find_upload_in_hour() -> Expression:
    """When an event was uploaded that does not state it: the export says the hour, which snapshot_at begins."""
    is_before_end = col("event_at") < dateadd("hour", lit(1), col("snapshot_at"))
    return iff((col("event_at") > col("snapshot_at")) & is_before_end, col("event_at"), col("snapshot_at"))


def _find_known(name: str) -> Expression:
    """The id, NULL where it names nobody."""
    spelled = lower(trim(col(name)))
    names_nobody = spelled.in_(*[lit(one) for one in (*PLACEHOLDERS, _ZERO_UUID)])
    return iff(names_nobody, lit(None).cast(TEXT), col(name))
