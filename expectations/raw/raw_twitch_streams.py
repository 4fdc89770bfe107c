"""Business rules of raw_twitch_streams."""

from expectations.rules.rule import Computed, warning

RULES = (
    warning(
        "viewer_count is a number",
        "_viewer_count_kind is null or _viewer_count_kind not in ('INTEGER', 'VARCHAR')",
        "Helix once sent a list; such a record goes to the quarantine. CSV has numbers as text",
        *("record['id']", "record['viewer_count']"),
        Computed("_viewer_count_kind", "typeof(t.record['viewer_count'])"),
    ),
)
