"""Business rules of stg_amplitude_merged_ids."""

from __future__ import annotations

from expectations.rules.rule import WARNING, Rule

RULES = (
    Rule(
        name="a user is not merged into themselves",
        fails="amplitude_id = merged_amplitude_id",
        severity=WARNING,
        reason="such a merge changes nothing: ask which user was meant",
        shows=("amplitude_id", "merged_at"),
    ),
)
