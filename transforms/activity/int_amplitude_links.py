"""Which user a device is of: the newest user that its events named.

Grain    one device that an event with a user id came from
Key      device_id
Source   stg_amplitude_events
Units    linked_at is UTC without zone
Rerun    adds what new events tell to what is stored; recomputes the devices that changed events touch
Gaps     placeholders such as `anonymous` are nobody; a device that several people share is the newest one's
"""

from __future__ import annotations

from transforms.contract import TIMESTAMP, Column, MergeOnKey, Table, locate_table
from transforms.formulas.deduplicate import latest_per_key
from transforms.functions import DataFrame, Expression, col
from transforms.staging import amplitude_columns as amplitude

TABLE = Table(
    *locate_table(__name__),
    grain="one device that an event with a user id came from",
    key=("device_id",),
    write=MergeOnKey(),
    recompute_by=("device_id",),
    tags=("activity", "amplitude"),
    columns=(
        amplitude.device_id.replace(nullable=False),
        amplitude.known_user_id.replace(nullable=False),
        Column("linked_at", TIMESTAMP, "newest event with a user id, UTC", nullable=False),
    ),
)


def _is_link() -> Expression:
    return col("device_id").is_not_null() & col("known_user_id").is_not_null()


MATTERS = {"stg_amplitude_events": _is_link}


def build(stg_amplitude_events: DataFrame) -> DataFrame:
    """Take the newest user of each device."""
    links = stg_amplitude_events.filter(_is_link())
    return combine(links.select("device_id", "known_user_id", col("happened_at").alias("linked_at")))


def combine(links: DataFrame) -> DataFrame:
    """Take the newest; a stored row is a link like those that it came from."""
    return TABLE.select(latest_per_key(links, ("device_id",), {"linked_at": ("known_user_id",)}))
