"""The sandbox as Amplitude's Export API: what it gives, when it is whole, and what it does wrong on request."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from deployments.sandbox import SandboxServer
from deployments.sandbox.amplitude.export import ProductEvents
from deployments.sandbox.amplitude.server import secret_key_of
from deployments.sandbox.livelogs.tabs import LiveLogsView
from deployments.sandbox.world.timestamps import HOUR, epoch

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def ask(server: SandboxServer, path: str = "export", **query: str) -> httpx.Response:
    keys = (server.amplitude.api_key, server.amplitude.secret_key)
    return httpx.get(f"{server.amplitude_url}/api/2/{path}", params=query, auth=keys, trust_env=False, timeout=30)


def hours(server: SandboxServer, first: datetime, last: datetime | None = None) -> httpx.Response:
    return ask(server, start=f"{first:%Y%m%dT%H}", end=f"{last or first:%Y%m%dT%H}")


def members_of(answer: httpx.Response) -> dict[str, list[dict[str, Any]]]:
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        return {
            name: [json.loads(line) for line in gzip.decompress(archive.read(name)).splitlines()]
            for name in archive.namelist()
        }


def records_of(answer: httpx.Response) -> list[dict[str, Any]]:
    return [record for records in members_of(answer).values() for record in records]


def uuids(records: list[dict[str, Any]]) -> list[str]:
    return sorted(record["uuid"] for record in records)


@pytest.fixture
def later(server: SandboxServer) -> SandboxServer:
    """The sandbox, a day after NOON."""
    server.set_clock(NOON + timedelta(days=1))
    return server


def test_both_hours_are_included_and_each_has_files_of_its_own(later):
    members = members_of(hours(later, NOON, NOON + timedelta(hours=1)))
    by_hour = defaultdict(list)
    for name, records in members.items():
        by_hour[name.rpartition("_")[2].partition("#")[0]] += records
    assert set(by_hour) == {"12", "13"}
    for hour, records in by_hour.items():
        assert {record["server_upload_time"][:13] for record in records} == {f"2026-11-20 {hour}"}
        assert len(records) > 10


def test_the_same_seed_gives_the_same_events(later, world):
    given = records_of(hours(later, NOON))
    assert uuids(given) == uuids(ProductEvents(world).of_hour(epoch(NOON) // HOUR))
    assert len({len(record) for record in given}) == 2, "old clients send fewer fields"
    assert max(len(record) for record in given) == 55


def test_an_hour_is_whole_two_hours_after_its_end_and_nobody_tells_before(server):
    server.set_clock(NOON + timedelta(hours=3))
    whole = records_of(hours(server, NOON))
    server.set_clock(NOON + timedelta(hours=2, minutes=30))
    part = records_of(hours(server, NOON))
    assert 0 < len(part) < len(whole)
    server.set_clock(NOON + timedelta(hours=2))
    assert hours(server, NOON).status_code == 404


def test_the_world_has_what_makes_product_events_difficult(later):
    given = records_of(hours(later, NOON - timedelta(days=6), NOON))
    devices, people = defaultdict(set), defaultdict(set)
    for record in given:
        if record["$insert_id"]:
            devices[record["$insert_id"]].add(record["device_id"])
        if record["user_id"]:
            people[record["amplitude_id"]].add(record["user_id"])
    repeats = [record for record in given if record["$insert_id"]]
    late = [r for r in given if r["event_time"][:10] < f"{NOON - timedelta(days=9):%Y-%m-%d}"]
    assert late, "an event that is uploaded days after it happened"
    assert len(repeats) > len({(r["$insert_id"], r["device_id"]) for r in repeats}), "repeats on one device"
    assert any(len(found) == 2 for found in devices.values()), "one insert_id on two devices"
    assert all(len(found) == 1 for found in people.values()), "an amplitude_id is one person"
    assert any(r["event_time"] > f"{NOON + timedelta(days=1)}" for r in given), "a clock that is ahead"
    assert any("T" in r["event_time"] for r in given), "a time as ISO text"
    assert any(not r["$insert_id"] for r in given)
    assert any(r["session_id"] == -1 for r in given)
    assert any(r["user_id"] is None for r in given)
    assert any(r["user_properties"].get("email") for r in given)
    known = {r["device_id"] for r in given if r["user_id"]}
    assert any(r["user_id"] is None and r["device_id"] in known for r in given), "anonymous, then identified"
    assert len(uuids(given)) == len(set(uuids(given)))


def test_the_viewers_are_those_of_the_live_logs(later, world):
    gifts = LiveLogsView(world).at(epoch(NOON))["TRANSACTIONS"][1:]
    givers = {row[2] for row in gifts}
    users = {record["user_id"] for record in records_of(hours(later, NOON - timedelta(days=1), NOON))}
    assert givers & users


def test_what_was_uploaded_is_given_back(server):
    server.set_clock(NOON)
    sent = {
        "event_type": "gift_sent",
        "user_id": "viewer_1",
        "time": 1_592_678_834_007,
        "insert_id": "gift_1",
        "event_properties": {"point": 5},
    }
    body = {"api_key": server.amplitude.api_key, "events": [sent, {**sent, "insert_id": "gift_1"}]}
    assert httpx.post(f"{server.amplitude_url}/batch", json=body, trust_env=False).status_code == 200
    server.set_clock(NOON + timedelta(hours=3))
    found = [record for record in records_of(hours(server, NOON)) if record["event_type"] == "gift_sent"]
    assert len(found) == 1, "what is dropped as a repeat is not given back"
    wanted = {
        "$insert_id": "gift_1",
        "user_id": "viewer_1",
        "event_properties": {"point": 5},
        "event_time": "2020-06-20 18:47:14.007000",
        "server_upload_time": "2026-11-20 12:00:00.000000",
        "session_id": -1,
    }
    assert {name: found[0][name] for name in wanted} == wanted
    names = {one["value"]: one for one in ask(server, "events/list").json()["data"]}
    assert names["gift_sent"]["totals"] == 1
    assert names["page_viewed"]["totals"] > 100


def test_nothing_is_uploaded_into_an_hour_that_was_exported(server):
    server.set_clock(NOON + timedelta(hours=5))
    hours(server, NOON)
    server.set_clock(NOON - timedelta(hours=5))
    body = {"api_key": server.amplitude.api_key, "events": [{"event_type": "late", "user_id": "viewer_1", "time": 1}]}
    assert httpx.post(f"{server.amplitude_url}/batch", json=body, trust_env=False).status_code == 200
    server.set_clock(NOON + timedelta(days=1))
    found = [r for r in records_of(hours(server, NOON - timedelta(hours=6), NOON + timedelta(hours=4)))]
    assert [r["server_upload_time"] for r in found if r["event_type"] == "late"] == ["2026-11-20 13:00:00.000000"]


@pytest.mark.parametrize(
    "query",
    [{}, {"start": "20261120T12"}, {"start": "2026-11-20", "end": "2026-11-20"}, {"start": "20261120T12", "end": "x"}],
)
def test_what_names_no_hours_is_refused(later, query):
    assert ask(later, **query).status_code == 400


def test_more_than_a_year_is_refused_and_an_empty_hour_is_not_found(later):
    assert hours(later, NOON - timedelta(days=366), NOON).status_code == 400
    assert hours(later, NOON, NOON - timedelta(hours=1)).status_code == 400
    assert hours(later, datetime(2019, 1, 1, tzinfo=UTC)).status_code == 404


def test_only_the_project_s_keys_are_taken(later):
    answer = httpx.get(f"{later.amplitude_url}/api/2/export", auth=("a", "b"), trust_env=False)
    assert answer.status_code == 403
    assert later.amplitude.secret_key == secret_key_of(later.client_secret) != later.amplitude.api_key


def test_too_much_at_once_is_refused_and_little_is_given(later):
    later.inject("export_too_large", times=None, rows=2)
    later.inject("export_timeout", times=None, rows=1)
    assert hours(later, NOON, NOON + timedelta(hours=2)).status_code == 400
    assert hours(later, NOON, NOON + timedelta(hours=1)).status_code == 504
    assert hours(later, NOON).status_code == 200


def test_a_fault_may_be_about_one_hour(later):
    later.inject("export_too_large", times=None, rows=0, hour=f"{NOON:%Y%m%dT%H}")
    assert hours(later, NOON - timedelta(hours=1), NOON + timedelta(hours=1)).status_code == 400
    assert hours(later, NOON).status_code == 400
    assert hours(later, NOON + timedelta(hours=1)).status_code == 200


def test_archives_and_their_files_break(later):
    later.inject("broken_archive")
    with pytest.raises(zipfile.BadZipFile):
        members_of(hours(later, NOON))
    later.inject("broken_member")
    with pytest.raises(EOFError):
        members_of(hours(later, NOON))
    later.inject("broken_line")
    with pytest.raises(ValueError, match="Unterminated"):
        members_of(hours(later, NOON))
    later.inject("shuffled_export")
    shuffled, plain = hours(later, NOON), hours(later, NOON)
    assert shuffled.content != plain.content
    assert uuids(records_of(shuffled)) == uuids(records_of(plain))


@pytest.mark.parametrize(("fault", "status"), [("429", 429), ("500", 500), ("502", 502), ("503", 503), ("504", 504)])
def test_the_usual_faults_are_there_as_well(later, fault, status):
    later.inject(fault, path="/amplitude/api/")
    assert hours(later, NOON).status_code == status
    assert hours(later, NOON).status_code == 200


@pytest.mark.parametrize("fault", ["drop_connection", "truncate_body"])
def test_a_connection_ends_early(later, fault):
    later.inject(fault, path="/amplitude/api/")
    with pytest.raises(httpx.RemoteProtocolError):
        hours(later, NOON)
