"""Product events: one row per event, with the keys of who, where and in which session.

Grain    one event
Key      event_key
Source   stg_amplitude_events, int_amplitude_merges
Units    every *_at is UTC without zone; date_day is the UTC day of happened_at
Rerun    builds new events from themselves; those of users that were merged or of records that changed anew
Gaps     session_id -1 is no session; who it was is the merged user, so a late merge moves events to another user
"""

from __future__ import annotations

from transforms import columns
from transforms.contract import INTEGER, TEXT, Column, Table, locate_table
from transforms.formulas.keys import hash_key
from transforms.functions import DataFrame, Expression, coalesce, col, iff, lit
from transforms.staging import amplitude_columns as amplitude
from transforms.write_kinds import MergeOnKey, Part, Parts

NO_SESSION = -1
# Properties in which apps name the page, the first that is given counts.
PAGE_PROPERTIES = ("[Amplitude] Page Path", "page_path", "page")

TABLE = Table(
    *locate_table(__name__),
    grain="one event",
    key=("event_key",),
    write=MergeOnKey(),
    recompute_by=("amplitude_id",),
    cluster_by="uploaded_at",
    tags=("amplitude",),
    columns=(
        amplitude.event_key,
        amplitude.event_type,
        amplitude.event_at,
        amplitude.happened_at,
        columns.date_day,
        amplitude.uploaded_at,
        amplitude.is_future,
        columns.platform,
        amplitude.user_key,
        amplitude.amplitude_id,
        amplitude.merged_amplitude_id,
        amplitude.user_id,
        amplitude.known_user_id,
        amplitude.device_key,
        amplitude.device_id,
        amplitude.session_key,
        amplitude.session_id,
        amplitude.os_key,
        amplitude.location_key,
        *amplitude.CIRCUMSTANCES,
        Column("event_id", INTEGER, "number of the event on its device"),
        Column("insert_id", TEXT, "id by which Amplitude drops repeats, of the app's making"),
        amplitude.page,
        amplitude.event_properties,
    ),
)

# Each event is built from itself and the merges: only those of merged users are read again.
PARTS = Parts("platform", (Part(("stg_amplitude_events",), (columns.AMPLITUDE,), is_row_wise=True),))


def build(stg_amplitude_events: DataFrame, int_amplitude_merges: DataFrame) -> DataFrame:
    """Say whose each event is, in which session, on what and where."""
    merges = int_amplitude_merges.select(col("amplitude_id").alias("was"), col("merged_amplitude_id").alias("is_now"))
    led = stg_amplitude_events.join(merges, on=col("amplitude_id") == col("was"), how="left")
    merged = led.select("*", coalesce(col("is_now"), col("amplitude_id")).cast(INTEGER).alias("merged_amplitude_id"))
    owned = merged.select("*", hash_key("platform", "merged_amplitude_id").alias("user_key"))
    has_session = coalesce(col("session_id") != lit(NO_SESSION), lit(False))
    keyed = owned.select(
        "*",
        col("happened_at").cast(columns.date_day.type).alias("date_day"),
        _where(has_session, hash_key("user_key", "session_id")).alias("session_key"),
        _where(col("device_id").is_not_null(), hash_key("platform", "device_id")).alias("device_key"),
        hash_key("os_name", "os_version").alias("os_key"),
        hash_key("country", "region", "city", "dma").alias("location_key"),
        coalesce(*[col("event_properties")[name].cast(TEXT) for name in PAGE_PROPERTIES]).alias("page"),
    )
    return TABLE.select(keyed)


def _where(condition: Expression, value: Expression) -> Expression:
    return iff(condition, value, lit(None).cast(TEXT))
