"""Business rules of stg_billing_users."""

from expectations.rules.rule import warning
from expectations.rules.staging import not_after_snapshot, one_state_per_update
from transforms.staging.stg_billing_users import TABLE

RULES = (
    not_after_snapshot("signup_date"),
    one_state_per_update(TABLE),
    warning(
        "a user has a country, a plan and a day of signing up",
        "country is null or plan_type is null or signup_date is null",
        "an empty field of the file; reports show the user under no country or plan",
        *("country", "plan_type", "signup_date"),
    ),
)
