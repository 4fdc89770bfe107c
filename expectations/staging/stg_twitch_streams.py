"""Business rules of stg_twitch_streams."""

from expectations.rules.rule import Lookup, warning

_STARTS = Lookup(
    "starts",
    "select stream_id, count(distinct started_at) as times from {stg_twitch_streams} "
    "where stream_id in (select stream_id from {batch} b) group by stream_id",
    ("times",),
    "starts.stream_id = t.stream_id",
)

RULES = (
    warning(
        "no stream is seen before it started",
        "started_at > timestampadd(minute, 5, snapshot_at)",
        "minutes_live would be negative; a wrong snapshot time in a file's name, or clocks that differ",
        "started_at",
    ),
    warning(
        "a stream keeps its started_at",
        "starts_times > 1",
        "started_at is constant for a stream_id (a restart is a new id); sessions rely on it",
        *("started_at", "starts_times", _STARTS),
    ),
    warning(
        "a live stream names its streamer's login and name",
        "streamer_login is null or streamer_name is null",
        "Helix sends both; without them a dimension row has no readable name",
        "streamer_id",
    ),
)
