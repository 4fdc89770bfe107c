"""What subscriptions were over time, by the records' own time of change."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from snowflake.snowpark import Session

from tests.feeding import build_all, delivered, load, rows_of
from tests.unit.marts.billing import cents
from transforms.engine.stored import read_table
from transforms.history.subscriptions_history_timestamp import TABLE
from transforms.ops import QUARANTINE

NAMES = [name for name in TABLE.column_names if name not in ("user_key", "version_key")]
D1, D2, D3, D4 = (datetime(2023, month, 10) for month in (1, 2, 3, 4))
U1, U2 = datetime(2022, 12, 31, 8), datetime(2023, 2, 5)
START = date(2022, 12, 1)


def subscription(subscription_id: str, price: str, updated_at: datetime | str, **fields: Any) -> dict[str, Any]:
    row = {"subscription_id": subscription_id, "user_id": "U1", "start_date": "2022-12-01", "end_date": ""}
    return {**row, "monthly_price": price, "updated_at": str(updated_at), **fields}


def test_a_version_begins_when_the_source_changed_the_record_and_absence_closes_it(warehouse: Session):
    stays = subscription("S2", "5", U1)
    load(
        warehouse,
        delivered("subscriptions", D1, subscription("S1", "10", U1), stays),
        delivered("subscriptions", D2, subscription("S1", "15", U2), stays),
        delivered("subscriptions", D3, stays),
        delivered("subscriptions", D4, subscription("S1", "15", U2), stays),
    )
    build_all(warehouse, ["+subscriptions_history_timestamp"])
    s1 = ("S1", "billing", "U1", START, None)
    assert (
        rows_of(read_table(warehouse, TABLE), *NAMES)
        == [
            (*s1, cents("10"), None, U1, U1, U2, False, False, D1),
            (*s1, cents("15"), None, U2, U2, D3, False, False, D4),  # D4 saw the same change once more
            (*s1, cents("15"), None, U2, D4, None, True, False, D4),
            ("S2", *s1[1:], cents("5"), None, U1, U1, None, True, False, D4),
        ]
    )


def test_a_record_that_does_not_know_when_it_changed_is_quarantined_and_still_there(warehouse: Session):
    load(
        warehouse,
        delivered("subscriptions", D1, subscription("S1", "10", U1)),
        delivered("subscriptions", D2, subscription("S1", "15", "")),
    )
    build_all(warehouse, ["+subscriptions_history_timestamp"])
    found = rows_of(read_table(warehouse, TABLE), "valid_from", "valid_to", "is_current", "monthly_price")
    assert found == [(U1, None, True, cents("10"))]
    refused = rows_of(read_table(warehouse, QUARANTINE), "table_name", "rule")
    assert refused == [(TABLE.name, "updated_at_missing")]


def test_files_without_the_field_count_as_changed_when_they_were_delivered(warehouse: Session):
    record = {name: value for name, value in subscription("S1", "10", U1).items() if name != "updated_at"}
    load(
        warehouse,
        delivered("subscriptions", D1, record),
        delivered("subscriptions", D2, {**record, "monthly_price": "15"}),
    )
    build_all(warehouse, ["+subscriptions_history_timestamp"])
    found = rows_of(read_table(warehouse, TABLE), "valid_from", "valid_to", "monthly_price")
    assert found == [(D1, D2, cents("10")), (D2, None, cents("15"))]


def test_a_revival_waits_for_its_own_time_and_nothing_fills_the_time_until_then(warehouse: Session):
    later, stays = datetime(2023, 3, 20), subscription("S2", "5", U1)
    load(
        warehouse,
        delivered("subscriptions", D1, subscription("S1", "10", U1), stays),
        delivered("subscriptions", D2, stays),
        delivered("subscriptions", D3, subscription("S1", "20", later), stays),
    )
    build_all(warehouse, ["+subscriptions_history_timestamp"])
    shown = ("subscription_id", "valid_from", "valid_to", "is_current", "monthly_price")
    revived = [("S1", U1, D2, False, cents("10")), ("S1", later, None, True, cents("20"))]
    assert rows_of(read_table(warehouse, TABLE), *shown)[:2] == revived
    load(warehouse, delivered("subscriptions", D4, stays))
    build_all(warehouse, ["+subscriptions_history_timestamp"])
    assert rows_of(read_table(warehouse, TABLE), *shown)[:2] == [revived[0], ("S1", later, D4, False, cents("20"))]


def test_who_is_gone_again_before_the_own_time_was_not_back(warehouse: Session):
    stays = subscription("S2", "5", U1)
    load(
        warehouse,
        delivered("subscriptions", D1, subscription("S1", "10", U1), stays),
        delivered("subscriptions", D2, stays),
        delivered("subscriptions", D3, subscription("S1", "20", datetime(2023, 5, 1)), stays),
        delivered("subscriptions", D4, stays),
    )
    build_all(warehouse, ["+subscriptions_history_timestamp"])
    found = rows_of(read_table(warehouse, TABLE), "subscription_id", "valid_from", "valid_to", "is_current")
    assert found == [("S1", U1, D2, False), ("S2", U1, None, True)]
