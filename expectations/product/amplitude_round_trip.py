"""Business rules of amplitude_round_trip."""

from __future__ import annotations

from expectations.rules.rule import CRITICAL, WARNING, Rule

RULES = (
    Rule(
        name="nothing that was sent more than a day before is missing",
        fails="missing_count > 0 and dateadd(hour, 25, hour_at) < newest_event_at",
        severity=WARNING,
        reason="Amplitude confirmed it and did not give it back: another project is exported than is published to, an "
        "hour is not exported yet (`snowcast ingest amplitude --fill-gaps`), or the event was dropped",
        shows=("sent_count", "missing_count", "newest_event_at"),
    ),
    Rule(
        name="nothing comes back that was not sent",
        fails="unexpected_count > 0",
        severity=WARNING,
        reason="a sending whose answer was lost (publish again: it is asked for), or an app that sends a type of ours",
        shows=("unexpected_count",),
    ),
    Rule(
        name="sent = accepted + deduplicated + missing",
        fails="sent_count <> accepted_count + deduplicated_count + missing_count",
        severity=CRITICAL,
        reason="each sending came back, was dropped as a copy, or did not come back",
        shows=("sent_count", "accepted_count", "deduplicated_count", "missing_count"),
    ),
)
