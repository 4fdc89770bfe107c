"""Rows of live logs for the tests: records as a sheet has them, and rows of what is built from them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

BEGAN = datetime(2023, 9, 24, 12, 0)
READ_AT = datetime(2023, 9, 25)

STREAM: dict[str, Any] = {
    "liveStreamID": "1",
    "beginTime": "2023-09-24 12:00:00 UTC",
    "endTime": "2023-09-24 12:30:30 UTC",
    "duration": "1830",
    "closeBy": "normalEnd",
    "maxLiveViewerCount": "8",
    "maxLiveViewerTime": "2023-09-24 12:10:00.25 UTC",
    "privateLiveStream": "0",
    "receivedLikeCount": "40",
    "streamerType": "0",
    "isShow": "False",
    "cultureGroup": "",
    "userID": "ann",
    "registerTime": "2020-03-20 22:59:37 UTC",
    "registerCountry": "United States",
    "isContracted": "",
    "uniqueViewerCount": "20",
    "ios": "12",
    "android": "6",
    "durationGTE5sec": "15",
    "durationGTE2min": "5",
    "durationGTE10min": "2",
    "totalViewerDuration": "9000",
    "avgViewerDuration": "450.5",
    "avgStreamJoinDuration": "99.25",
    "count": "33",
    "followIncreaseEstimated": "-3",
    "receivePointEstimated": "70",
    "dau": "",
}
GIFT: dict[str, Any] = {
    "id": "g1",
    "receiverUserID": "ann",
    "userID": "bob",
    "utcTimestamp": "2023-09-24 12:10:00.5 UTC",
    "timestamp": "1695557400",
    "type": "gift",
    "giftID": "rose",
    "point": "10",
    "isCanceled": "False",
    "migration": "",
    "recordID": "r1",
    "recordPoint": "10",
    "tradeID": "t1",
}


def after(minutes: float) -> datetime:
    """That many minutes after the stream began."""
    return BEGAN + timedelta(minutes=minutes)


def gift(gift_transaction_id: str, **changes: Any) -> dict[str, Any]:
    """A gift that bob gave to ann ten minutes into the stream, in a staging table or a fact."""
    row = {
        "gift_transaction_id": gift_transaction_id,
        "snapshot_at": READ_AT,
        "platform": "livelogs",
        "streamer_key": "kann",
        "streamer_id": "ann",
        "user_key": "kbob",
        "user_id": "bob",
        "gifted_at": after(10),
        "transaction_type": "gift",
        "gift_id": "rose",
        "points": 10,
        "is_cancelled": False,
        "record_id": "r1",
    }
    return row | changes


def logged(stream_id: str, **changes: Any) -> dict[str, Any]:
    """A stream of ann of half an hour, in a staging table or a fact."""
    row = {
        "stream_id": stream_id,
        "snapshot_at": READ_AT,
        "platform": "livelogs",
        "streamer_key": "kann",
        "streamer_id": "ann",
        "started_at": after(0),
        "ended_at": after(30),
        "duration_seconds": 1800,
        "close_by": "normalEnd",
    }
    return row | changes
