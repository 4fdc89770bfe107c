"""The billing system's files: the same for the same day, whole, consistent and as the source is described."""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from deployments.sandbox import BillingView, World, write_billing_deliveries

FIRST = datetime(2026, 11, 1, tzinfo=UTC)
FIELDS = {
    "users": ["user_id", "country", "signup_date", "plan_type", "updated_at"],
    "subscriptions": [
        "subscription_id", "user_id", "start_date", "end_date", "monthly_price", "billing_period", "updated_at",
    ],
    "payments": ["payment_id", "user_id", "payment_date", "amount"],
    "viewing_activity": ["user_id", "watch_date", "hours_watched"],
}  # fmt: skip
KEYS = {
    "users": ("user_id",),
    "subscriptions": ("subscription_id",),
    "payments": ("payment_id",),
    "viewing_activity": ("user_id", "watch_date"),
}
Delivery = dict[str, dict[tuple[str, ...], dict[str, str]]]


def parsed(files: dict[str, str]) -> Delivery:
    """The rows of a delivery by entity and key; a key comes once."""
    delivery: Delivery = {}
    for name, text in files.items():
        entity = name.rpartition("_")[0]
        rows = list(csv.DictReader(io.StringIO(text)))
        delivery[entity] = {tuple(row[field] for field in KEYS[entity]): row for row in rows}
        assert len(delivery[entity]) == len(rows)
    return delivery


@pytest.fixture(scope="module")
def view(world: World) -> BillingView:
    return BillingView(world, customers=1_000)


@pytest.fixture(scope="module")
def month(view: BillingView) -> list[Delivery]:
    """Thirty deliveries; the first holds everything."""
    return [parsed(view.files(FIRST + timedelta(days=day), everything=day == 0)) for day in range(30)]


def changes(month: list[Delivery], entity: str, *fields: str) -> list[tuple[dict[str, str], dict[str, str]]]:
    """Rows before and after, of deliveries that follow each other, where one of the fields changed."""
    return [
        (earlier[entity][key], row)
        for earlier, later in pairwise(month)
        for key, row in later[entity].items()
        if key in earlier[entity] and any(earlier[entity][key][field] != row[field] for field in fields)
    ]


def seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def test_a_day_is_the_same_whatever_was_asked_before_and_by_whom():
    days = [FIRST + timedelta(days=day) for day in (-300, -31, 0, 1, 9, 400)]
    forward, backward = BillingView(World(5, 1), 150), BillingView(World(5, 2), 150)
    states = {at: forward.files(at) for at in days}
    for at in reversed(days):
        assert backward.files(at + timedelta(hours=23)) == states[at] == BillingView(World(5, 1), 150).files(at)


def test_another_seed_or_number_of_customers_is_another_business():
    one, two, three = (
        BillingView(World(seed, 1), customers).files(FIRST)["payments_20261101.csv"]
        for seed, customers in ((1, 100), (2, 100), (1, 110))
    )
    assert len({one, two, three}) == 3


def test_files_are_named_by_their_day_and_have_the_columns_of_the_source(view: BillingView):
    files = view.files(FIRST)
    assert list(files) == [f"{entity}_20261101.csv" for entity in FIELDS]
    for name, text in files.items():
        assert text.splitlines()[0].split(",") == FIELDS[name.removesuffix("_20261101.csv")]
        assert "\r" not in text


def test_values_are_as_the_source_writes_them(month: list[Delivery]):
    for delivery in month:
        for row in delivery["users"].values():
            assert re.fullmatch(r"U\d{6}", row["user_id"])
            assert re.fullmatch(r" ?[A-Za-z]{2}", row["country"])
            assert row["plan_type"] in ("basic", "standard", "premium")
            assert row["updated_at"] >= row["signup_date"]
        for row in delivery["subscriptions"].values():
            assert row["billing_period"] in ("monthly", "yearly")
            assert re.fullmatch(r"\d+\.\d\d", row["monthly_price"])
            assert row["end_date"] == "" or row["start_date"] <= row["end_date"]
        assert all(re.fullmatch(r"-?\d+\.\d\d", row["amount"]) for row in delivery["payments"].values())
        assert all(re.fullmatch(r"\d+\.\d\d", row["hours_watched"]) for row in delivery["viewing_activity"].values())
        assert all(float(row["hours_watched"]) <= 24 for row in delivery["viewing_activity"].values())


def test_prices_are_the_list_and_rise_over_time(world: World):
    view = BillingView(world, customers=1_000)
    sold = {}
    for at in (datetime(2025, 10, 1, tzinfo=UTC), datetime(2027, 12, 1, tzinfo=UTC)):
        rows = parsed(view.files(at))["subscriptions"].values()
        since = f"{at - timedelta(days=25):%Y-%m-%d}"
        sold[at.year] = {row["monthly_price"] for row in rows if row["start_date"] > since}
    assert {"9.99", "13.99", "17.99", "99.90", "139.90", "179.90"} <= sold[2025]
    assert {"11.99", "16.99", "21.99", "119.90"} <= sold[2027]


def test_a_delivery_holds_the_days_before_it_and_the_first_one_everything(view: BillingView, month: list[Delivery]):
    for day, delivery in enumerate(month):
        stamp = (FIRST + timedelta(days=day)).date()
        since = date(2025, 9, 1) if day == 0 else stamp - timedelta(days=7)
        for entity, field in (("payments", "payment_date"), ("viewing_activity", "watch_date")):
            dates = {date.fromisoformat(row[field]) for row in delivery[entity].values()}
            assert min(dates) <= since + timedelta(days=2)
            assert min(dates) >= since
            assert max(dates) == stamp - timedelta(days=1)
    whole, window = month[0], parsed(view.files(FIRST))
    for entity in ("users", "subscriptions"):
        assert window[entity] == whole[entity]
    for entity in ("payments", "viewing_activity"):
        assert window[entity].items() <= whole[entity].items()


def test_nothing_is_lost_between_the_deliveries(view: BillingView, month: list[Delivery]):
    """The windows, one over the other, are what the system holds at the end."""
    at_the_end = parsed(view.files(FIRST + timedelta(days=29), everything=True))
    for entity in ("payments", "viewing_activity"):
        learned: dict[tuple[str, ...], dict[str, str]] = {}
        for delivery in month:
            learned |= delivery[entity]
        assert learned == at_the_end[entity]


def test_the_base_grows_and_churns(view: BillingView):
    open_by_quarter, left = [], 0
    for months in range(0, 15, 3):
        at = datetime(2025 + (9 + months) // 12, (9 + months) % 12 + 1, 1, tzinfo=UTC)
        rows = parsed(view.files(at))["subscriptions"].values()
        open_by_quarter.append(sum(row["end_date"] == "" for row in rows))
        left = sum(row["end_date"] != "" for row in rows)
    assert open_by_quarter == sorted(set(open_by_quarter))
    assert open_by_quarter[-1] > 3 * open_by_quarter[0]
    assert left > 0.15 * open_by_quarter[-1]


def test_the_number_of_customers_is_that_of_the_first_day(world: World):
    for customers in (300, 2_000):
        users = parsed(BillingView(world, customers).files(FIRST))["users"]
        assert 0.93 * customers < len(users) <= customers


def test_payments_come_on_the_day_of_the_subscription_with_its_price(month: list[Delivery]):
    subscriptions = {key[0]: row for delivery in month for key, row in delivery["subscriptions"].items()}
    payments = {key[0]: row for delivery in month[1:] for key, row in delivery["payments"].items()}
    on_its_day, with_its_price = [], []
    for payment_id, row in payments.items():
        own = subscriptions.get(f"S{payment_id[1:8]}")
        if own and payment_id.startswith("P"):
            due = int(own["start_date"][8:])
            on_its_day.append(int(row["payment_date"][8:]) == due or due > 30)
            with_its_price.append(row["amount"] == own["monthly_price"])
            assert row["user_id"] in ("", own["user_id"])
    assert 0.9 < sum(on_its_day) / len(on_its_day) < 1
    assert 0.9 < sum(with_its_price) / len(with_its_price) < 1


def test_only_covered_customers_watch(month: list[Delivery]):
    spans = defaultdict(list)
    for delivery in month:
        for row in delivery["subscriptions"].values():
            spans[row["user_id"]].append((row["start_date"], row["end_date"] or "9999"))
    watching = [key for delivery in month[1:] for key in delivery["viewing_activity"]]
    known = [(user, day) for user, day in watching if user in spans]
    assert len(known) > 0.97 * len(watching)
    # A start that was corrected is earlier than the day from which the customer could watch, never later.
    assert all(any(start <= day <= end for start, end in spans[user]) for user, day in known)


def test_deliveries_are_written_as_files(world: World, tmp_path: Path):
    told: list[int] = []
    written = write_billing_deliveries(
        world, tmp_path / "deliveries", date(2026, 11, 1), 3, customers=60, on_day=told.append
    )
    assert told == [0, 1, 2]
    assert sorted(written) == sorted((tmp_path / "deliveries").iterdir())
    view = BillingView(world, 60)
    expected = [view.files(FIRST + timedelta(days=day), everything=day == 0) for day in range(3)]
    texts = {path.name: path.read_bytes().decode() for path in written}
    assert texts == {name: text for files in expected for name, text in files.items()}
    again = write_billing_deliveries(
        world, tmp_path / "later", date(2026, 11, 2), 1, customers=60, everything_first=False
    )
    assert [path.read_bytes().decode() for path in again] == list(expected[1].values())


def test_there_is_no_delivery_before_the_opening_and_no_business_without_customers(world: World, tmp_path: Path):
    with pytest.raises(ValueError, match="opened on 2025-09-01"):
        write_billing_deliveries(world, tmp_path, date(2025, 9, 1), 1, customers=10)
    with pytest.raises(ValueError, match="at least 1; found 0"):
        BillingView(world, 0)


def test_the_days_after_the_opening_and_years_later_are_as_good_as_any(world: World):
    view = BillingView(world, 300)
    for at in (datetime(2025, 9, 5, tzinfo=UTC), datetime(2033, 2, 28, tzinfo=UTC)):
        assert all(parsed(view.files(at)).values())
