"""Of the tables of billing: what a good row says, and the one change that breaks each hand-written rule."""

from __future__ import annotations

from typing import Any

Values = dict[str, Any]

_DAYS = {"payment_date": "2026-02-20", "start_date": "2026-02-20", "end_date": None, "watch_date": "2026-02-20"}
_MONTH, _OTHER_MONTH = "2026-03-01", "2026-04-01"
_RAW = {"_loaded_at": "2026-03-01 12:00:05"}

GOOD: dict[str, Values] = {
    "raw_billing_users": {**_RAW, "record": {"user_id": "u1"}},
    "raw_billing_subscriptions": {**_RAW, "record": {"subscription_id": "s1"}},
    "raw_billing_payments": {**_RAW, "record": {"payment_id": "p1"}},
    "raw_billing_viewing_activity": {**_RAW, "record": {"user_id": "u1", "watch_date": "2026-02-20"}},
    "stg_billing_users": {"signup_date": "2026-02-20"},
    "stg_billing_subscriptions": {name: _DAYS[name] for name in ("start_date", "end_date")},
    "stg_billing_payments": {"payment_date": _DAYS["payment_date"]},
    "stg_billing_viewing_activity": {"watch_date": _DAYS["watch_date"]},
    "dim_users": {"country": "de", "plan_type": "basic", "signup_date": "2026-02-20"},
    "int_payments": {"payment_date": _MONTH},
    "fact_payments": {"payment_date": _MONTH, "year_month": _MONTH, "is_refund": False},
    "mart_monthly_revenue": {
        "year_month": _MONTH,
        "revenue": 6,
        "payment_count": 1,
        "refunded": 4,
        "refund_count": 1,
    },
}

_NO_DETAILS: Values = {"country": None, "plan_type": None, "signup_date": None, "details_seen_at": None}

# Rows that rules look up, in no batch that is checked.
ALSO: dict[str, list[Values]] = {
    "stg_billing_users": [{"user_id": "moved", "country": "de"}],
    "stg_billing_subscriptions": [{"subscription_id": "changed", "monthly_price": 12}],
    "dim_users": [{"user_key": "stranger", "user_id": "stranger", "is_known": False, **_NO_DETAILS}],
    "int_payments": [{"payment_id": "corrected", "amount": 12}],
    # With the good payment of 10, they are the revenue of the month.
    "fact_payments": [{"payment_id": "refunded", "amount": -4, "is_refund": True}],
}

APART: dict[str, Values] = {
    "stg_billing_users": {"user_id": "apart"},
    "stg_billing_subscriptions": {"subscription_id": "apart"},
    "dim_users": {"user_key": "apart", "user_id": "apart"},
    "int_payments": {"payment_id": "apart"},
    "fact_payments": {"payment_id": "apart", "year_month": _OTHER_MONTH, "payment_date": _OTHER_MONTH},
    "mart_monthly_revenue": {"year_month": _OTHER_MONTH},
}

_TOO_LATE = "2026-03-03"


def _raw_planted(listed_once: str, record: Values) -> dict[str, Values | list[Values]]:
    """The bad rows of a raw table; the last are two lines of a file."""
    return {
        "every record is a JSON object": {"record": [1]},
        "every row's load is in OPS.LOADS with its number of rows": {"_load_id": "unknown"},
        "no snapshot is later than its load": {"_snapshot_at": "2026-03-02 12:00:00"},
        listed_once: [{"record": record, "_source_row": row} for row in (1, 2)],
    }


PLANTED: dict[str, dict[str, Values | list[Values]]] = {
    "raw_billing_users": _raw_planted("a file has each user_id once", {"user_id": "twice"}),
    "raw_billing_subscriptions": _raw_planted("a file has each subscription_id once", {"subscription_id": "twice"}),
    "raw_billing_payments": _raw_planted("a file has each payment_id once", {"payment_id": "twice"}),
    "raw_billing_viewing_activity": _raw_planted(
        "a file has each user_id and watch_date once", {"user_id": "u1", "watch_date": "2026-02-21"}
    ),
    "stg_billing_users": {
        "signup_date is not after the snapshot": {"signup_date": _TOO_LATE},
        "a record that changes has another updated_at": {"user_id": "moved", "country": "fr"},
        "a user has a country, a plan and a day of signing up": {"country": None},
        "user_id, snapshot_at never repeat": [{}, {}],
    },
    "stg_billing_subscriptions": {
        "a record that changes has another updated_at": {"subscription_id": "changed", "monthly_price": 13},
        "no subscription ends before it starts": {"end_date": "2026-02-19"},
        "a subscription's user is known": {"user_key": "nobody"},
        "a subscription has a time of its last change": {"updated_at": None},
        "subscription_id, snapshot_at never repeat": [{}, {}],
    },
    "stg_billing_payments": {
        "payment_date is not after the snapshot": {"payment_date": _TOO_LATE},
        "a payment moves money": {"amount": 0},
        "a payment names its user": {"user_id": ""},
    },
    "stg_billing_viewing_activity": {
        "watch_date is not after the snapshot": {"watch_date": _TOO_LATE},
        "nobody watches more than 24 hours a day": {"hours_watched": 24.5},
        "an hour watched names its user": {"user_id": ""},
    },
    "dim_users": {
        "first_seen_at is not after last_seen_at": {"first_seen_at": "2026-03-02 12:00:00"},
        "details_seen_at is not after last_seen_at": {"details_seen_at": "2026-03-02 12:00:00"},
        "platform and user_id name one row": {"user_id": "x"},
        "a user is known where a users file listed it": {
            "is_known": False,
            **_NO_DETAILS,
            "details_seen_at": "2026-03-01",
        },
        "an unknown member has no details": {"is_known": False, **_NO_DETAILS, "plan_type": "basic"},
        "everybody who is named is in a users file": {"is_known": False, **_NO_DETAILS},
        "user_key never repeats": [{}, {}],
    },
    "int_payments": {"payment_id never repeats": [{}, {}]},
    "fact_payments": {
        "year_month is the first of a month": {"year_month": "2026-03-02"},
        "a payment counts in the month of its day": {"payment_date": "2026-05-01"},
        "a negative amount is a refund, and only that": {"is_refund": True},
        "amount, day and user are those of int_payments": {"payment_id": "corrected", "amount": 13},
        "a payment's user is known": {"user_key": "stranger"},
        "payment_id never repeats": [{}, {}],
    },
    "mart_monthly_revenue": {
        "year_month is the first of a month": {"year_month": "2026-03-02"},
        "revenue is the sum of fact_payments": {"year_month": _MONTH, "revenue": 10},
        "payments and refunds are those of fact_payments": {"year_month": _MONTH, "payment_count": 2},
        "year_month never repeats": [{}, {}],
    },
}
