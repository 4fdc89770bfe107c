"""Business rules of mart_concurrent_viewers."""

from expectations.rules.rule import Lookup, critical

_PARTS = Lookup(
    "parts",
    "select snapshot_at, sum(iff(scope = 'game', viewers, 0)) as game_viewers, "
    "sum(iff(scope = 'game', streams, 0)) as game_streams, "
    "sum(iff(scope = 'language', viewers, 0)) as language_viewers from {mart_concurrent_viewers} "
    "where snapshot_at in (select snapshot_at from {batch} b) group by snapshot_at",
    ("game_viewers", "game_streams", "language_viewers"),
    "parts.snapshot_at = t.snapshot_at",
)

RULES = (
    critical(
        "all viewers are the sum over categories",
        "scope = 'all' and (viewers <> parts_game_viewers or streams <> parts_game_streams)",
        "every stream is in exactly one category, '' included",
        *("viewers", "parts_game_viewers", "streams", "parts_game_streams", _PARTS),
    ),
    critical(
        "all viewers are the sum over languages",
        "scope = 'all' and viewers <> parts_language_viewers",
        "every stream has exactly one language, '' where none is known",
        *("viewers", "parts_language_viewers", _PARTS),
    ),
    critical(
        "only streams with viewers are counted",
        "viewers < streams",
        "charts drop streams with 0 viewers (SEMANTICS §2), so each one counted adds at least 1",
        *("viewers", "streams"),
    ),
    critical(
        "date_day is the day of snapshot_at",
        "date_day <> snapshot_at::date",
        "daily peaks are looked up by it",
        "date_day",
    ),
)
