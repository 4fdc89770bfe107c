"""Business rules of fact_stream_samples."""

from __future__ import annotations

from expectations.rules.rule import CRITICAL, Rule

RULES = (
    Rule(
        name="a sample holds until the stream's next one at most",
        fails="hold_ms > datediff(millisecond, collected_at, next_collected_at) "
        "or (next_collected_at is null and hold_ms <> 0)",
        severity=CRITICAL,
        reason="time counted twice, or after the last thing that is known",
        shows=("collected_at", "next_collected_at", "hold_ms"),
    ),
    Rule(
        name="the next sample is later",
        fails="next_collected_at <= collected_at",
        severity=CRITICAL,
        reason="samples of a stream are in the order of time",
        shows=("collected_at", "next_collected_at"),
    ),
)
