"""Business rules of fact_payments."""

from expectations.rules.marts import first_of_month
from expectations.rules.rule import Lookup, critical, warning

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
    critical(
        "a payment counts in the month of its day",
        "year_month <> date_trunc('month', payment_date)",
        "revenue is by month of payment (SEMANTICS §5)",
        *("year_month", "payment_date"),
    ),
    critical(
        "a negative amount is a refund, and only that",
        "is_refund <> (amount < 0)",
        "refunds are negative and lower revenue",
        *("amount", "is_refund"),
    ),
    critical(
        "amount, day and user are those of int_payments",
        "amount is distinct from delivered_amount or payment_date is distinct from delivered_payment_date "
        "or user_key is distinct from delivered_user_key",
        "a payment that was corrected and not taken over; rebuild it with --full-refresh",
        *("amount", "delivered_amount", "payment_date", "delivered_payment_date", _DELIVERED),
    ),
    critical(
        "the user's version held at the end of the day, or is the first",
        "version_user_key is distinct from listed_user_key "
        "or is_before_history <> coalesce(version_valid_from >= dateadd(day, 1, payment_date), false) "
        "or version_valid_to < dateadd(day, 1, payment_date)",
        "country and plan of a payment are those of its day",
        *("payment_date", "is_before_history", "version_valid_from", "version_valid_to", _VERSION, _LISTED),
    ),
    warning(
        "a payment's user is known",
        "not payer_is_known",
        "no users file lists who paid, or the payment names nobody: it counts, under an unknown member",
        *("user_id", "amount", _PAYER),
    ),
)
