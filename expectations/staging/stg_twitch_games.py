"""Business rules of stg_twitch_games."""

from expectations.rules.rule import WARNING, Rule

RULES = (
    Rule(
        name="every category has a name",
        fails="game_name is null",
        severity=WARNING,
        reason="Get Games returns known categories only, and each has a name",
    ),
)
