"""Logged streams as the tab LOGS has them.

Grain    one line of LOGS in one read
Key      _source_file, _source_row
Source   landing files livelogs/streams
Units    nothing is interpreted; _snapshot_at is the time of the read, UTC
Rerun    a landing file loads once; rows are never changed or deleted
Gaps     a read lists the whole tab; what is gone from it stays in the facts, and that it shrank is reported
"""

from transforms.raw import declare_source_table

TABLE = declare_source_table(
    "livelogs/streams",
    grain="one line of LOGS in one read",
    fields="""
        liveStreamID beginTime endTime duration closeBy maxLiveViewerCount maxLiveViewerTime privateLiveStream
        receivedLikeCount streamerType isShow cultureGroup userID registerTime registerCountry isContracted
        uniqueViewerCount ios android durationGTE5sec durationGTE2min durationGTE10min totalViewerDuration
        avgViewerDuration avgStreamJoinDuration count followIncreaseEstimated receivePointEstimated dau
    """,
    is_complete=True,
)
