"""Business rules of stg_livelogs_gift_types."""

from expectations.rules.rule import warning

RULES = (
    warning(
        "a kind of gift has a name and is worth points",
        "gift_name is null or list_points is null or list_points <= 0",
        "gifts of the kind are shown without a name, or have a price that no gift can have",
        *("gift_name", "list_points"),
    ),
)
