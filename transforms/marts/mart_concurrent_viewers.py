"""Concurrent viewers at each poll: of everything, per category and per language; of watched games each minute.

Grain    one scope (all, one category, one language) at one snapshot, of a poll or of samples
Key      scope, scope_id, snapshot_at
Source   int_stream_observations
Units    viewers at the snapshot; every *_at is UTC without zone
Rerun    recomputes the snapshots that new rows touch
Gaps     streams with 0 viewers are not counted (SEMANTICS §2); a poll lists the top of the platform, not all of it;
         samples see watched games: at their times there are rows of those categories alone, and none where only some
         languages or logins were sampled
"""

from __future__ import annotations

from transforms import columns
from transforms.contract import DATE, INTEGER, TEXT, Column, MergeOnKey, Table, locate_table
from transforms.formulas.frames import union_all
from transforms.functions import DataFrame, Expression, coalesce, col, count, in_, lit, sum

TABLE = Table(
    *locate_table(__name__),
    grain="one scope at one snapshot",
    key=("scope", "scope_id", "snapshot_at"),
    write=MergeOnKey(),
    recompute_by=("snapshot_at",),
    cluster_by="snapshot_at",
    revision=2,
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


def build(int_stream_observations: DataFrame) -> DataFrame:
    """Sum the viewers at each time, three ways; where only watched games were sampled, those games alone."""
    has_viewers = col("viewer_count") > lit(0)
    seen = ("snapshot_at", "game_id", "language", "viewer_count", "is_poll", "is_narrowed")
    polls = int_stream_observations.filter(col("is_poll")).select("snapshot_at")
    watched = int_stream_observations.filter(has_viewers).select(*seen)
    of_polls, of_games = _split_by_poll(watched, in_([col("snapshot_at")], polls))
    scopes = (
        _sum_viewers(of_polls, "all", lit("all")),
        _sum_viewers(of_polls, "language", coalesce(col("language"), lit(""))),
        _sum_viewers(of_polls.union_all(of_games), "game", col("game_id")),
    )
    return TABLE.select(union_all(scopes))


def _split_by_poll(watched: DataFrame, is_polled_time: Expression) -> tuple[DataFrame, DataFrame]:
    """Return what was seen when the platform was polled, and when whole categories were sampled and nothing else."""
    polled, sampled = watched.filter(col("is_poll")), watched.filter(~col("is_poll"))
    of_polls = polled.union_all(sampled.filter(is_polled_time))
    return of_polls, sampled.filter(~is_polled_time & ~col("is_narrowed"))


def _sum_viewers(watched: DataFrame, scope: str, scope_id: Expression) -> DataFrame:
    scoped = watched.select(lit(scope).alias("scope"), scope_id.alias("scope_id"), "snapshot_at", "viewer_count")
    per_snapshot = scoped.group_by("scope", "scope_id", "snapshot_at").agg(
        sum("viewer_count").alias("viewers"), count(lit(1)).alias("streams")
    )
    return per_snapshot.select("*", col("snapshot_at").cast(DATE).alias("date_day"))
