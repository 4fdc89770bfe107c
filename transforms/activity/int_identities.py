"""Whom ids are linked to: the newest link of each id, followed to its end.

Grain    one linked id of one platform
Key      user_key, the hash of (platform, id); streamer_key is the same hash, as facts of streamers name it
Source   stg_identity_links
Units    linked_at is UTC without zone
Rerun    reads all links, which are few, and writes the differences: only who is linked otherwise moves
Gaps     a link may lead to an id that is linked itself, for up to 8 links; in a circle where it ends is arbitrary
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from transforms import columns
from transforms.activity import columns as activity_columns
from transforms.activity.definitions.identity import Spaces, first_platform, format_customer, repeat_per_platform
from transforms.contract import TEXT, TIMESTAMP, Column, Layer, Replace, Table
from transforms.formulas.deduplicate import latest_per_key
from transforms.formulas.keys import hash_key
from transforms.functions import coalesce, col

if TYPE_CHECKING:
    from snowflake.snowpark import DataFrame

_DOUBLINGS = 3  # each doubles how many links are followed
_LINK = ("known_as", "platform", "anonymous_id", "customer", "linked_at")

TABLE = Table(
    name="int_identities",
    layer=Layer.ACTIVITY,
    grain="one linked id of one platform",
    key=("user_key",),
    write=Replace(),
    tags=("activity",),
    columns=(
        columns.user_key.replace(description="hash of (platform, anonymous_id)"),
        columns.streamer_key.replace(description="the same hash, as facts of streamers name it"),
        columns.platform,
        Column("anonymous_id", TEXT, "the linked id as its source gave it", nullable=False),
        Column("known_as", TEXT, "`<platform>:<id>` of the linked id", nullable=False),
        activity_columns.customer.replace(description="`<platform>:<id>` of who it is", nullable=False),
        Column("linked_at", TIMESTAMP, "when the newest link of the id was made, UTC", nullable=False),
    ),
)


def build(stg_identity_links: DataFrame, *, shared_id_spaces: Spaces) -> DataFrame:
    """Take the newest link of each id, follow it to its end and give it to every platform of the id's space."""
    links = _newest(stg_identity_links, shared_id_spaces)
    for _ in range(_DOUBLINGS):
        links = _followed(links)
    spread = repeat_per_platform(links, [name for name in _LINK if name != "platform"], shared_id_spaces)
    key = hash_key("platform", "anonymous_id")
    return TABLE.select(spread.select("*", key.alias("user_key"), key.alias("streamer_key")))


def _newest(links: DataFrame, spaces: Spaces) -> DataFrame:
    """The newest link of each id that was not taken back."""
    customer_platform = coalesce(col("customer_platform"), col("platform"))
    named = links.select(
        first_platform(spaces).alias("platform"),
        "anonymous_id",
        format_customer(col("platform"), col("anonymous_id"), spaces).alias("known_as"),
        format_customer(customer_platform, col("customer_id"), spaces).alias("customer"),
        "linked_at",
        "snapshot_at",
    )
    key = ("known_as", "platform", "anonymous_id")
    newest = latest_per_key(named, key, {"linked_at": ("snapshot_at", "customer")})
    return newest.filter(col("customer").is_not_null()).select(*_LINK)


def _followed(links: DataFrame) -> DataFrame:
    """Each link led on by the link of whom it leads to."""
    next_links = links.select(col("known_as").alias("via"), col("customer").alias("led_to"))
    led = links.join(next_links, on=col("customer") == col("via"), how="left")
    kept = [name for name in _LINK if name != "customer"]
    return led.select(*kept, coalesce(col("led_to"), col("customer")).alias("customer")).select(*_LINK)
