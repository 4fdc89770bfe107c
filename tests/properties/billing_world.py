"""Arrivals that billing can produce: files of few users and subscriptions, in any order and any split into runs.

Few ids and few times, so that records meet: corrections of payments to another user and month, prices and plans that
change, subscriptions and users that vanish and come back, users that appear late or never, and broken records.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from hypothesis import strategies as st

from tests.feeding import LandingFile, delivered

# Months apart, a day apart, at midnight of a first day and within a day.
DELIVERIES = [
    *(datetime(2023, 8, 31), datetime(2023, 9, 1), datetime(2023, 9, 1, 12), datetime(2023, 9, 20)),
    *(datetime(2023, 10, 1), datetime(2023, 10, 31, 23, 59), datetime(2023, 12, 5)),
]
DAYS = ["2023-06-30", "2023-07-01", "2023-08-31", "2023-09-01", "2023-10-15", "2023-12-31"]
USERS = ["U1", "U2", "U3"]
UNREADABLE_DAY, UNREADABLE_PRICE = "2023-02-30", "9.999"


def user_records() -> st.SearchStrategy[dict[str, Any]]:
    """A line of a users file."""
    return st.fixed_dictionaries(
        {
            "user_id": st.sampled_from([*USERS, *USERS, ""]),
            "country": st.sampled_from(["US", " us ", "DE", ""]),
            "signup_date": st.sampled_from([*DAYS, UNREADABLE_DAY]),
            "plan_type": st.sampled_from(["basic", "Premium", "gold"]),
        }
    )


def subscription_records() -> st.SearchStrategy[dict[str, Any]]:
    """A line of a subscriptions file; some files say when a record was changed, and some of those do not know."""
    return st.fixed_dictionaries(
        {
            "subscription_id": st.sampled_from(["S1", "S2", "S3", "S4", "S5"]),
            "user_id": st.sampled_from([*USERS, "U_late", "U_never", ""]),
            "start_date": st.sampled_from([*DAYS[:4], UNREADABLE_DAY]),
            "end_date": st.sampled_from(["", "", "", *DAYS[2:]]),
            "monthly_price": st.sampled_from(["10", "15.00", "0.05", "0", "119.99", UNREADABLE_PRICE]),
        },
        optional={
            "billing_period": st.sampled_from(["monthly", "yearly", ""]),
            "updated_at": st.sampled_from(["2023-08-15 10:00:00", "2023-09-01T00:00:00Z", "2023-10-01 08:00:00", ""]),
        },
    )


def payment_records() -> st.SearchStrategy[dict[str, Any]]:
    """A line of a payments file."""
    return st.fixed_dictionaries(
        {
            "payment_id": st.sampled_from([f"P{number}" for number in range(8)]),
            "user_id": st.sampled_from([*USERS, "U_never", ""]),
            "payment_date": st.sampled_from(DAYS),
            "amount": st.sampled_from(["9.99", "0.01", "-9.99", "0", "x"]),
        }
    )


def viewing_records() -> st.SearchStrategy[dict[str, Any]]:
    """A line of a viewing activity file."""
    return st.fixed_dictionaries(
        {
            "user_id": st.sampled_from([*USERS, "U_never"]),
            "watch_date": st.sampled_from(DAYS),
            "hours_watched": st.sampled_from(["0", "1.5", "2.25", "-1"]),
        }
    )


@st.composite
def landing_files(draw: st.DrawFn) -> LandingFile:
    """One file of one delivery; deliveries repeat between files, so ties and late files occur."""
    kinds = {
        "users": user_records(),
        "subscriptions": subscription_records(),
        "payments": payment_records(),
        "viewing_activity": viewing_records(),
    }
    entity = draw(st.sampled_from(["users", "users", "subscriptions", "subscriptions", "subscriptions", *kinds]))
    records = draw(st.lists(kinds[entity], min_size=2, max_size=6))
    return delivered(entity, draw(st.sampled_from(DELIVERIES)), *records)


@st.composite
def arrivals(draw: st.DrawFn) -> list[list[LandingFile]]:
    """Runs of files, each file once; some files come again under another name."""
    files = draw(st.lists(landing_files(), min_size=8, max_size=16, unique_by=lambda file: file.path))
    copied = draw(st.lists(st.sampled_from(files), max_size=2, unique_by=lambda file: file.path))
    files += [delivered(f.entity, f.snapshot_at, *f.records, name=f"{f.path}_copy") for f in copied]
    runs: list[list[LandingFile]] = [[] for _ in range(draw(st.integers(2, 3)))]
    for file in draw(st.permutations(files)):
        runs[draw(st.integers(0, len(runs) - 1))].append(file)
    return [run for run in runs if run]
