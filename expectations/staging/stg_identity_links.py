"""Business rules of stg_identity_links."""

from expectations.rules.rule import WARNING, Rule

RULES = (
    Rule(
        name="a link is made before it is delivered",
        fails="linked_at > dateadd(day, 1, snapshot_at)",
        severity=WARNING,
        reason="a slip in the date: the newest link of an id wins, so this one would for long",
        shows=("linked_at", "snapshot_at"),
    ),
)
