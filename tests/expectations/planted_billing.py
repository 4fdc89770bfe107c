"""Of the tables of billing: what a good row says, and the one change that breaks each hand-written rule."""

from __future__ import annotations

from typing import Any

Values = dict[str, Any]

_DAYS = {"payment_date": "2026-02-20", "start_date": "2026-02-20", "end_date": None, "watch_date": "2026-02-20"}
_MONTH, _OTHER_MONTH = "2026-03-01", "2026-04-01"
_EARLIER = ("2026-01-01", "2026-02-01")
_RAW = {"_loaded_at": "2026-03-01 12:00:05"}

_NOTHING_MOVED = {
    f"{name}_{kind}": 0
    for name in ("opening", "new", "reactivation", "expansion", "contraction", "churned")
    for kind in ("mrr", "count")
}

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
    "fact_payments": {
        "payment_date": _MONTH,
        "year_month": _MONTH,
        "is_refund": False,
        "is_before_history": False,
    },
    "mart_monthly_revenue": {
        "year_month": _MONTH,
        "revenue": 6,
        "payment_count": 1,
        "refunded": 4,
        "refund_count": 1,
    },
    "fact_subscription_months": {
        "year_month": _MONTH,
        "start_date": _DAYS["start_date"],
        "end_date": None,
        "is_before_history": False,
    },
    "fact_user_monthly_metrics": {
        "year_month": _MONTH,
        "revenue": 6,
        "payment_count": 1,
        "active_subscriptions": 1,
    },
    "mart_monthly_active_users": {"year_month": _MONTH, "user_count": 1},
    "fact_mrr_movements": {"year_month": _MONTH, "opening_mrr": 0, "movement": "new"},
    "mart_mrr_movements": {
        "year_month": _MONTH,
        **_NOTHING_MOVED,
        "new_mrr": 10,
        "closing_mrr": 10,
        "new_count": 1,
        "active_count": 1,
        "nrr": None,
        "grr": None,
        "arpu": 10,
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
    "fact_payments": [
        {"payment_id": "refunded", "amount": -4, "is_refund": True},
        {"payment_id": "first", "user_key": "other", "payment_date": "2026-01-03", "year_month": _EARLIER[0]},
    ],
    # The newest delivery of a day counts.
    "stg_billing_viewing_activity": [
        {"watch_date": _MONTH},
        {"watch_date": _MONTH, "snapshot_at": "2026-02-28 12:00:00", "hours_watched": 7.0},
    ],
    "users_history": [{"user_key": "other", "version_key": "of another"}],
    "subscriptions_history_check": [
        {"subscription_id": "stopped", "version_key": "stopped"},
        {"subscription_id": "lasting", "version_key": "lasting"},
    ],
    "fact_subscription_months": [
        {"subscription_id": "unpaid", "user_key": "unpaid", "year_month": _EARLIER[1], "start_date": "2026-01-28"},
    ],
    "fact_mrr_movements": [
        {"entity_id": "lasting", "year_month": _EARLIER[0]},
        {"entity_id": "halved", "year_month": _EARLIER[0]},
    ],
    "mart_mrr_movements": [{"grain": "customer"}, {"year_month": "2026-06-01"}],
}

APART: dict[str, Values] = {
    "stg_billing_users": {"user_id": "apart"},
    "stg_billing_subscriptions": {"subscription_id": "apart"},
    "dim_users": {"user_key": "apart", "user_id": "apart"},
    "int_payments": {"payment_id": "apart"},
    "fact_payments": {"payment_id": "apart", "year_month": _OTHER_MONTH, "payment_date": _OTHER_MONTH},
    "mart_monthly_revenue": {"year_month": _OTHER_MONTH},
    "stg_billing_viewing_activity": {"user_id": "apart", "user_key": "apart"},
    "fact_subscription_months": {"subscription_id": "apart", "user_key": "apart", "year_month": _EARLIER[1]},
    "fact_user_monthly_metrics": {"user_key": "apart", "user_id": "", "year_month": _OTHER_MONTH},
    "mart_monthly_active_users": {"year_month": _OTHER_MONTH},
    "fact_mrr_movements": {"entity_id": "apart", "user_key": "apart", "year_month": _EARLIER[0]},
    "mart_mrr_movements": {"year_month": "2026-05-01"},
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
        "user_id, watch_date, snapshot_at never repeat": [{}, {}],
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
        "the user's version held at the end of the day, or is the first": {
            "user_key": "other",
            "user_version_key": "of another",
            "payment_date": "2026-02-28",
        },
        "a payment's user is known": {"user_key": "stranger"},
        "payment_id never repeats": [{}, {}],
    },
    "mart_monthly_revenue": {
        "year_month is the first of a month": {"year_month": "2026-03-02"},
        "revenue is the sum of fact_payments": {"year_month": _MONTH, "revenue": 10},
        "payments and refunds are those of fact_payments": {"year_month": _MONTH, "payment_count": 2},
        "year_month never repeats": [{}, {}],
    },
    "fact_subscription_months": {
        "year_month is the first of a month": {"year_month": "2026-02-27"},
        "the month is one that the period touches": {"end_date": "2026-01-31"},
        "an open-ended subscription runs to the newest month": {"subscription_id": "stopped"},
        "mrr is the price of one month": {"billing_period": "yearly", "monthly_price": 120.07, "mrr": 10.0},
        "what ended within a month is no revenue at its end": {"year_month": _EARLIER[1], "end_date": "2026-02-27"},
        "what is active at the end of a month is revenue": {
            "subscription_id": "lasting",
            "subscription_version_key": "lasting",
            "year_month": _EARLIER[1],
            "start_date": "2026-02-01",
            "mrr": 0,
        },
        "price and billing period are those of the version at the end of the month, or of the first": {
            "subscription_id": "stopped",
            "subscription_version_key": "stopped",
        },
        "subscription_id, year_month never repeat": [{}, {}],
    },
    "fact_user_monthly_metrics": {
        "year_month is the first of a month": {"year_month": "2026-03-02"},
        "revenue and payments are those of fact_payments": {"user_key": "x", "year_month": _MONTH, "revenue": 10},
        "mrr and subscriptions are those of fact_subscription_months": {
            "user_key": "x",
            "year_month": _MONTH,
            "active_subscriptions": 2,
        },
        "hours watched are those of the newest deliveries": {
            "user_key": "x",
            "year_month": _MONTH,
            "hours_watched": 17.0,
        },
        "who has a subscription to pay for has paid": {
            "user_key": "unpaid",
            "year_month": _EARLIER[1],
            "is_paying": False,
        },
        "user_key, year_month never repeat": [{}, {}],
    },
    "mart_monthly_active_users": {
        "year_month is the first of a month": {"year_month": "2026-03-02"},
        "users are those of fact_user_monthly_metrics": {"year_month": _MONTH, "user_count": 2},
        "year_month, definition never repeat": [{}, {}],
    },
    "fact_mrr_movements": {
        "year_month is the first of a month": {"year_month": "2026-01-02"},
        "closing_mrr is the sum of fact_subscription_months": {
            "entity_id": "unpaid",
            "year_month": _EARLIER[1],
            "closing_mrr": 9,
        },
        "a month opens with what the month before closed with": {
            "entity_id": "halved",
            "year_month": _EARLIER[1],
            "opening_mrr": 5,
        },
        "what a month closes with has a month after it": {"entity_id": "lasting"},
        "something is there or was": {"closing_mrr": 0},
        "the movement is what opening and closing say": {
            "entity_id": "halved",
            "year_month": _EARLIER[1],
            "opening_mrr": 10,
            "closing_mrr": 5,
        },
        "mrr_change is closing less opening": {"mrr_change": -10},
        "grain, entity_id, year_month never repeat": [{}, {}],
    },
    "mart_mrr_movements": {
        "year_month is the first of a month": {"year_month": "2026-03-02"},
        "closing = opening + new + reactivation + expansion - contraction - churned": {"churned_mrr": 0.01},
        "active = opening + new + reactivation - churned, counted": {"churned_count": 1},
        "a month opens with what the month before closed with": {"year_month": "2026-07-01", "opening_mrr": 9.99},
        "no month is missing": {"year_month": "2026-09-01"},
        "closing_mrr is the sum of fact_subscription_months": {"year_month": _MONTH, "closing_mrr": 9.99},
        "subscriptions and customers close with the same": {"year_month": _MONTH, "closing_mrr": 10.01},
        "amounts are the sums of fact_mrr_movements": {"year_month": _MONTH, "expansion_mrr": 1},
        "counts are those of fact_mrr_movements": {"year_month": _MONTH, "churned_count": 1},
        "nrr is (opening_mrr + expansion_mrr - contraction_mrr - churned_mrr) / opening_mrr": {"nrr": 1.0},
        "grr is (opening_mrr - contraction_mrr - churned_mrr) / opening_mrr": {"opening_mrr": 8, "grr": 0.9},
        "arpu is closing_mrr / active_count, rounded to the cent": {"active_count": 3, "arpu": 3.34},
        "grain, year_month never repeat": [{}, {}],
    },
}
