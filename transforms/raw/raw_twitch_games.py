"""Twitch's categories as Helix sent them.

Grain    one record of a Get Games answer
Key      _source_file, _source_row
Source   landing files twitch/games
Units    nothing is interpreted; _snapshot_at is the poll's time, UTC
Rerun    a landing file loads once; rows are never changed or deleted
Gaps     ids that Twitch no longer knows are not returned; the poll's record in OPS.POLLS counts them
"""

from __future__ import annotations

from transforms.contract import RAW_COLUMNS, Append, Layer, Table

TABLE = Table(
    name="raw_twitch_games",
    layer=Layer.RAW,
    grain="one record of a Get Games answer",
    key=("_source_file", "_source_row"),
    columns=RAW_COLUMNS,
    write=Append(),
    tags=("twitch",),
    source="twitch/games",
    fields=("id", "name", "box_art_url", "igdb_id"),
)
