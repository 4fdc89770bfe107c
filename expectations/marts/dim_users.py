"""Business rules of dim_users."""

from expectations.rules.marts import one_row_per, ordered
from expectations.rules.rule import CRITICAL, WARNING, Rule

RULES = (
    ordered("first_seen_at", "last_seen_at"),
    ordered("details_seen_at", "last_seen_at"),
    one_row_per("one user_key for each; two rows double all that joins them", "platform", "user_id"),
    Rule(
        name="a user is known where a users file listed it",
        fails="is_known <> (details_seen_at is not null)",
        severity=CRITICAL,
        reason="reports tell known users from unknown members by is_known",
        shows=("is_known", "details_seen_at"),
    ),
    Rule(
        name="an unknown member has no details",
        fails="not is_known and coalesce(country, plan_type, signup_date::text) is not null",
        severity=CRITICAL,
        reason="details come from users files only",
        shows=("country", "plan_type", "signup_date"),
    ),
    Rule(
        name="everybody who is named is in a users file",
        fails="not is_known and user_id <> '' and platform <> 'livelogs'",
        severity=WARNING,
        reason="another file names a user that no users file listed yet; it counts all the same (live logs have none)",
        shows=("user_id",),
    ),
)
