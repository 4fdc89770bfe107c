"""Business rules of stg_billing_users."""

from expectations.rules.rule import WARNING, Rule
from expectations.rules.staging import not_after_snapshot, one_state_per_update
from transforms.staging.stg_billing_users import TABLE

RULES = (
    not_after_snapshot("signup_date"),
    one_state_per_update(TABLE),
    Rule(
        name="a user has a country, a plan and a day of signing up",
        fails="country is null or plan_type is null or signup_date is null",
        severity=WARNING,
        reason="an empty field of the file; reports show the user under no country or plan",
        shows=("country", "plan_type", "signup_date"),
    ),
)
