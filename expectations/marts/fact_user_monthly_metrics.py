"""Business rules of fact_user_monthly_metrics."""

from expectations.rules.marts import COUNTED_MONTHS, first_of_month
from expectations.rules.rule import Lookup, critical, warning
from transforms.formulas.billing_periods import MONTHS

_OF_BATCH = "where user_key in (select user_key from {batch} b)"
_ON = "{0}.user_key = t.user_key and {0}.year_month = t.year_month"
_PAID = Lookup(
    "paid",
    "select user_key, year_month, sum(amount) as revenue, count_if(amount > 0) as payment_count, "
    f"count_if(amount > 0) as paying from {{fact_payments}} {_OF_BATCH} group by user_key, year_month",
    ("revenue", "payment_count", "paying"),
    _ON.format("paid"),
)
_DAYS = (
    "select user_key, date_trunc('month', watch_date)::date as year_month, hours_watched, "
    "row_number() over (partition by user_key, watch_date order by snapshot_at desc) as nth "
    f"from {{stg_billing_viewing_activity}} {_OF_BATCH}"
)
_WATCHED = Lookup(
    "watched",
    f"select user_key, year_month, sum(hours_watched) as hours from ({_DAYS}) days where nth = 1 "
    "group by user_key, year_month",
    ("hours",),
    _ON.format("watched"),
)
# A payment is due on the day of the month on which the subscription began, of a longer period in its first month only,
# and of weekly ones in every month.
_DUE_DAY = "dateadd(month, datediff(month, start_date, year_month), start_date)"
_WHEN = [f"when billing_period = '{name}' then {months}" for name, months in MONTHS.items()]
_PERIOD_MONTHS = f"case {' '.join(_WHEN)} else 1 end"
_IS_DUE = (
    f"monthly_price > 0 and {_DUE_DAY} <= coalesce(end_date, {_DUE_DAY}) "
    f"and mod(datediff(month, start_date, year_month), {_PERIOD_MONTHS}) = 0"
)
_SUBSCRIBED = Lookup(
    "subscribed",
    f"select user_key, year_month, sum(counted_mrr) as mrr, count(*) as subscriptions, "
    f"count_if({_IS_DUE}) as due_payments from {COUNTED_MONTHS} {_OF_BATCH} group by user_key, year_month",
    ("mrr", "subscriptions", "due_payments"),
    _ON.format("subscribed"),
)
_FIRST = Lookup("payments", "select min(year_month) as first_month from {fact_payments}", ("first_month",), "true")
_NEWEST = Lookup(
    "calendar", "select max(year_month) as last_month from {fact_subscription_months}", ("last_month",), "true"
)

RULES = (
    first_of_month("year_month"),
    critical(
        "revenue and payments are those of fact_payments",
        "revenue <> coalesce(paid_revenue, 0) or payment_count <> coalesce(paid_payment_count, 0) "
        "or is_paying <> (coalesce(paid_paying, 0) > 0)",
        "each payment counts once for its user and month",
        *("revenue", "paid_revenue", "payment_count", "paid_payment_count", "is_paying", _PAID),
    ),
    critical(
        "mrr and subscriptions are those of fact_subscription_months",
        "mrr <> coalesce(subscribed_mrr, 0) or active_subscriptions <> coalesce(subscribed_subscriptions, 0)",
        "each subscription counts once for its user and month",
        *("mrr", "subscribed_mrr", "active_subscriptions", "subscribed_subscriptions", _SUBSCRIBED),
    ),
    critical(
        "hours watched are those of the newest deliveries",
        "abs(hours_watched - coalesce(watched_hours, 0)) > 1e-4 or is_watching <> (watched_hours is not null)",
        "a day that is delivered again counts once, as it was last delivered",
        *("hours_watched", "watched_hours", "is_watching", _WATCHED),
    ),
    warning(
        "who has a subscription to pay for has paid",
        "subscribed_due_payments > 0 and not is_paying "
        "and year_month > payments_first_month and year_month < calendar_last_month",
        "an expected payment is missing: it failed, came in another month, or names another user or nobody; "
        "the first month may have been delivered in part, the newest one is not over",
        *("subscribed_due_payments", "mrr", "revenue", _SUBSCRIBED, _FIRST, _NEWEST),
    ),
)
