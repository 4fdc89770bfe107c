"""Business rules of stg_amplitude_merged_ids."""

from expectations.rules.rule import warning

RULES = (
    warning(
        "a user is not merged into themselves",
        "amplitude_id = merged_amplitude_id",
        "such a merge changes nothing: ask which user was meant",
        *("amplitude_id", "merged_at"),
    ),
)
