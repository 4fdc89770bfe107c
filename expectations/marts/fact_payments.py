"""Business rules of fact_payments."""

from expectations.rules.marts import first_of_month
from expectations.rules.rule import CRITICAL, WARNING, Lookup, Rule

_OF_BATCH = "where payment_id in (select payment_id from {batch} b)"
_DELIVERED = Lookup(
    "delivered",
    f"select payment_id, amount, payment_date, user_key from {{int_payments}} {_OF_BATCH}",
    ("amount", "payment_date", "user_key"),
    "delivered.payment_id = t.payment_id",
)
_PAYER = Lookup(
    "payer",
    "select user_key, is_known from {dim_users} where user_key in (select user_key from {batch} b)",
    ("is_known",),
    "payer.user_key = t.user_key",
)
_VERSION = Lookup(
    "version",
    "select version_key, user_key, valid_from, valid_to from {users_history} "
    "where user_key in (select user_key from {batch} b)",
    ("user_key", "valid_from", "valid_to"),
    "version.version_key = t.user_version_key",
)
_LISTED = Lookup(
    "listed",
    "select distinct user_key from {users_history} where user_key in (select user_key from {batch} b)",
    ("user_key",),
    "listed.user_key = t.user_key",
)

RULES = (
    first_of_month("year_month"),
    Rule(
        name="a payment counts in the month of its day",
        fails="year_month <> date_trunc('month', payment_date)",
        severity=CRITICAL,
        reason="revenue is by month of payment (SEMANTICS §5)",
        shows=("year_month", "payment_date"),
    ),
    Rule(
        name="a negative amount is a refund, and only that",
        fails="is_refund <> (amount < 0)",
        severity=CRITICAL,
        reason="refunds are negative and lower revenue",
        shows=("amount", "is_refund"),
    ),
    Rule(
        name="amount, day and user are those of int_payments",
        fails="amount is distinct from delivered_amount or payment_date is distinct from delivered_payment_date "
        "or user_key is distinct from delivered_user_key",
        severity=CRITICAL,
        reason="a payment that was corrected and not taken over; rebuild it with --full-refresh",
        shows=("amount", "delivered_amount", "payment_date", "delivered_payment_date"),
        helpers=(_DELIVERED,),
    ),
    Rule(
        name="the user's version held at the end of the day, or is the first",
        fails="version_user_key is distinct from listed_user_key "
        "or is_before_history <> coalesce(version_valid_from >= dateadd(day, 1, payment_date), false) "
        "or version_valid_to < dateadd(day, 1, payment_date)",
        severity=CRITICAL,
        reason="country and plan of a payment are those of its day",
        shows=("payment_date", "is_before_history", "version_valid_from", "version_valid_to"),
        helpers=(_VERSION, _LISTED),
    ),
    Rule(
        name="a payment's user is known",
        fails="not payer_is_known",
        severity=WARNING,
        reason="no users file lists who paid, or the payment names nobody: it counts, under an unknown member",
        shows=("user_id", "amount"),
        helpers=(_PAYER,),
    ),
)
