"""Business rules of raw_twitch_streams."""

from expectations.rules.raw import RECORD_RULES
from expectations.rules.rule import WARNING, Rule

RULES = (
    *RECORD_RULES,
    Rule(
        name="viewer_count is a number",
        fails="record['viewer_count'] is null or typeof(record['viewer_count']) not in ('INTEGER', 'VARCHAR')",
        severity=WARNING,
        reason="Helix once sent a list; such a record goes to the quarantine. CSV has numbers as text",
        shows=("record['id']", "record['viewer_count']"),
    ),
)
