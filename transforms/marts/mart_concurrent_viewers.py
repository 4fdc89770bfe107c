"""Concurrent viewers at each poll: of everything, per category and per language.

Grain    one scope (all, one category, one language) at one snapshot
Key      scope, scope_id, snapshot_at
Source   fact_stream_snapshots
Units    viewers at the snapshot; every *_at is UTC without zone
Rerun    recomputes the snapshots that new rows touch
Gaps     streams with 0 viewers are not counted (SEMANTICS §2); a poll lists the top of the platform, not all of it
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from transforms import columns
from transforms.contract import DATE, INTEGER, TEXT, Column, Layer, Table
from transforms.formulas.frames import union_all
from transforms.functions import coalesce, col, count, lit, sum
from transforms.write_kinds import MergeOnKey

if TYPE_CHECKING:
    from snowflake.snowpark import Column as Expression
    from snowflake.snowpark import DataFrame

TABLE = Table(
    name="mart_concurrent_viewers",
    layer=Layer.MARTS,
    grain="one scope at one snapshot",
    key=("scope", "scope_id", "snapshot_at"),
    write=MergeOnKey(),
    recompute_by=("snapshot_at",),
    cluster_by="snapshot_at",
    tags=("twitch",),
    columns=(
        Column("scope", TEXT, "what is summed", nullable=False, accepted=("all", "game", "language")),
        Column("scope_id", TEXT, "game_id or language; all for everything; '' is none", nullable=False),
        columns.snapshot_at,
        columns.date_day,
        Column("viewers", INTEGER, "sum of viewers", nullable=False, minimum=0),
        Column("streams", INTEGER, "streams with viewers", nullable=False, minimum=1),
    ),
)


def build(fact_stream_snapshots: DataFrame) -> DataFrame:
    """Sum the viewers of each snapshot, three ways."""
    has_viewers = col("viewer_count") > lit(0)
    watched = fact_stream_snapshots.filter(has_viewers).select("snapshot_at", "game_id", "language", "viewer_count")
    scopes = {"all": lit("all"), "game": col("game_id"), "language": coalesce(col("language"), lit(""))}
    summed = [_summed(watched, scope, scope_id) for scope, scope_id in scopes.items()]
    return TABLE.select(union_all(summed))


def _summed(watched: DataFrame, scope: str, scope_id: Expression) -> DataFrame:
    scoped = watched.select(lit(scope).alias("scope"), scope_id.alias("scope_id"), "snapshot_at", "viewer_count")
    per_snapshot = scoped.group_by("scope", "scope_id", "snapshot_at").agg(
        sum("viewer_count").alias("viewers"), count(lit(1)).alias("streams")
    )
    return per_snapshot.select("*", col("snapshot_at").cast(DATE).alias("date_day"))
