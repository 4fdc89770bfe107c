"""Business rules of stg_twitch_games."""

from expectations.rules.rule import warning

RULES = (
    warning(
        "every category has a name", "game_name is null", "Get Games returns known categories only, and each has a name"
    ),
)
