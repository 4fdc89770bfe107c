"""Business rules of dim_games."""

from expectations.rules.marts import require_order
from expectations.rules.rule import critical, warning

RULES = (
    require_order("first_seen_at", "last_seen_at"),
    critical(
        "the empty id is the member without a category",
        "game_id = '' and (game_name is distinct from 'No category')",
        "'' means no category: it needs a name of its own in every report",
        "game_name",
    ),
    warning("every category has a name", "game_name is null", "neither the games listing nor a stream named it yet"),
)
