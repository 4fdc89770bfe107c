"""Streamers over time: what each called and described itself.

Grain    one version of one streamer, [valid_from, valid_to)
Key      streamer_key, valid_from; streamer_key is the hash of (platform, streamer_id)
Source   stg_twitch_users
Units    every *_at is UTC without zone
Rerun    late snapshots are spliced in at their place; the same observations in any order give the same versions
Gaps     banned and deleted users are not returned: absence ends nothing (SEMANTICS §2); changes between two polls count
         from the poll that saw them
"""

from __future__ import annotations

from transforms import columns
from transforms.contract import TIMESTAMP, VERSION_COLUMNS, Column, History, Strategy, Table, locate_table
from transforms.functions import DataFrame

TABLE = Table(
    *locate_table(__name__),
    grain="one version of one streamer",
    key=("streamer_key", "valid_from"),
    write=History(
        strategy=Strategy.CHECK,
        tracked=("streamer_login", "streamer_name", "description", "broadcaster_type", "profile_image_url"),
        named_by=("streamer_id",),
    ),
    recompute_by=("streamer_key",),
    cluster_by="valid_from",
    tags=("twitch",),
    columns=(
        columns.streamer_key,
        columns.platform,
        columns.streamer_id,
        columns.streamer_login,
        columns.streamer_name,
        columns.description,
        columns.broadcaster_type,
        columns.profile_image_url,
        Column("account_created_at", TIMESTAMP, "when the account was made, UTC"),
        *VERSION_COLUMNS,
    ),
)


def build(stg_twitch_users: DataFrame) -> DataFrame:
    """Take every poll that returned a streamer as an observation of it."""
    return TABLE.observe(stg_twitch_users)
