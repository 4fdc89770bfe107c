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
from transforms.contract import TEXT, TIMESTAMP, Column, Layer, Table
from transforms.formulas.deduplicate import latest_per_key
from transforms.formulas.frames import null_of, union_all
from transforms.functions import DataFrame, col, iff, lit
from transforms.write_kinds import MergeOnKey

NO_CATEGORY = "No category"

TABLE = Table(
    name="dim_games",
    layer=Layer.MARTS,
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
    no_details = [null_of(TABLE.column(name).type).alias(name) for name in _DETAILS]
    games = stg_twitch_games.select(*_observe(), *_DETAILS, col("snapshot_at").alias("details_seen_at"))
    without_details = (*no_details, null_of(TIMESTAMP).alias("details_seen_at"))
    polled = stg_twitch_streams.select(*_observe(), *without_details)
    has_game = col("game_id").is_not_null()
    sampled = stg_stream_samples.filter(has_game).select(*_observe("collected_at"), *without_details)
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


def _observe(at: str = "snapshot_at") -> list:  # type: ignore[type-arg]
    name = iff(col("game_id") == lit(""), lit(NO_CATEGORY), col("game_name"))
    return [
        col("game_id"),
        name.cast(TEXT).alias("game_name"),
        iff(name.is_not_null(), col(at), null_of(TIMESTAMP)).alias("named_at"),
        col(at).alias("first_seen_at"),
        col(at).alias("last_seen_at"),
    ]
