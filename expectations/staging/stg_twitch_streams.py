"""Business rules of stg_twitch_streams."""

from expectations.rules.rule import WARNING, Lookup, Rule

_STARTS = Lookup(
    "starts",
    "select stream_id, count(distinct started_at) as times from {stg_twitch_streams} "
    "where stream_id in (select stream_id from {batch} b) group by stream_id",
    ("times",),
    "starts.stream_id = t.stream_id",
)

RULES = (
    Rule(
        name="no stream is seen before it started",
        fails="started_at > timestampadd(minute, 5, snapshot_at)",
        severity=WARNING,
        reason="minutes_live would be negative; a wrong snapshot time in a file's name, or clocks that differ",
        shows=("started_at",),
    ),
    Rule(
        name="a stream keeps its started_at",
        fails="starts_times > 1",
        severity=WARNING,
        reason="started_at is constant for a stream_id (a restart is a new id); sessions rely on it",
        shows=("started_at", "starts_times"),
        helpers=(_STARTS,),
    ),
    Rule(
        name="a live stream names its streamer's login and name",
        fails="streamer_login is null or streamer_name is null",
        severity=WARNING,
        reason="Helix sends both; without them a dimension row has no readable name",
        shows=("streamer_id",),
    ),
)
