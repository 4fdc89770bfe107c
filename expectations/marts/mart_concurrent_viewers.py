"""Business rules of mart_concurrent_viewers."""

from expectations.rules.rule import CRITICAL, Lookup, Rule

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
    Rule(
        name="all viewers are the sum over categories",
        fails="scope = 'all' and (viewers <> parts_game_viewers or streams <> parts_game_streams)",
        severity=CRITICAL,
        reason="every stream is in exactly one category, '' included",
        shows=("viewers", "parts_game_viewers", "streams", "parts_game_streams"),
        helpers=(_PARTS,),
    ),
    Rule(
        name="all viewers are the sum over languages",
        fails="scope = 'all' and viewers <> parts_language_viewers",
        severity=CRITICAL,
        reason="every stream has exactly one language, '' where none is known",
        shows=("viewers", "parts_language_viewers"),
        helpers=(_PARTS,),
    ),
    Rule(
        name="only streams with viewers are counted",
        fails="viewers < streams",
        severity=CRITICAL,
        reason="charts drop streams with 0 viewers (SEMANTICS §2), so each one counted adds at least 1",
        shows=("viewers", "streams"),
    ),
    Rule(
        name="date_day is the day of snapshot_at",
        fails="date_day <> snapshot_at::date",
        severity=CRITICAL,
        reason="daily peaks are looked up by it",
        shows=("date_day",),
    ),
)
