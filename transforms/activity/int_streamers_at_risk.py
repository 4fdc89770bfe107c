"""Streamers at risk: those whose moment has come, going by the newest broadcast of each of their platforms.

Grain    one streamer at risk
Key      person
Source   int_streamer_risk
Units    counts; at_risk_at is UTC without zone
Rerun    reads all streamers, as time alone puts them at risk, and writes the differences: whose moment has come since
Gaps     nobody is at risk after the newest broadcast of a platform of theirs: what no data tells is held against nobody
"""

from __future__ import annotations

from transforms.activity.int_streamer_risk import COUNTS, TABLE as RISK
from transforms.contract import TIMESTAMP, Column, Replace, Table, locate_table
from transforms.functions import DataFrame, Window, col, max, min

_MOMENT = ("at_risk_at", "reason", *COUNTS)

TABLE = Table(
    *locate_table(__name__),
    grain="one streamer at risk",
    key=("person",),
    write=Replace(),
    tags=("activity",),
    columns=(
        RISK.column("person"),
        Column("known_until", TIMESTAMP, "up to when the data of all their platforms goes, UTC", nullable=False),
        *[RISK.column(name).replace(nullable=False) for name in _MOMENT],
    ),
)


def build(int_streamer_risk: DataFrame) -> DataFrame:
    """Build the moments that are not later than the newest broadcast of any of the streamer's platforms."""
    newest = max("newest_stream_at").over(Window.partition_by("platform"))
    dated = int_streamer_risk.select("*", newest.alias("newest_of_platform"))
    per_person = dated.group_by("person", *_MOMENT).agg(min("newest_of_platform").alias("known_until"))
    return TABLE.select(per_person.filter(col("at_risk_at") <= col("known_until")))
