"""Business rules of amplitude_round_trip."""

from expectations.rules.rule import critical, warning

RULES = (
    warning(
        "nothing that was sent more than a day before is missing",
        "missing_count > 0 and dateadd(hour, 25, hour_at) < newest_event_at",
        "Amplitude confirmed it and did not give it back: another project is exported than is published to, an "
        "hour is not exported yet (`snowcast ingest amplitude --fill-gaps`), or the event was dropped",
        *("sent_count", "missing_count", "newest_event_at"),
    ),
    warning(
        "nothing comes back that was not sent",
        "unexpected_count > 0",
        "a sending whose answer was lost (publish again: it is asked for), or an app that sends a type of ours",
        "unexpected_count",
    ),
    critical(
        "sent = accepted + deduplicated + missing",
        "sent_count <> accepted_count + deduplicated_count + missing_count",
        "each sending came back, was dropped as a copy, or did not come back",
        *("sent_count", "accepted_count", "deduplicated_count", "missing_count"),
    ),
)
