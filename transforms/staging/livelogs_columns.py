"""Columns of logged streams and gifts: each is read by staging and stands in the fact under the same name."""

from __future__ import annotations

from transforms import columns
from transforms.contract import BOOLEAN, FLOAT, INTEGER, TEXT, TIMESTAMP, Column

started_at = columns.started_at.replace(payload="beginTime", nullable=False)
ended_at = Column("ended_at", TIMESTAMP, "when the broadcast ended, UTC; NULL while it runs", payload="endTime")
duration_seconds = Column("duration_seconds", INTEGER, "length of the broadcast", payload="duration", minimum=0)
close_by = Column("close_by", TEXT, "what ended the broadcast, as logged", payload="closeBy", empty_is_null=True)
max_viewers = Column("max_viewers", INTEGER, "most viewers at a time", payload="maxLiveViewerCount", minimum=0)
max_viewers_at = Column(
    "max_viewers_at", TIMESTAMP, "when max_viewers was reached, UTC; NULL where it is 0", payload="maxLiveViewerTime"
)
is_private = Column("is_private", BOOLEAN, "not open to everybody", payload="privateLiveStream")
like_count = Column("like_count", INTEGER, "likes received", payload="receivedLikeCount", minimum=0)
streamer_type = Column("streamer_type", INTEGER, "0 live, 1 show, 2 replay", payload="streamerType")
is_show = Column("is_show", BOOLEAN, "the broadcast is a show", payload="isShow")
culture_group = Column("culture_group", TEXT, "the streamer's group", payload="cultureGroup", empty_is_null=True)
registered_at = Column("registered_at", TIMESTAMP, "when the streamer signed up, UTC", payload="registerTime")
register_country = Column(
    "register_country", TEXT, "country in which the streamer signed up", payload="registerCountry", empty_is_null=True
)
is_contracted = Column("is_contracted", BOOLEAN, "the streamer has a contract", payload="isContracted")
unique_viewers = Column("unique_viewers", INTEGER, "different viewers", payload="uniqueViewerCount", minimum=0)
ios_viewers = Column("ios_viewers", INTEGER, "different viewers on iOS", payload="ios", minimum=0)
android_viewers = Column("android_viewers", INTEGER, "different viewers on Android", payload="android", minimum=0)
unique_viewers_5s = Column(
    "unique_viewers_5s", INTEGER, "viewers of at least 5 seconds", payload="durationGTE5sec", minimum=0
)
unique_viewers_2min = Column(
    "unique_viewers_2min", INTEGER, "viewers of at least 2 minutes", payload="durationGTE2min", minimum=0
)
unique_viewers_10min = Column(
    "unique_viewers_10min", INTEGER, "viewers of at least 10 minutes", payload="durationGTE10min", minimum=0
)
total_viewer_seconds = Column(
    "total_viewer_seconds", FLOAT, "sum of what viewers watched", payload="totalViewerDuration", minimum=0
)
avg_viewer_seconds = Column(
    "avg_viewer_seconds", FLOAT, "what a viewer watched on average", payload="avgViewerDuration", minimum=0
)
avg_join_seconds = Column(
    "avg_join_seconds", FLOAT, "what a visit lasted on average", payload="avgStreamJoinDuration", minimum=0
)
comment_count = Column("comment_count", INTEGER, "comments written", payload="count", minimum=0)
follow_change = Column(
    "follow_change", INTEGER, "followers won, negative for lost (estimated)", payload="followIncreaseEstimated"
)
receive_points = Column("receive_points", INTEGER, "points received (estimated)", payload="receivePointEstimated")
daily_active_viewers = Column("daily_active_viewers", INTEGER, "active viewers of the day", payload="dau", minimum=0)

# What a line of LOGS says beside the stream, its streamer and its times, in the order of the fact.
OF_STREAM = (
    *(is_private, like_count, streamer_type, is_show, culture_group, registered_at, register_country, is_contracted),
    *(unique_viewers, ios_viewers, android_viewers, unique_viewers_5s, unique_viewers_2min, unique_viewers_10min),
    *(total_viewer_seconds, avg_viewer_seconds, avg_join_seconds),
    *(comment_count, follow_change, receive_points, daily_active_viewers),
)

gift_transaction_id = Column("gift_transaction_id", TEXT, "one gift given at one time", nullable=False, payload="id")
gifted_at = Column("gifted_at", TIMESTAMP, "when the gift was given, UTC", nullable=False, payload="utcTimestamp")
transaction_type = Column("transaction_type", TEXT, "kind of transaction", payload="type", empty_is_null=True)
gift_id = Column("gift_id", TEXT, "what was given; '' where it is not told", nullable=False, payload="giftID")
gift_name = Column("gift_name", TEXT, "the gift's name as newest listed")
points = Column("points", INTEGER, "points that the gift was worth", nullable=False, payload="point")
is_cancelled = Column("is_cancelled", BOOLEAN, "the gift was taken back", nullable=False, payload="isCanceled")
migration = Column(
    "migration", TEXT, "mark of a transaction that came from another system", payload="migration", empty_is_null=True
)
record_id = Column("record_id", TEXT, "the booking behind the gift", payload="recordID", empty_is_null=True)
record_points = Column("record_points", INTEGER, "points of the booking", payload="recordPoint")
trade_id = Column("trade_id", TEXT, "the trade behind the booking", payload="tradeID", empty_is_null=True)

# What a line of TRANSACTIONS says beside the gift, its time and who is in it, in the order of the tables.
OF_GIFT = (
    *(gifted_at, transaction_type, gift_id, points, is_cancelled),
    *(migration, record_id, record_points, trade_id),
)


def drop_payload(column: Column) -> Column:
    """Return the column outside of staging, where no payload is read."""
    return column.replace(payload=None, empty_is_null=False)
