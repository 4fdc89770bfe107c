"""Devices: one row per device, as its newest event describes it.

Grain    one device
Key      device_key, the hash of (platform, device_id)
Source   product_events
Units    every *_at is UTC without zone
Rerun    recomputes the devices whose events are new or changed
Gaps     events without a device_id are of no device; a device that several people share names the newest user
"""

from __future__ import annotations

from transforms import columns
from transforms.contract import INTEGER, Column, MergeOnKey, Table, locate_table
from transforms.functions import DataFrame, Window, col, count, count_distinct, first_value, lit, max, min
from transforms.staging import amplitude_columns as amplitude

_DEVICE = ("device_key", "platform", "device_id")
_NEWEST = ("device_family", "device_type", "app_platform", "os_key", "version_name", "user_key")

TABLE = Table(
    *locate_table(__name__),
    grain="one device",
    key=("device_key",),
    write=MergeOnKey(),
    recompute_by=("device_key",),
    tags=("amplitude",),
    columns=(
        amplitude.device_key.replace(nullable=False),
        columns.platform,
        amplitude.device_id.replace(nullable=False),
        amplitude.device_family,
        amplitude.device_type,
        amplitude.app_platform,
        amplitude.os_key.replace(description="operating system of the newest event"),
        amplitude.version_name,
        amplitude.user_key.replace(description="user of the newest event"),
        Column("user_count", INTEGER, "merged users that were on it", nullable=False, minimum=1),
        amplitude.first_event_at.replace(nullable=False),
        amplitude.last_event_at.replace(nullable=False),
        amplitude.event_count.replace(minimum=1),
    ),
)


def build(product_events: DataFrame) -> DataFrame:
    """Gather each device's events; the newest one describes it."""
    events = product_events.filter(col("device_key").is_not_null())
    backward = Window.partition_by("device_key").order_by(
        col("happened_at").desc(), col("event_id").desc(), col("event_key").desc()
    )
    told = events.select(
        *_DEVICE,
        "happened_at",
        col("user_key").alias("one_of_its_users"),
        *[first_value(name).over(backward).alias(name) for name in _NEWEST],
    )
    per_device = told.group_by(*_DEVICE, *_NEWEST).agg(
        count_distinct("one_of_its_users").alias("user_count"),
        min("happened_at").alias("first_event_at"),
        max("happened_at").alias("last_event_at"),
        count(lit(1)).alias("event_count"),
    )
    return TABLE.select(per_device)
