"""Business rules of fact_gifts."""

from expectations.rules.rule import Lookup, critical, warning

_READ = Lookup(
    "newest",
    "select gift_transaction_id, points, is_cancelled, streamer_key from {int_named_gifts} "
    "where gift_transaction_id in (select gift_transaction_id from {batch} b)",
    ("points", "is_cancelled", "streamer_key"),
    "newest.gift_transaction_id = t.gift_transaction_id",
)
_STREAM = Lookup(
    "stream",
    "select stream_id, streamer_key, started_at, ended_at from {fact_live_streams} "
    "where stream_id in (select stream_id from {batch} b)",
    ("streamer_key", "started_at", "ended_at"),
    "stream.stream_id = t.stream_id",
)

RULES = (
    critical(
        "points, cancellation and streamer are those of int_named_gifts",
        "points is distinct from newest_points or is_cancelled is distinct from newest_is_cancelled "
        "or streamer_key is distinct from newest_streamer_key",
        "a gift that was corrected and not taken over; rebuild it with --full-refresh",
        *("points", "newest_points", "is_cancelled", "newest_is_cancelled", _READ),
    ),
    critical(
        "a gift's stream is one of the streamer and was on",
        "stream_id is not null and (stream_streamer_key is distinct from streamer_key "
        "or gifted_at < stream_started_at or gifted_at > stream_ended_at)",
        "points of a stream are summed by it",
        *("stream_id", "gifted_at", "stream_started_at", "stream_ended_at", _STREAM),
    ),
    critical(
        "points count for a stream unless cancelled or outside",
        "points_in_stream <> iff(stream_id is null or is_cancelled, 0, points)",
        "a gift that was taken back is worth nothing to the streamer",
        *("points_in_stream", "points", "is_cancelled", "stream_id"),
    ),
    critical(
        "a gift without a giver is anonymous",
        "user_id = '' and not is_anonymous",
        "nobody may become a fan by gifts of nobody",
        *("user_id", "is_anonymous"),
    ),
    warning(
        "a gift was given in a logged stream",
        "stream_id is null",
        "the stream is not logged, or not yet: the gift counts for the streamer and for no stream",
        *("streamer_id", "gifted_at"),
    ),
    warning(
        "what was given is in GIFT_TYPE",
        "gift_name is null",
        "the kind was never listed, or the gift does not say what it is: points are its own",
        "gift_id",
    ),
)
