"""Business rules of dim_users."""

from expectations.rules.marts import require_order
from expectations.rules.rule import Computed, critical, warning

RULES = (
    require_order("first_seen_at", "last_seen_at"),
    require_order("details_seen_at", "last_seen_at"),
    critical(
        "platform and user_id name one row",
        "_rows_of_name > 1",
        "one user_key for each; two rows double all that joins them",
        *("platform", "user_id"),
        Computed("_rows_of_name", "count(*) over (partition by t.platform, t.user_id)"),
    ),
    critical(
        "a user is known where a users file listed it",
        "is_known <> (details_seen_at is not null)",
        "reports tell known users from unknown members by is_known",
        *("is_known", "details_seen_at"),
    ),
    critical(
        "an unknown member has no details",
        "not is_known and coalesce(country, plan_type, signup_date::text) is not null",
        "details come from users files only",
        *("country", "plan_type", "signup_date"),
    ),
    warning(
        "everybody who is named is in a users file",
        "not is_known and user_id <> '' and platform <> 'livelogs'",
        "another file names a user that no users file listed yet; it counts all the same (live logs have none)",
        "user_id",
    ),
)
