"""The remote control of a server, over HTTP."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from deployments.sandbox import SandboxServer


def order(server: SandboxServer, method: str, name: str, body: Any = None) -> httpx.Response:
    headers = {"X-Sandbox-Secret": server.control_secret}
    return httpx.request(method, f"{server.url}/_control/{name}", headers=headers, json=body, trust_env=False)


def test_the_clock_is_told_and_moved(server: SandboxServer):
    assert order(server, "GET", "clock").json()["at"] == "2026-11-01T18:00:00+00:00"
    moved = order(server, "POST", "clock", {"at": "2026-11-02T00:00:00Z", "advance_seconds": 60})
    assert moved.json()["at"] == server.now.isoformat() == "2026-11-02T00:01:00+00:00"


def test_rules_are_put_in_force_listed_and_taken_back(server: SandboxServer, client: httpx.Client):
    rules = [{"fault": "503", "times": None}, {"fault": "slow", "path": "/helix/users", "seconds": 0.1}]
    assert order(server, "POST", "faults", rules).status_code == 200
    assert client.get("streams").status_code == 503
    assert [(rule["fault"], rule["fired"]) for rule in order(server, "GET", "faults").json()["faults"]] == [
        ("503", 1),
        ("slow", 0),
    ]
    assert order(server, "DELETE", "faults").json() == {"faults": []}
    assert client.get("streams").status_code == 200


def test_requests_are_counted_by_path_without_those_of_the_control(server: SandboxServer, client: httpx.Client):
    client.get("streams")
    assert order(server, "GET", "requests").json() == {"requests": {"/oauth2/token": 1, "/helix/streams": 1}}
    order(server, "DELETE", "requests")
    client.get("users", params={"id": "1"})
    assert order(server, "GET", "requests").json() == {"requests": {"/helix/users": 1}}


def test_stop_calls_the_process(server: SandboxServer):
    stopped: list[bool] = []
    server.control.on_stop = lambda: stopped.append(True)
    assert order(server, "POST", "stop").json() == {"stopping": True}
    assert stopped == [True]


@pytest.mark.parametrize(
    ("method", "name", "body", "status", "message"),
    [
        ("POST", "clock", {}, 400, "clock is moved by"),
        ("POST", "clock", {"at": "tomorrow"}, 400, "isoformat"),
        ("POST", "clock", {"at": 1e30}, 400, ""),
        ("POST", "faults", {"fault": "earthquake"}, 400, "is unknown"),
        ("GET", "weather", None, 404, "no control endpoint"),
    ],
)
def test_a_wrong_order_is_refused_and_changes_nothing(
    server: SandboxServer, method: str, name: str, body: Any, status: int, message: str
):
    answer = order(server, method, name, body)
    assert answer.status_code == status
    assert message in answer.json()["message"]
    assert server.now == server.world.start
    assert server.api.faults.as_list() == []


def test_without_the_secret_nothing_is_told(server: SandboxServer):
    answer = httpx.get(f"{server.url}/_control/clock", trust_env=False)
    assert answer.status_code == 401
    assert "X-Sandbox-Secret" in answer.json()["message"]
