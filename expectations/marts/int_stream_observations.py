"""Business rules of int_stream_observations."""

from expectations.rules.rule import Lookup, critical

_OF_BATCH = "where stream_id in (select stream_id from {batch} b)"
_NEXT = Lookup(
    "successor",
    "select stream_id, snapshot_at, max(following_at) as next_at from (select stream_id, snapshot_at, "
    "lead(snapshot_at) over (partition by stream_id order by snapshot_at) as following_at "
    f"from {{int_stream_observations}} {_OF_BATCH}) in_order group by stream_id, snapshot_at",
    ("next_at",),
    "successor.stream_id = t.stream_id and successor.snapshot_at = t.snapshot_at",
)
_POLLS = Lookup(
    "polls",
    "select stream_id, sum(staged) as staged, sum(observed) as observed from ("
    f"select stream_id, 1 as staged, 0 as observed from {{stg_twitch_streams}} {_OF_BATCH} union all "
    f"select stream_id, 0 as staged, iff(is_poll, 1, 0) as observed from {{int_stream_observations}} {_OF_BATCH}"
    ") both_tables group by stream_id",
    ("staged", "observed"),
    "polls.stream_id = t.stream_id",
)

RULES = (
    critical(
        "a count holds at most until the next observation",
        "hold_ms > coalesce(datediff(millisecond, snapshot_at, successor_next_at), 0)",
        "time that two observations hold is counted twice; a last one holds for no time",
        *("successor_next_at", "hold_ms", _NEXT),
    ),
    critical(
        "every poll of a stream is an observation",
        "polls_observed <> polls_staged",
        "samples refine what polls saw and never replace it; rebuild it with --full-refresh",
        *("polls_observed", "polls_staged", _POLLS),
    ),
)
