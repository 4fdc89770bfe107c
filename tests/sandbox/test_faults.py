"""Each fault is seen by a client, as often as it was asked for, and is over then."""

from __future__ import annotations

import time

import httpx
import pytest

from deployments.sandbox import FAULTS, FaultRule, SandboxServer
from tests.sandbox.conftest import all_pages, ask_token, ids

STATUS_OF = {"429": 429, "429_without_headers": 429, "404": 404, "500": 500, "502": 502, "503": 503, "504": 504}


def listing(server: SandboxServer) -> list[str]:
    return [stream["id"] for stream in server.view.streams(server.now)]


@pytest.mark.parametrize(("fault", "status"), STATUS_OF.items())
def test_a_status_is_answered_once(server: SandboxServer, client: httpx.Client, fault: str, status: int):
    server.inject(fault)
    answers = [client.get("streams") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [status, 200]
    if status not in (502, 504):
        assert answers[0].json()["status"] == status


def test_429_says_when_to_come_again(server: SandboxServer, client: httpx.Client):
    server.inject("429", seconds=5)
    headers = client.get("streams").headers
    assert headers["Ratelimit-Remaining"] == "0"
    assert 3 < int(headers["Ratelimit-Reset"]) - time.time() <= 6.01
    server.inject("429_without_headers")
    assert "Ratelimit-Reset" not in client.get("streams").headers


def test_a_rule_spares_and_counts_the_requests_of_its_path(server: SandboxServer, client: httpx.Client):
    server.inject("503", path="/helix/users", after=1, times=2)
    users = [client.get("users", params={"id": "1"}).status_code for _ in range(5)]
    assert users == [200, 503, 503, 200, 200]
    assert client.get("streams").status_code == 200
    assert server.api.faults.as_list()[0]["fired"] == 2


def test_a_rule_without_end_lasts_until_it_is_taken_back(server: SandboxServer, client: httpx.Client):
    server.inject("500", times=None)
    assert {client.get("streams").status_code for _ in range(4)} == {500}
    server.clear_faults()
    assert client.get("streams").status_code == 200


def test_a_rule_can_concern_later_or_first_pages(server: SandboxServer, client: httpx.Client):
    cursor = client.get("streams").json()["pagination"]["cursor"]
    server.inject("500", pages="later", times=None)
    server.inject("503", pages="first", times=None)
    assert client.get("streams").status_code == 503
    assert client.get("streams", params={"after": cursor}).status_code == 500


def test_an_expired_token_works_no_more_and_a_new_one_does(server: SandboxServer, client: httpx.Client):
    server.inject("expired_token")
    assert client.get("streams").json()["message"] == "Invalid OAuth token"
    token = ask_token(server).json()["access_token"]
    assert client.get("streams", headers={"Authorization": f"Bearer {token}"}).status_code == 200


def test_unauthorized_whatever_the_token(server: SandboxServer, client: httpx.Client):
    server.inject("unauthorized", times=2)
    assert client.get("streams").status_code == 401
    token = ask_token(server).json()["access_token"]
    assert client.get("streams", headers={"Authorization": f"Bearer {token}"}).status_code == 401


def test_credentials_can_stop_being_good(server: SandboxServer):
    server.inject("invalid_client")
    assert [ask_token(server).status_code for _ in range(2)] == [403, 200]


def test_slow(server: SandboxServer, client: httpx.Client):
    server.inject("slow", seconds=0.3)
    began = time.perf_counter()
    assert client.get("streams").status_code == 200
    assert time.perf_counter() - began >= 0.3
    server.inject("slow", seconds=2)
    with pytest.raises(httpx.ReadTimeout):
        client.get("streams", timeout=0.1)


def test_a_dropped_connection(server: SandboxServer, client: httpx.Client):
    server.inject("drop_connection")
    with pytest.raises(httpx.RemoteProtocolError):
        client.get("streams")
    assert client.get("streams").status_code == 200


def test_a_truncated_body(server: SandboxServer, client: httpx.Client):
    server.inject("truncate_body")
    with pytest.raises(httpx.RemoteProtocolError, match="incomplete|without sending"):
        client.get("streams")
    assert client.get("streams").status_code == 200


def test_a_page_that_is_no_json(server: SandboxServer, client: httpx.Client):
    server.inject("not_json")
    answer = client.get("streams")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/html"
    assert answer.text.startswith("<html>")


def test_no_points_left_in_a_good_answer(server: SandboxServer, client: httpx.Client):
    server.inject("ratelimit_zero", seconds=2)
    answer = client.get("streams")
    assert answer.status_code == 200
    assert answer.headers["Ratelimit-Remaining"] == "0"
    assert 0 < int(answer.headers["Ratelimit-Reset"]) - time.time() <= 3.01
    assert len(answer.json()["data"]) == 20


def test_a_cursor_that_loops(server: SandboxServer, client: httpx.Client):
    server.inject("loop_cursor", times=None)
    pages = all_pages(client, most=12)
    assert len(pages) == 12
    assert all(page == pages[1] for page in pages[1:])


def test_a_cursor_that_is_refused(server: SandboxServer, client: httpx.Client):
    server.inject("refuse_cursor")
    first = client.get("streams").json()
    answer = client.get("streams", params={"after": first["pagination"]["cursor"]})
    assert (answer.status_code, answer.json()["message"]) == (400, "Invalid cursor.")


def test_repeats_across_pages(server: SandboxServer, client: httpx.Client):
    server.inject("repeat_pages", rows=7)
    pages = all_pages(client)
    assert pages[1][:7] == pages[0][-7:]
    assert len(ids(pages)) == len(listing(server)) + 7
    assert set(ids(pages)) == set(listing(server))


def test_misses_across_pages(server: SandboxServer, client: httpx.Client):
    server.inject("miss_rows", rows=7)
    expected = listing(server)
    assert ids(all_pages(client)) == expected[:100] + expected[107:]


def test_short_and_empty_pages_lose_nothing(server: SandboxServer, client: httpx.Client):
    server.inject("short_page", rows=3, pages="later")
    server.inject("empty_page", pages="first")
    server.inject("empty_page", pages="later", after=1)
    pages = all_pages(client)
    assert [len(page) for page in pages[:4]] == [0, 3, 0, 100]
    assert ids(pages) == listing(server)


def test_an_empty_listing(server: SandboxServer, client: httpx.Client):
    server.inject("empty_listing")
    assert client.get("streams").json() == {"data": [], "pagination": {}}


def test_drift_repeats_and_misses_as_the_platform_does(server: SandboxServer, client: httpx.Client):
    server.inject("drift", times=None, seconds=300)
    seen = ids(all_pages(client, first=50))
    assert len(seen) > len(set(seen)), "repeated"
    assert set(listing(server)) - set(seen), "missed"


def test_ids_that_are_not_returned(server: SandboxServer, client: httpx.Client):
    server.inject("missing_ids", path="/helix/users", rows=4)
    asked = [user["id"] for user in server.view.all_users(server.now)[:10]]
    found = [user["id"] for user in client.get("users", params={"id": asked}).json()["data"]]
    assert found == asked[4:]


def test_records_that_are_not_as_promised(server: SandboxServer, client: httpx.Client):
    good = client.get("streams").json()["data"]
    server.inject("bad_record")
    server.inject("new_field", after=1)
    server.inject("missing_field", after=2)
    bad, new, missing = (client.get("streams").json()["data"] for _ in range(3))
    assert bad[0]["viewer_count"] == [good[0]["viewer_count"], 999, 342]
    assert set(bad[0]) - set(good[0]) == {"last_updated", "ended_at"}
    assert bad[1:] == good[1:]
    assert all(set(record) - set(good[0]) == {"sandbox_new_field"} for record in new)
    assert set(good[0]) - set(missing[0]) == {"title"}
    assert client.get("streams").json()["data"] == good, "the world itself is not changed"


def test_an_unknown_fault_or_field_is_refused_by_name():
    with pytest.raises(ValueError, match="'earthquake' is unknown; known are 429"):
        FaultRule("earthquake")
    with pytest.raises(ValueError, match="no field 'often'"):
        FaultRule.parse({"fault": "429", "often": 3})
    with pytest.raises(ValueError, match="names its fault"):
        FaultRule.parse({"times": 3})
    with pytest.raises(ValueError, match="any, first or later"):
        FaultRule("429", pages="third")
    with pytest.raises(ValueError, match="seconds must be a number; found 'long'"):
        FaultRule.parse({"fault": "slow", "seconds": "long"})


@pytest.mark.parametrize("fault", FAULTS)
def test_after_every_fault_a_listing_is_whole_again(server: SandboxServer, client: httpx.Client, fault: str):
    server.inject(fault, path="/", seconds=0.01)
    for path in (server.auth_url + "validate", "streams"):
        try:
            body = client.get(path).json()
            client.get(path, params={"after": body["pagination"]["cursor"]})
        except (httpx.HTTPError, ValueError, KeyError):
            continue
    server.clear_faults()
    client.headers["Authorization"] = f"Bearer {ask_token(server).json()['access_token']}"
    assert ids(all_pages(client)) == listing(server)
