"""What users were over time, also where an upload is late."""

from __future__ import annotations

from snowflake.snowpark import Session

from tests.feeding import build_all, exported, load, rows_of
from tests.unit.product.events import HOUR, at, record
from transforms.engine.stored import read_table
from transforms.product.product_users_history import TABLE

BUILT = ["+product_users_history"]


def versions(session: Session) -> list[tuple[object, ...]]:
    return rows_of(read_table(session, TABLE), "amplitude_id", "valid_from", "valid_to", "tracked_properties")


def test_a_late_upload_is_spliced_in_and_an_event_that_tells_nothing_says_nothing(warehouse: Session):
    load(
        warehouse,
        exported(
            "events",
            HOUR,
            record(1, user_properties={"plan": "basic", "other": 1}),
            record(2, user_properties={"plan": "basic", "other": 2}),
            record(3),
            record(9, user_properties={"plan": "pro"}),
        ),
    )
    build_all(warehouse, BUILT)
    assert versions(warehouse) == [(1, at(1), at(9), '{"plan":"basic"}'), (1, at(9), None, '{"plan":"pro"}')]
    load(warehouse, exported("events", at(60), record(5, user_properties={"plan": "trial", "cohort": "a"})))
    build_all(warehouse, BUILT)
    assert versions(warehouse) == [
        (1, at(1), at(5), '{"plan":"basic"}'),
        (1, at(5), at(9), '{"cohort":"a","plan":"trial"}'),
        (1, at(9), None, '{"plan":"pro"}'),
    ]
