"""Twitch's users as Helix sent them.

Grain    one record of a Get Users answer
Key      _source_file, _source_row
Source   landing files twitch/users
Units    nothing is interpreted; _snapshot_at is the poll's time, UTC
Rerun    a landing file loads once; rows are never changed or deleted
Gaps     banned and deleted users are not returned; the poll's record in OPS.POLLS counts them
"""

from transforms.raw import declare_source_table

TABLE = declare_source_table(
    "twitch/users",
    grain="one record of a Get Users answer",
    fields="""
        id login display_name type broadcaster_type description profile_image_url offline_image_url view_count
        created_at
    """,
)
