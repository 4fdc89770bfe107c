"""Twitch's users as Helix sent them.

Grain    one record of a Get Users answer
Key      _source_file, _source_row
Source   landing files twitch/users
Units    nothing is interpreted; _snapshot_at is the poll's time, UTC
Rerun    a landing file loads once; rows are never changed or deleted
Gaps     banned and deleted users are not returned; the poll's record in OPS.POLLS counts them
"""

from __future__ import annotations

from transforms.contract import RAW_COLUMNS, Append, Layer, Table

TABLE = Table(
    name="raw_twitch_users",
    layer=Layer.RAW,
    grain="one record of a Get Users answer",
    key=("_source_file", "_source_row"),
    columns=RAW_COLUMNS,
    write=Append(),
    tags=("twitch",),
    source="twitch/users",
    fields=(
        "id",
        "login",
        "display_name",
        "type",
        "broadcaster_type",
        "description",
        "profile_image_url",
        "offline_image_url",
        "view_count",
        "created_at",
    ),
)
