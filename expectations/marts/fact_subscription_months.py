"""Business rules of fact_subscription_months."""

from expectations.rules.marts import first_of_month
from expectations.rules.rule import Lookup, critical
from transforms.formulas.billing_periods import MONTHS, WEEKLY

_OF_BATCH = "subscription_id in (select subscription_id from {batch} b)"
_VERSION = Lookup(
    "version",
    "select version_key, subscription_id, monthly_price, billing_period, valid_from, valid_to, "
    "lead(valid_from) over (partition by subscription_id order by valid_from) as next_from "
    f"from {{subscriptions_history_check}} where not is_deleted and {_OF_BATCH}",
    ("subscription_id", "monthly_price", "billing_period", "valid_from", "valid_to", "next_from"),
    "version.version_key = t.subscription_version_key",
)
_IS_THERE = Lookup(
    "there",
    "select distinct subscription_id from {subscriptions_history_check} "
    f"where is_current and not is_deleted and {_OF_BATCH}",
    ("subscription_id",),
    "there.subscription_id = t.subscription_id",
)
_LAST = Lookup(
    "own",
    f"select subscription_id, max(year_month) as last_month from {{fact_subscription_months}} where {_OF_BATCH} "
    "group by subscription_id",
    ("last_month",),
    "own.subscription_id = t.subscription_id",
)
_NEWEST = Lookup(
    "calendar", "select max(year_month) as last_month from {fact_subscription_months}", ("last_month",), "true"
)

_WHEN = [f"when billing_period = '{name}' then {12 // months}" for name, months in MONTHS.items()]
_PRICES_OF_A_YEAR = f"case {' '.join(_WHEN)} when billing_period = '{WEEKLY}' then 52 else 12 end"
_LAST_DAY = "dateadd(day, -1, dateadd(month, 1, year_month))::date"

RULES = (
    first_of_month("year_month"),
    critical(
        "the month is one that the period touches",
        "year_month < date_trunc('month', start_date) or year_month > end_date",
        "a subscription has revenue from its first to its last day (SEMANTICS §5)",
        *("start_date", "end_date"),
    ),
    critical(
        "an open-ended subscription runs to the newest month",
        "end_date is null and there_subscription_id is not null and own_last_month < calendar_last_month",
        "it is in the newest delivery and has no end; without the month it would count as churned",
        *("own_last_month", "calendar_last_month", _IS_THERE, _LAST, _NEWEST),
    ),
    critical(
        "mrr is the price of one month",
        f"mrr <> 0 and abs(mrr * 12 - monthly_price * {_PRICES_OF_A_YEAR}) > 0.06",
        "what a year costs is divided by 12 and rounded to the cent",
        *("monthly_price", "billing_period", "mrr"),
    ),
    critical(
        "what ended within a month is no revenue at its end",
        f"mrr > 0 and year_month < calendar_last_month and (start_date > {_LAST_DAY} or end_date < {_LAST_DAY})",
        "a switch of plan within a month would count both plans (SEMANTICS §5)",
        *("start_date", "end_date", "mrr", _NEWEST),
    ),
    critical(
        "what is active at the end of a month is revenue",
        "mrr = 0 and monthly_price >= 0.12 and year_month < calendar_last_month "
        "and version_valid_to is null and there_subscription_id is not null "
        f"and start_date <= {_LAST_DAY} and coalesce(end_date, {_LAST_DAY}) >= {_LAST_DAY}",
        "a subscription that is still there and whose period goes on would count as churned",
        *("start_date", "end_date", "monthly_price", "mrr", _VERSION, _IS_THERE, _NEWEST),
    ),
    critical(
        "price and billing period are those of the version at the end of the month, or of the first",
        "version_subscription_id is distinct from subscription_id "
        "or version_monthly_price <> monthly_price or version_billing_period is distinct from billing_period "
        "or is_before_history <> (version_valid_from >= dateadd(month, 1, year_month)) "
        "or version_next_from < dateadd(month, 1, year_month)",
        "a change of price counts from the month at whose end it held",
        *("monthly_price", "version_monthly_price", "version_valid_from", "version_next_from", _VERSION),
    ),
)
