"""Which user an amplitude_id is today: the newest merge of each, followed to its end.

Grain    one amplitude_id that was merged
Key      amplitude_id
Source   stg_amplitude_merged_ids
Units    merged_at is UTC without zone
Rerun    reads all merges, which are few beside events, and writes the differences: only who is merged otherwise moves
Gaps     a merge may lead to an id that was merged itself, for up to 8 merges; in a circle where it ends is arbitrary
"""

from __future__ import annotations

from transforms.contract import TIMESTAMP, Column, Replace, Table, locate_table
from transforms.formulas.deduplicate import latest_per_key
from transforms.functions import DataFrame, coalesce, col
from transforms.staging import amplitude_columns as amplitude

_DOUBLINGS = 3  # each doubles how many merges are followed
_MERGE = ("amplitude_id", "merged_amplitude_id", "merged_at")

TABLE = Table(
    *locate_table(__name__),
    grain="one amplitude_id that was merged",
    key=("amplitude_id",),
    write=Replace(),
    tags=("amplitude",),
    columns=(
        amplitude.amplitude_id.replace(description="user that was"),
        amplitude.merged_amplitude_id.replace(description="user that it is now"),
        Column("merged_at", TIMESTAMP, "when it was merged, UTC", nullable=False),
    ),
)


def build(stg_amplitude_merged_ids: DataFrame) -> DataFrame:
    """Take the newest merge of each id and follow it to its end."""
    newest = {"merged_at": ("snapshot_at", "merged_amplitude_id")}
    merges = latest_per_key(stg_amplitude_merged_ids, ("amplitude_id",), newest).select(*_MERGE)
    for _ in range(_DOUBLINGS):
        merges = _follow(merges)
    return TABLE.select(merges)


def _follow(merges: DataFrame) -> DataFrame:
    """Each merge led on by the merge of the user that it leads to."""
    following = merges.select(col("amplitude_id").alias("via"), col("merged_amplitude_id").alias("led_to"))
    led = merges.join(following, on=col("merged_amplitude_id") == col("via"), how="left")
    end = coalesce(col("led_to"), col("merged_amplitude_id")).alias("merged_amplitude_id")
    return led.select("amplitude_id", end, "merged_at").select(*_MERGE)
