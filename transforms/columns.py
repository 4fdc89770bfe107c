"""Columns that several tables share: one name, one type and one meaning everywhere."""

from __future__ import annotations

from transforms.contract import DATE, FLOAT, INTEGER, TEXT, TIMESTAMP, Column

platform = Column("platform", TEXT, "id space that the source's ids live in, e.g. twitch", nullable=False)
streamer_key = Column("streamer_key", TEXT, "hash of (platform, streamer_id)", nullable=False)
streamer_id = Column("streamer_id", TEXT, "the streamer's id as the source gave it", nullable=False)
stream_id = Column("stream_id", TEXT, "one broadcast; a restart is a new id", nullable=False)
game_id = Column("game_id", TEXT, "the category's id; '' is no category", nullable=False)
snapshot_at = Column("snapshot_at", TIMESTAMP, "when the source was observed, UTC", nullable=False)
started_at = Column("started_at", TIMESTAMP, "when the broadcast began, UTC")
title = Column("title", TEXT, "the broadcast's title as shown at that time")
language = Column("language", TEXT, "ISO 639-1 code of the broadcast, or other")
viewer_count = Column("viewer_count", INTEGER, "viewers at the snapshot", nullable=False, minimum=0)
date_day = Column("date_day", DATE, "UTC calendar day", nullable=False)
hours_watched = Column("hours_watched", FLOAT, "viewer-hours: sum of viewers x time", nullable=False, minimum=0)
avg_viewers = Column(
    "avg_viewers", FLOAT, "time-weighted viewers: hours_watched / hours covered; NULL where none is", minimum=0
)
peak_viewers = Column("peak_viewers", INTEGER, "highest sample", nullable=False, minimum=0)
airtime_minutes = Column("airtime_minutes", FLOAT, "minutes covered by samples", nullable=False, minimum=0)
