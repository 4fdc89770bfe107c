"""The sandbox as Amplitude's upload endpoints: what it takes, refuses, throttles, forgets and shows."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import httpx
import pytest

from deployments.sandbox import SandboxServer
from deployments.sandbox.amplitude.server import AmplitudeApi
from deployments.sandbox.http.faults import FaultBoard
from deployments.sandbox.http.messages import Answer, Request

KEY = "0123456789abcdef0123456789abcdef"
DAY = 24 * 3600


def event(number: int = 1, **changes: Any) -> dict[str, Any]:
    made = {
        "event_type": "gift_sent",
        "user_id": f"viewer_{number}",
        "time": 1_592_678_834_000,
        "insert_id": f"e{number}",
    }
    return {name: value for name, value in {**made, **changes}.items() if value is not None}


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def api(clock: Clock) -> AmplitudeApi:
    return AmplitudeApi(KEY, FaultBoard(), Counter(), now=clock)


def upload(api: AmplitudeApi, *events: dict[str, Any], path: str = "batch", **body: Any) -> Answer:
    content = json.dumps({"api_key": KEY, "events": list(events), **body}).encode()
    return api.answer(Request("POST", f"/amplitude/{path}", {}, {}, content))


@pytest.mark.parametrize("path", ["batch", "2/httpapi"])
def test_good_events_are_taken(api: AmplitudeApi, path: str):
    answer = upload(api, event(1), event(2, user_id=None, device_id="device_2"), path=path)
    assert (answer.status, answer.content["events_ingested"]) == (200, 2)
    assert [one["insert_id"] for one in api.held.events] == ["e1", "e2"]


@pytest.mark.parametrize(
    ("body", "code", "told"),
    [
        ({"api_key": "wrong"}, 400, {"error": "Invalid API key: wrong"}),
        ({"api_key": None}, 400, {"error": "Request missing required field", "missing_field": "api_key"}),
        ({"events": []}, 400, {"error": "Request missing required field", "missing_field": "events"}),
        ({"events": [event(n) for n in range(2_001)]}, 413, {"error": "Payload too large"}),
    ],
)
def test_an_upload_that_is_wrong_as_a_whole_is_refused(api: AmplitudeApi, body, code, told):
    answer = upload(api, event(), **body)
    assert (answer.status, answer.content) == (code, {"code": code, **told})
    assert api.held.events == []


@pytest.mark.parametrize(("path", "limit"), [("2/httpapi", 1_000_000), ("batch", 20_000_000)])
def test_each_endpoint_has_its_own_size(api: AmplitudeApi, path: str, limit: int):
    assert upload(api, event(note="x" * (limit - 1_000)), path=path).status == 200
    assert upload(api, event(note="x" * limit), path=path).status == 413


def test_bad_events_are_named_by_index_and_nothing_is_taken(api: AmplitudeApi):
    bad = [
        event(0),
        event(1, event_type=None),
        event(2, user_id=None),
        event(3, time="today"),
        event(4, user_id="u4"),
        event(5, user_id="u5", device_id="long enough"),
    ]
    answer = upload(api, *bad)
    assert answer.status == 400
    assert answer.content == {
        "code": 400,
        "error": "Request has invalid events",
        "events_with_missing_fields": {"event_type": [1], "user_id": [2]},
        "events_with_invalid_fields": {"time": [3]},
        "events_with_invalid_id_lengths": {"user_id": [4]},
        "silenced_events": [],
        "silenced_devices": [],
    }
    assert api.held.events == []
    assert api.held.refused == {
        "e1": "missing event_type",
        "e2": "missing user_id",
        "e3": "invalid time",
        "e4": "too short user_id",
    }
    assert upload(api, event(4, user_id="u4"), options={"min_id_length": 2}).status == 200


def test_an_insert_id_is_dropped_for_seven_days_per_device(api: AmplitudeApi, clock: Clock):
    for one in (event(1), event(1), event(1, user_id="another")):
        upload(api, one)
    assert len(api.held.events) == 2
    clock.now += 7 * DAY - 1
    upload(api, event(1))
    assert len(api.held.events) == 2
    clock.now += 1
    upload(api, event(1))
    assert len(api.held.events) == 3
    assert api.held.dropped == {"e1": 2}


def test_a_user_may_send_thirty_events_a_second_over_half_a_minute(api: AmplitudeApi, clock: Clock):
    busy = [event(number, user_id="busy_user") for number in range(900)]
    assert upload(api, *busy, path="2/httpapi").status == 200
    answer = upload(api, event(1), event(2, user_id="busy_user"), path="2/httpapi")
    assert answer.status == 429
    assert answer.content == {
        "code": 429,
        "error": "Too many requests for some devices and users",
        "eps_threshold": 30,
        "throttled_users": {"busy_user": 31},
        "throttled_devices": {},
        "throttled_events": [1],
    }
    clock.now += 30
    assert upload(api, event(2, user_id="busy_user"), path="2/httpapi").status == 200


def test_it_is_served_and_shown_over_http(server: SandboxServer):
    body = {"api_key": server.amplitude.api_key, "events": [event(1), event(1), event(2, time=1_592_678_835_000)]}
    with httpx.Client(trust_env=False, headers={"X-Sandbox-Secret": server.control_secret}) as client:
        assert client.post(f"{server.amplitude_url}/batch", json=body).status_code == 200
        assert client.get(f"{server.amplitude_url}/batch").status_code == 405
        assert client.post(f"{server.amplitude_url}/elsewhere", json=body).status_code == 404
        held = client.get(f"{server.url}/_control/amplitude", params={"events": 1}).json()
        assert held == {
            "events": 2,
            "people": 2,
            "dropped_repeats": 1,
            "refused": 0,
            "event_types": {"gift_sent": {"events": 2, "first": 1_592_678_834_000, "last": 1_592_678_835_000}},
            "newest": [event(2, time=1_592_678_835_000)],
        }
        assert client.delete(f"{server.url}/_control/amplitude").json() == {"events": 0}
        assert client.get(f"{server.url}/_control/amplitude").json()["events"] == 0
    assert server.requests["/amplitude/batch"] == 2


def test_a_fault_may_fire_on_every_so_manieth_request(server: SandboxServer):
    body = {"api_key": server.amplitude.api_key, "events": [event(1)]}
    server.inject("fail_after_taking", every=3, times=2)
    with httpx.Client(trust_env=False) as client:
        codes = [client.post(f"{server.amplitude_url}/batch", json=body).status_code for _ in range(10)]
    assert codes == [200, 200, 500, 200, 200, 500, 200, 200, 200, 200]
    assert server.api.faults.as_list()[0]["fired"] == 2
