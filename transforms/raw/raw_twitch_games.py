"""Twitch's categories as Helix sent them.

Grain    one record of a Get Games answer
Key      _source_file, _source_row
Source   landing files twitch/games
Units    nothing is interpreted; _snapshot_at is the poll's time, UTC
Rerun    a landing file loads once; rows are never changed or deleted
Gaps     ids that Twitch no longer knows are not returned; the poll's record in OPS.POLLS counts them
"""

from transforms.raw import declare_source_table

TABLE = declare_source_table(
    "twitch/games", grain="one record of a Get Games answer", fields="id name box_art_url igdb_id"
)
