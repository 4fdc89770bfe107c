"""Business rules of stg_identity_links."""

from expectations.rules.rule import warning

RULES = (
    warning(
        "a link is made before it is delivered",
        "linked_at > dateadd(day, 1, snapshot_at)",
        "a slip in the date: the newest link of an id wins, so this one would for long",
        *("linked_at", "snapshot_at"),
    ),
)
