"""Business rules of stg_livelogs_gift_types."""

from expectations.rules.rule import WARNING, Rule

RULES = (
    Rule(
        name="a kind of gift has a name and is worth points",
        fails="gift_name is null or list_points is null or list_points <= 0",
        severity=WARNING,
        reason="gifts of the kind are shown without a name, or have a price that no gift can have",
        shows=("gift_name", "list_points"),
    ),
)
