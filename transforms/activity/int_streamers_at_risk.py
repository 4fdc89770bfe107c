"""Streamers at risk: those whose moment has come, going by the newest broadcast of their platform.

Grain    one streamer at risk
Key      person
Source   int_streamer_risk
Units    counts; at_risk_at is UTC without zone
Rerun    reads all streamers, as time alone puts them at risk, and writes the differences: whose moment has come since
Gaps     nobody is at risk after the platform's newest broadcast: what no data tells of is not held against anybody
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from snowflake.snowpark import Window
from snowflake.snowpark.functions import col, max  # noqa: A004

from transforms.activity.int_streamer_risk import COUNTS
from transforms.activity.int_streamer_risk import TABLE as RISK
from transforms.contract import Layer, Replace, Table

if TYPE_CHECKING:
    from snowflake.snowpark import DataFrame

TABLE = Table(
    name="int_streamers_at_risk",
    layer=Layer.ACTIVITY,
    grain="one streamer at risk",
    key=("person",),
    write=Replace(),
    tags=("activity",),
    columns=(
        RISK.column("person"),
        RISK.column("platform"),
        *[RISK.column(name).but(nullable=False) for name in ("at_risk_at", "reason", *COUNTS)],
    ),
)


def build(int_streamer_risk: DataFrame) -> DataFrame:
    """The moments that are not later than the platform's newest broadcast."""
    newest = max("newest_stream_at").over(Window.partition_by("platform"))
    dated = int_streamer_risk.select("*", newest.alias("newest_of_platform"))
    return TABLE.select(dated.filter(col("at_risk_at") <= col("newest_of_platform")))
