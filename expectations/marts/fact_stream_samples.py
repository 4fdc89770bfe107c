"""Business rules of fact_stream_samples."""

from expectations.rules.rule import critical

RULES = (
    critical(
        "a sample holds until the stream's next one at most",
        "hold_ms > datediff(millisecond, collected_at, next_collected_at) "
        "or (next_collected_at is null and hold_ms <> 0)",
        "time counted twice, or after the last thing that is known",
        *("collected_at", "next_collected_at", "hold_ms"),
    ),
    critical(
        "the next sample is later",
        "next_collected_at <= collected_at",
        "samples of a stream are in the order of time",
        *("collected_at", "next_collected_at"),
    ),
)
