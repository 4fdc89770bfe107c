"""Categories as they are known now.

Grain    one category
Key      game_id; '' is the member for streams without a category
Source   stg_twitch_games, stg_twitch_streams, stg_stream_samples
Units    every *_at is UTC without zone
Rerun    new observations replace older ones only; late ones fill what they are the newest for
Gaps     categories that the games listing never returned are known by their streams alone: details_seen_at is NULL
"""

from __future__ import annotations

from transforms import columns
from transforms.contract import TIMESTAMP, Column, MergeOnKey, Table, locate_table
from transforms.formulas.deduplicate import latest_per_key, observe
from transforms.formulas.frames import null_of, union_all
from transforms.functions import DataFrame, Expression, col, iff, lit

NO_CATEGORY = "No category"

TABLE = Table(
    *locate_table(__name__),
    grain="one category",
    key=("game_id",),
    write=MergeOnKey(),
    recompute_by=("game_id",),
    revision=2,
    tags=("twitch", "kafka"),
    columns=(
        columns.game_id,
        columns.game_name,
        Column("named_at", TIMESTAMP, "newest snapshot that gave the name"),
        columns.box_art_url,
        columns.igdb_id,
        Column("details_seen_at", TIMESTAMP, "newest snapshot whose games listing returned the category"),
        columns.first_seen_at,
        columns.last_seen_at,
    ),
)

_DETAILS = ("box_art_url", "igdb_id")


def build(stg_twitch_games: DataFrame, stg_twitch_streams: DataFrame, stg_stream_samples: DataFrame) -> DataFrame:
    """Take the newest name from polls, samples and the games listing, and the newest details from that."""
    games = observe(TABLE, stg_twitch_games, _DETAILS, {**_name(), "details_seen_at": col("snapshot_at")})
    polled = observe(TABLE, stg_twitch_streams, (), _name())
    of_games = stg_stream_samples.filter(col("game_id").is_not_null())
    sampled = observe(TABLE, of_games, (), _name("collected_at"), "collected_at")
    return combine(union_all([games, polled, sampled]))


def combine(observations: DataFrame) -> DataFrame:
    """Take the newest name and details of each; a stored row is an observation like those that it came from."""
    newest = latest_per_key(
        observations,
        ("game_id",),
        {"named_at": ("game_name",), "details_seen_at": _DETAILS},
        lowest=("first_seen_at",),
        highest=("last_seen_at",),
    )
    return TABLE.select(newest)


def _name(at: str = "snapshot_at") -> dict[str, Expression]:
    name = iff(col("game_id") == lit(""), lit(NO_CATEGORY), col("game_name"))
    return {"game_name": name, "named_at": iff(name.is_not_null(), col(at), null_of(TIMESTAMP))}
