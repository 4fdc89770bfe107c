"""What subscriptions were over time, as the deliveries showed them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from snowflake.snowpark import Session

from tests.feeding import build_all, delivered, load, rows_of
from tests.unit.marts.billing import cents
from transforms.engine.stored import read_table
from transforms.history.subscriptions_history_check import TABLE

NAMES = [name for name in TABLE.column_names if name not in ("user_key", "version_key")]
D1, D2, D3, D4 = (datetime(2023, month, 1) for month in (1, 2, 3, 4))
START = date(2022, 12, 1)


def subscription(subscription_id: str, price: str, **fields: Any) -> dict[str, Any]:
    row = {"subscription_id": subscription_id, "user_id": "U1", "start_date": "2022-12-01", "end_date": ""}
    return {**row, "monthly_price": price, **fields}


def test_price_end_user_and_billing_period_open_versions(warehouse: Session):
    load(
        warehouse,
        delivered("subscriptions", D1, subscription("S1", "10"), subscription("S2", "5")),
        delivered("subscriptions", D2, subscription("S1", "12"), subscription("S2", "5.00", end_date="2023-12-31")),
        delivered("subscriptions", D3, subscription("S1", "12.00", user_id="U2"), subscription("S2", "5")),
        delivered(
            "subscriptions",
            D4,
            subscription("S1", "12", user_id="U2", billing_period="Yearly"),
            subscription("S2", "5"),
        ),
    )
    build_all(warehouse, ["+subscriptions_history_check"])
    ended = date(2023, 12, 31)
    assert rows_of(read_table(warehouse, TABLE), *NAMES) == [
        ("S1", "billing", "U1", START, None, cents("10"), None, D1, D1, D2, False, False, D1),
        ("S1", "billing", "U1", START, None, cents("12"), None, D2, D2, D3, False, False, D2),
        ("S1", "billing", "U2", START, None, cents("12"), "yearly", D4, D4, None, True, False, D4),
        ("S1", "billing", "U2", START, None, cents("12"), None, D3, D3, D4, False, False, D3),
        ("S2", "billing", "U1", START, ended, cents("5"), None, D2, D2, D3, False, False, D2),
        ("S2", "billing", "U1", START, None, cents("5"), None, D1, D1, D2, False, False, D1),
        ("S2", "billing", "U1", START, None, cents("5"), None, D4, D3, None, True, False, D4),
    ]


def test_a_vanished_subscription_is_deleted_and_comes_back(warehouse: Session):
    stays = subscription("S2", "5")
    load(
        warehouse,
        delivered("subscriptions", D1, subscription("S1", "10"), stays),
        delivered("subscriptions", D2, stays),
        delivered("subscriptions", D3, subscription("S1", "10"), stays),
        delivered("subscriptions", D4, subscription("S1", "9.999"), stays),
    )
    build_all(warehouse, ["+subscriptions_history_check"])
    found = rows_of(
        read_table(warehouse, TABLE), "subscription_id", "valid_from", "valid_to", "is_current", "is_deleted"
    )
    assert found == [
        ("S1", D1, D2, False, False),
        ("S1", D2, D3, False, True),
        ("S1", D3, None, True, False),  # a refused record still says that the subscription is there
        ("S2", D1, None, True, False),
    ]
