"""Twitch's live streams as Helix sent them.

Grain    one record of a Get Streams page
Key      _source_file, _source_row
Source   landing files twitch/streams
Units    nothing is interpreted; _snapshot_at is the poll's time, UTC
Rerun    a landing file loads once; rows are never changed or deleted
Gaps     the listing misses streams that move between pages while it is read (SEMANTICS §2)
"""

from transforms.raw import declare_source_table

TABLE = declare_source_table(
    "twitch/streams",
    grain="one record of a Get Streams page",
    fields="""
        id user_id user_login user_name game_id game_name type title viewer_count started_at language thumbnail_url
        tag_ids tags is_mature
    """,
)
