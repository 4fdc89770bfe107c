"""Spikes on request: one stream has more viewers, from then on and until the end."""

from __future__ import annotations

import httpx

from deployments.sandbox import SandboxServer
from tests.sandbox.test_control import order


def viewers(client: httpx.Client) -> dict[str, int]:
    found, after = {}, ""
    while True:
        page = client.get("streams", params={"first": 100, **({"after": after} if after else {})}).json()
        found |= {one["user_login"]: one["viewer_count"] for one in page["data"]}
        after = page["pagination"].get("cursor", "")
        if not after:
            return found


def test_a_stream_is_raised_until_it_is_ended_and_no_other(server: SandboxServer, client: httpx.Client):
    before = viewers(client)
    spike = order(server, "POST", "spikes", {"times": 30}).json()
    during = viewers(client)
    assert {name: during[name] - count for name, count in before.items() if during[name] != count} == {
        spike["login"]: 29 * before[spike["login"]]
    }
    assert 20 <= before[spike["login"]] <= 1000
    server.advance(-1)
    assert viewers(client)[spike["login"]] < 3 * before[spike["login"]]
    server.advance(61)
    assert viewers(client)[spike["login"]] > 20 * before[spike["login"]]
    ended = order(server, "DELETE", "spikes").json()["spikes"]
    assert ended == order(server, "GET", "spikes").json()["spikes"]
    assert ended[0]["end"] == "2026-11-01T18:01:00Z"
    assert viewers(client)[spike["login"]] < 3 * before[spike["login"]]


def test_who_is_named_is_raised_and_nobody_else_where_it_is_not_live(server: SandboxServer, client: httpx.Client):
    login = min(viewers(client))
    assert order(server, "POST", "spikes", {"login": login.upper()}).json()["login"] == login
    game = client.get("streams").json()["data"][0]["game_name"]
    assert order(server, "POST", "spikes", {"game": game}).status_code == 200
    for wrong, told in (
        ({"login": "nobody"}, "no live stream is of nobody"),
        ({"times": 1}, "times must be"),
        ({"who": 1}, "asked"),
    ):
        refused = order(server, "POST", "spikes", wrong)
        assert (refused.status_code, told in refused.json()["message"]) == (400, True)
