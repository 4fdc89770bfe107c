"""Business rules of int_streamers_at_risk."""

from expectations.rules.rule import Lookup, critical

_NEWEST = Lookup(
    "newest",
    "select own.person, min(theirs.stream_at) as stream_at from {int_streamer_risk} own join "
    "(select platform, max(newest_stream_at) as stream_at from {int_streamer_risk} group by platform) theirs "
    "on theirs.platform = own.platform where own.person in (select person from {batch} b) group by own.person",
    ("stream_at",),
    "newest.person = t.person",
)

RULES = (
    critical(
        "streams or unique viewers are less than half of the week before",
        "streams * 2 >= streams_before and unique_viewers * 2 >= unique_viewers_before",
        "that is the rule (SEMANTICS §4)",
        *("streams", "streams_before", "unique_viewers", "unique_viewers_before"),
    ),
    critical(
        "the moment is the end of a UTC day that the data has reached",
        "at_risk_at <> date_trunc('day', at_risk_at) or at_risk_at > known_until "
        "or known_until is distinct from newest_stream_at",
        "after the newest broadcast nothing is known, which is held against nobody",
        *("at_risk_at", "known_until", "newest_stream_at", _NEWEST),
    ),
)
