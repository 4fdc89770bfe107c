"""The wide view: a view, made again without a trace, that shows every event once."""

from __future__ import annotations

import pytest
from snowflake.snowpark import Session

from tests.feeding import build_all, exported, load, rows_of
from tests.registering import model_of
from tests.unit.product.events import HOUR, at, record
from transforms.catalog import check_view, models
from transforms.contract import ContractError
from transforms.engine.stored import current_database, read_table
from transforms.engine.tables import create_view
from transforms.product.product_events_enriched import TABLE, build
from transforms.write_kinds import View

BUILT = ["+product_events_enriched"]


def test_every_event_is_shown_once_with_its_session_user_and_type(warehouse: Session):
    listed = {"id": 1, "value": "viewed", "display": "Viewed a page"}
    outside = record(2, session_id=-1, device_id=None, event_type="searched", user_id="ann")
    load(warehouse, exported("events", HOUR, record(1), outside), exported("event_types", HOUR, listed))
    build_all(warehouse, BUILT)
    names = ("event_name", "session_number", "device_user_count", "known_user_id", "is_identified", "first_seen_at")
    assert rows_of(read_table(warehouse, TABLE), *names) == [
        ("Viewed a page", 1, 1, "ann", False, at(1)),
        ("searched", None, None, "ann", True, at(1)),
    ]


def test_it_is_a_view_that_shows_what_is_new_without_a_build_of_its_own(warehouse: Session):
    kinds = warehouse.table(f"{current_database(warehouse)}.INFORMATION_SCHEMA.TABLES")
    found = kinds.filter(kinds["table_name"] == "PRODUCT_EVENTS_ENRICHED").select("table_type").collect()
    assert [row[0] for row in found] == ["VIEW"]
    load(warehouse, exported("events", HOUR, record(1)))
    first = build_all(warehouse, BUILT)["product_events_enriched"]
    assert not first.skipped
    load(warehouse, exported("events", HOUR, record(2)))
    again = build_all(warehouse, BUILT)
    assert again["product_events_enriched"].skipped
    assert read_table(warehouse, TABLE).count() == 2
    refreshed = build_all(warehouse, ["product_events_enriched"], mode="full_refresh")["product_events_enriched"]
    assert not refreshed.skipped
    assert read_table(warehouse, TABLE).count() == 2


def test_rows_carry_the_build_that_wrote_the_event(warehouse: Session):
    load(warehouse, exported("events", HOUR, record(1)))
    result = build_all(warehouse, BUILT)["product_events"]
    assert rows_of(read_table(warehouse, TABLE), "_build_id") == [(result.build_id,)]


def test_a_view_that_differs_from_its_contract_is_refused(warehouse: Session):
    model = models()["product_events_enriched"]
    narrower = model_of(TABLE, lambda product_events: product_events.select("event_key"))
    with pytest.raises(ContractError, match="the view has the columns"):
        create_view(warehouse, narrower)
    create_view(warehouse, model)


def test_a_view_reads_no_parameters_and_the_table_whose_rows_it_shows():
    by_today = model_of(TABLE, lambda product_events, *, today: product_events)
    with pytest.raises(ContractError, match="reads no parameters"):
        check_view(by_today)
    with pytest.raises(ContractError, match="which it does not read"):
        check_view(model_of(TABLE, lambda product_sessions: product_sessions))
    assert isinstance(TABLE.write, View)
    assert build is models()["product_events_enriched"].build
