"""Personal data that an export tells are nowhere in what is kept."""

from __future__ import annotations

import gzip

import pytest
from pydantic import SecretStr

from flows.sources.amplitude.personal import PersonalData
from tests.sources.amplitude_export.conftest import FIRST, all_text


def personal_values(records) -> set[str]:
    found = {record["ip_address"] for record in records if record.get("ip_address")}
    return found | {record["user_properties"]["email"] for record in records if record["user_properties"].get("email")}


@pytest.mark.parametrize("key", [None, SecretStr("pepper")])
def test_personal_data_are_nowhere(account, warehouse, tmp_path, warehouse_home, key):
    account.key = key
    account.sandbox.inject("broken_line")
    records = list(account.records(FIRST, 6))
    values = personal_values(records)
    assert len(values) > 50
    account.export()
    written = all_text(warehouse, tmp_path)
    stage = "".join(
        gzip.decompress(path.read_bytes()).decode()
        for path in warehouse_home.rglob("events_20261120*.ndjson.gz")
        if warehouse.database.lower() in str(path).lower()
    )
    assert records[0]["uuid"] in written, "the places looked at are the right ones"
    assert records[0]["uuid"] in stage
    assert not [value for value in values if value in written or value in stage]
    assert "203.0.113.77" not in written
    assert "203.0.113.77" not in stage
    hashed = [event.get("ip_address") for event in warehouse.events()]
    assert set(map(type, hashed)) == ({type(None)} if key is None else {str})
    if key:
        addresses = {record["uuid"]: record["ip_address"] for record in records}
        pairs = {(addresses[event["uuid"]], event["ip_address"]) for event in warehouse.events()}
        assert len(pairs) == len(set(addresses.values())) == len({hashed for _, hashed in pairs})


def test_the_test_of_personal_data_finds_them(account, warehouse, tmp_path, monkeypatch):
    monkeypatch.setattr(PersonalData, "protect", lambda _, event: dict(event))
    values = personal_values(list(account.records(FIRST, 6)))
    account.export()
    assert values <= {value for value in values if value in all_text(warehouse, tmp_path)}
