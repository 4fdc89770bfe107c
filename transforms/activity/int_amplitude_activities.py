"""Amplitude's events as activities of viewers: each with every property of its type, and who did it.

Grain    one event
Key      activity_id, the hash of the event type and event_key
Source   stg_amplitude_events, int_amplitude_properties
Units    ts is UTC without zone: when the event happened
Rerun    builds new events from themselves; all events of a type that has a new property
Gaps     an event with a user id is that user's; one without is its device's, until int_identities knows the user;
         what was published and comes back is no activity a second time
"""

from __future__ import annotations

from transforms import columns
from transforms.activity import columns as activity_columns
from transforms.activity.int_amplitude_properties import TYPE_ITSELF, is_foreign
from transforms.contract import BOOLEAN, TEXT, Column, Table, locate_table, money
from transforms.formulas.keys import hash_key
from transforms.functions import (
    DataFrame,
    coalesce,
    col,
    concat,
    get,
    iff,
    listagg,
    lit,
    parse_json,
    to_json,
    to_variant,
)
from transforms.staging import amplitude_columns as amplitude
from transforms.write_kinds import MergeOnKey, Part, Parts

TABLE = Table(
    *locate_table(__name__),
    grain="one event",
    key=("activity_id",),
    write=MergeOnKey(),
    recompute_by=("event_type",),
    cluster_by="uploaded_at",
    tags=("activity", "amplitude"),
    columns=(
        activity_columns.activity_id,
        amplitude.event_key,
        amplitude.event_type,
        amplitude.uploaded_at,
        columns.user_key,
        columns.user_id,
        columns.platform,
        activity_columns.ts,
        activity_columns.activity,
        activity_columns.feature_json,
        activity_columns.revenue_impact,
        Column("is_anonymous", BOOLEAN, "only the device is known", nullable=False),
    ),
)

PLATFORMS = (columns.AMPLITUDE, columns.AMPLITUDE_DEVICE)
PARTS = Parts("platform", (Part(("stg_amplitude_events",), PLATFORMS, is_row_wise=True),))
MATTERS = {"stg_amplitude_events": is_foreign}


def build(stg_amplitude_events: DataFrame, int_amplitude_properties: DataFrame) -> DataFrame:
    """Give each event the key set of its type, NULL where it does not tell a property."""
    events = stg_amplitude_events.filter(is_foreign())
    features = _features(events, int_amplitude_properties)
    told = events.join(features, on=col("event_key") == col("of_event"), how="left")
    is_anonymous = col("known_user_id").is_null()
    owned = told.select(
        *("event_key", "event_type", "uploaded_at"),
        hash_key("event_type", lit(columns.AMPLITUDE), "event_key").alias("activity_id"),
        iff(is_anonymous, lit(columns.AMPLITUDE_DEVICE), lit(columns.AMPLITUDE)).cast(TEXT).alias("platform"),
        coalesce(col("known_user_id"), col("device_id"), lit("")).alias("user_id"),
        col("happened_at").alias("ts"),
        col("event_type").alias("activity"),
        parse_json(coalesce(col("spelled"), lit("{}"))).alias("feature_json"),
        lit(None).cast(money()).alias("revenue_impact"),
        is_anonymous.alias("is_anonymous"),
    )
    return TABLE.select(owned.select("*", hash_key("platform", "user_id").alias("user_key")))


def _features(events: DataFrame, properties: DataFrame) -> DataFrame:
    """The features of each event whose type has some, as JSON with the keys in order, so that equal ones are equal."""
    keys = properties.filter(col("property") != lit(TYPE_ITSELF)).select(col("event_type").alias("of_type"), "property")
    each = events.select("event_key", "event_type", "event_properties").join(
        keys, on=col("event_type") == col("of_type"), how="inner"
    )
    value = coalesce(to_json(get(col("event_properties"), col("property"))), lit("null"))
    pairs = each.select(
        col("event_key").alias("of_event"),
        "property",
        concat(to_json(to_variant(col("property"))), lit(":"), value).alias("pair"),
    )
    listed = listagg("pair", ",").within_group(col("property").asc())
    return pairs.group_by("of_event").agg(concat(lit("{"), listed, lit("}")).alias("spelled"))
