"""Users: one row per Twitch user at one poll.

Grain    one user at one snapshot
Key      streamer_id, snapshot_at
Source   raw_twitch_users
Payload  RECORD: id, login, display_name, type, broadcaster_type, description, …, as declared below
Units    every *_at is UTC without zone
Rerun    a record replaces another of its key only if it is strictly greater by filled fields, then by its values
Gaps     banned and deleted users are not returned: absence says nothing (SEMANTICS §2)
"""

from __future__ import annotations

from transforms import columns
from transforms.contract import TEXT, TIMESTAMP, Column, MergeOnKey, Table, locate_table
from transforms.functions import DataFrame
from transforms.staging.parsing import name_owners, parse

TABLE = Table(
    *locate_table(__name__),
    grain="one user at one snapshot",
    key=("streamer_id", "snapshot_at"),
    write=MergeOnKey(),
    cluster_by="snapshot_at",
    revision=3,
    tags=("twitch",),
    columns=(
        columns.streamer_id.replace(payload="id", empty_is_null=True),
        columns.snapshot_at,
        columns.platform,
        columns.streamer_key,
        columns.streamer_login.replace(payload="login", empty_is_null=True),
        columns.streamer_name.replace(payload="display_name", empty_is_null=True),
        Column("user_type", TEXT, "admin, global_mod, staff, or '' for other users", payload="type"),
        columns.broadcaster_type.replace(payload="broadcaster_type"),
        columns.description.replace(payload="description"),
        columns.profile_image_url.replace(payload="profile_image_url", empty_is_null=True),
        Column("offline_image_url", TEXT, "picture while offline", payload="offline_image_url", empty_is_null=True),
        Column("account_created_at", TIMESTAMP, "when the account was made, UTC", payload="created_at"),
    ),
)


def build(raw_twitch_users: DataFrame) -> DataFrame:
    """Read the records, typed, and name the user by platform and id."""
    return name_owners(parse(raw_twitch_users, TABLE), TABLE, columns.TWITCH, streamer_key="streamer_id")
