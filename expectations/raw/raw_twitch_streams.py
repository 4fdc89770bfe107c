"""Business rules of raw_twitch_streams."""

from expectations.rules.rule import warning

RULES = (
    warning(
        "viewer_count is a number",
        "record['viewer_count'] is null or typeof(record['viewer_count']) not in ('INTEGER', 'VARCHAR')",
        "Helix once sent a list; such a record goes to the quarantine. CSV has numbers as text",
        *("record['id']", "record['viewer_count']"),
    ),
)
