"""Business rules of dim_games."""

from expectations.rules.marts import ordered
from expectations.rules.rule import CRITICAL, WARNING, Rule

RULES = (
    ordered("first_seen_at", "last_seen_at"),
    Rule(
        name="the empty id is the member without a category",
        fails="game_id = '' and (game_name is distinct from 'No category')",
        severity=CRITICAL,
        reason="'' means no category: it needs a name of its own in every report",
        shows=("game_name",),
    ),
    Rule(
        name="every category has a name",
        fails="game_name is null",
        severity=WARNING,
        reason="neither the games listing nor a stream named it yet",
    ),
)
