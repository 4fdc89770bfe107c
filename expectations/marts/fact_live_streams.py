"""Business rules of fact_live_streams: what follows from what, and what the logs are known to do."""

from expectations.rules.rule import critical, warning

RULES = (
    critical(
        "duration_minutes is duration_seconds / 60, rounded up",
        "duration_minutes <> ceil(duration_seconds / 60) or (duration_minutes is null) <> (duration_seconds is null)",
        "a minute that was begun counts",
        *("duration_minutes", "duration_seconds"),
    ),
    critical(
        "seconds_to_peak is the time from started_at to max_viewers_at",
        "abs(seconds_to_peak - datediff(millisecond, started_at, max_viewers_at)::float / 1000) > 1e-6 "
        "or (seconds_to_peak is null) <> (max_viewers_at is null)",
        "the time to the peak follows from the two times",
        *("seconds_to_peak", "started_at", "max_viewers_at"),
    ),
    # What the logs are known to do: kept as it is, and counted.
    warning(
        "the peak is within the stream, to the second",
        "max_viewers_at < started_at or max_viewers_at >= timestampadd(second, 1, ended_at)",
        "the peak was counted at another stream, or a time is wrong; only peaks have fractions of a second",
        *("started_at", "max_viewers_at", "ended_at"),
    ),
    warning(
        "a stream has a time of its peak exactly where somebody watched",
        "max_viewers is not null and (max_viewers_at is null) <> (max_viewers = 0)",
        "max_viewers_at is read as: NULL is nobody",
        *("max_viewers", "max_viewers_at"),
    ),
    warning(
        "the log says what ended the stream",
        "close_by = 'Other'",
        "closeBy was empty",
        "close_by",
    ),
    warning(
        "never more viewers at a time than different viewers",
        "max_viewers > unique_viewers",
        "the two are counted by different systems: use each for itself",
        *("max_viewers", "unique_viewers"),
    ),
    warning(
        "a stream costs no followers",
        "follow_change < 0",
        "real: followers leave; a reader that expects gains must not drop the sign",
        "follow_change",
    ),
    warning(
        "a stream ends on the UTC day it began",
        "started_at::date <> ended_at::date",
        "it counts on the day it began; what is split by day must be cut at midnight",
        *("started_at", "ended_at"),
    ),
    warning(
        "streamer_type is 0, 1 or 2",
        "streamer_type not in (0, 1, 2)",
        "known: 0 live, 1 show, 2 replay; an unknown code is kept",
        "streamer_type",
    ),
    warning(
        "the log tells group, contract or active viewers of the day",
        "culture_group is null and is_contracted is null and daily_active_viewers is null",
        "the three columns are there and empty: nothing can be told by them",
        *("culture_group", "is_contracted", "daily_active_viewers"),
    ),
)
