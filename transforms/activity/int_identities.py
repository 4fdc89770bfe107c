"""Whom ids are linked to: the newest link of each id, followed to its end.

Grain    one linked id of one platform
Key      user_key, the hash of (platform, id); streamer_key is the same hash, as facts of streamers name it
Source   stg_identity_links, int_amplitude_links
Units    linked_at is UTC without zone
Rerun    reads all links and writes the differences: only who is linked otherwise moves
Gaps     a link may lead to an id that is linked itself; a circle of links ends at its least name, and a rule says so
"""

from __future__ import annotations

from transforms import columns
from transforms.activity import columns as activity_columns
from transforms.activity.definitions.identity import Spaces, first_platform, format_customer, repeat_per_platform
from transforms.contract import BOOLEAN, TEXT, TIMESTAMP, Column, Table, locate_table
from transforms.formulas.deduplicate import latest_per_key
from transforms.formulas.keys import hash_key
from transforms.functions import DataFrame, coalesce, col, least, lit
from transforms.write_kinds import Closure, Replace

_GIVEN = ("platform", "anonymous_id", "customer_platform", "customer_id", "linked_at", "snapshot_at")
_LINK = ("known_as", "platform", "anonymous_id", "customer", "linked_at")
# Of a link under way: whether its customer is linked on, and the least name that it has passed.
_WAY = {**dict.fromkeys(_LINK, TEXT), "linked_at": TIMESTAMP, "is_open": BOOLEAN, "least_passed": TEXT}

TABLE = Table(
    *locate_table(__name__),
    grain="one linked id of one platform",
    key=("user_key",),
    write=Replace(),
    revision=2,
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


def build(stg_identity_links: DataFrame, int_amplitude_links: DataFrame, *, shared_id_spaces: Spaces) -> DataFrame:
    """Take the newest link of each id; CLOSURE follows it to its end and gives it to every platform of its space."""
    given = stg_identity_links.select(*_GIVEN).union_all(_of_devices(int_amplitude_links))
    links = _newest(given, shared_id_spaces)
    others = links.select(col("known_as").alias("via"))
    led = links.join(others, on=col("customer") == col("via"), how="left")
    passed = least("known_as", "customer").alias("least_passed")
    return _on_its_way(led.select(*_LINK, col("via").is_not_null().alias("is_open"), passed))


def _on_its_way(links: DataFrame) -> DataFrame:
    return links.select(*[col(name).cast(data_type).alias(name) for name, data_type in _WAY.items()])


def _follow(links: DataFrame) -> DataFrame:
    """Each link led on by that of whom it leads to, as far again as it has come."""
    on = links.select(
        col("known_as").alias("via"),
        col("customer").alias("led_to"),
        col("is_open").alias("leads_on"),
        col("least_passed").alias("least_then"),
    )
    led = links.join(on, on=col("customer") == col("via"), how="left")
    kept = [name for name in _LINK if name != "customer"]
    onward = led.select(
        *kept,
        coalesce(col("led_to"), col("customer")).alias("customer"),
        (col("via").is_not_null() & col("leads_on")).alias("is_open"),
        coalesce(least("least_passed", "least_then"), col("least_passed")).alias("least_passed"),
    )
    return _on_its_way(onward)


def _follow_to_ends(links: DataFrame, *, shared_id_spaces: Spaces) -> DataFrame:
    """The end of each link, on every platform of the id's space; a circle ends at the least name in it."""
    circles = links.select(col("known_as").alias("via"), col("least_passed").alias("least_of_circle"))
    met = links.join(circles, on=col("is_open") & (col("customer") == col("via")), how="left")
    kept = [name for name in _LINK if name != "customer"]
    ended = met.select(*kept, coalesce(col("least_of_circle"), col("customer")).alias("customer"))
    spread = repeat_per_platform(ended, [name for name in _LINK if name != "platform"], shared_id_spaces)
    key = hash_key("platform", "anonymous_id")
    return TABLE.select(spread.select("*", key.alias("user_key"), key.alias("streamer_key")))


CLOSURE = Closure(open_column="is_open", step=_follow, finish=_follow_to_ends)


def _of_devices(int_amplitude_links: DataFrame) -> DataFrame:
    """Links of devices to the users that their events named."""
    linked = int_amplitude_links.select(
        lit(columns.AMPLITUDE_DEVICE).alias("platform"),
        col("device_id").alias("anonymous_id"),
        lit(columns.AMPLITUDE).alias("customer_platform"),
        col("known_user_id").alias("customer_id"),
        "linked_at",
        col("linked_at").alias("snapshot_at"),
    )
    return linked.select(*_GIVEN)


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
