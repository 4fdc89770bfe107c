"""What streamers did, event by event: not numbered yet, and without what it amounts to.

Grain    one event of one streamer
Key      activity_id, the hash of the activity and its business key
Source   fact_stream_sessions, int_stream_ends, fact_live_streams, fact_gifts, channel_history, dim_streamers,
         int_identities
Units    revenue_impact in the currency of the setting SNOWCAST_POINT_VALUE; every time is UTC without zone
Rerun    adds new gifts; recomputes a streamer's broadcasts or changes of channel where one is new, and everything of
         the streamers that renamed channels and links touch
Gaps     an event without a time, or of nobody, goes to the quarantine; only Twitch's channels have an address
"""

from __future__ import annotations

from decimal import Decimal

from transforms import columns
from transforms.activity import columns as activity_columns
from transforms.activity.definitions.events import OF_STREAMER, collect_events, split_parts, validate_events
from transforms.activity.definitions.identity import Spaces, add_persons
from transforms.activity.definitions.streamer import ACTIVITIES
from transforms.contract import MergeOnKey, Table, locate_table
from transforms.functions import DataFrame, col, concat, lit

TABLE = Table(
    *locate_table(__name__),
    grain="one event of one streamer",
    key=("activity_id",),
    write=MergeOnKey(),
    recompute_by=("streamer_key",),
    refuses_rows=True,
    tags=("activity",),
    cluster_by="ts",
    columns=(*activity_columns.EVENT, *columns.STREAMER),
)

PARTS = split_parts(ACTIVITIES)
MATTERS = {"dim_streamers": lambda: col("platform") == columns.TWITCH}  # only their channels have an address
_CHANNELS = "https://www.twitch.tv/"


def build(
    fact_stream_sessions: DataFrame,
    int_stream_ends: DataFrame,
    fact_live_streams: DataFrame,
    fact_gifts: DataFrame,
    channel_history: DataFrame,
    dim_streamers: DataFrame,
    int_identities: DataFrame,
    *,
    gap_cap_seconds: int,
    point_value: Decimal | None,
    shared_id_spaces: Spaces,
) -> DataFrame:
    """Gather the activities of streamers, say who did them and where a person can see it."""
    given = {
        "fact_stream_sessions": fact_stream_sessions,
        "int_stream_ends": int_stream_ends,
        "fact_live_streams": fact_live_streams,
        "fact_gifts": fact_gifts,
        "channel_history": channel_history,
        "gap_cap_seconds": gap_cap_seconds,
        "point_value": point_value,
    }
    named = add_persons(collect_events(ACTIVITIES, given), int_identities, OF_STREAMER, shared_id_spaces)
    # A streamer without a login has no address.
    channels = dim_streamers.filter(col("platform") == lit(columns.TWITCH)).select(
        col("streamer_key").alias("channel_key"), concat(lit(_CHANNELS), col("streamer_login")).alias("link")
    )
    linked = named.join(channels, on=col("streamer_key") == col("channel_key"), how="left")
    return TABLE.select(validate_events(linked))
