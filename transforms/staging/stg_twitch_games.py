"""Categories: one row per Twitch category at one poll.

Grain    one category at one snapshot
Key      game_id, snapshot_at
Source   raw_twitch_games
Payload  RECORD: id, name, box_art_url, igdb_id
Units    every *_at is UTC without zone
Rerun    a record replaces another of its key only if it is strictly greater by filled fields, then by its values
Gaps     ids that Twitch no longer knows are not returned: absence says nothing (SEMANTICS §2)
"""

from __future__ import annotations

from transforms import columns
from transforms.contract import MergeOnKey, Table, locate_table
from transforms.functions import DataFrame
from transforms.staging.parsing import parse

TABLE = Table(
    *locate_table(__name__),
    grain="one category at one snapshot",
    key=("game_id", "snapshot_at"),
    write=MergeOnKey(),
    cluster_by="snapshot_at",
    revision=3,
    tags=("twitch",),
    columns=(
        columns.game_id.replace(payload="id", empty_is_null=True),
        columns.snapshot_at,
        columns.game_name.replace(payload="name", empty_is_null=True),
        columns.box_art_url.replace(payload="box_art_url", empty_is_null=True),
        columns.igdb_id.replace(payload="igdb_id", empty_is_null=True),
    ),
)


def build(raw_twitch_games: DataFrame) -> DataFrame:
    """Read the records, typed."""
    return TABLE.select(parse(raw_twitch_games, TABLE))
