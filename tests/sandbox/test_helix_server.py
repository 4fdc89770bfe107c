"""The server answers as Helix does."""

from __future__ import annotations

import socket
import threading
import time

import httpx
import pytest

from deployments.sandbox import SandboxServer, World
from deployments.sandbox.http.clock import Clock
from tests.sandbox.conftest import all_pages, ask_token, ids


def test_a_token_needs_the_right_credentials(server: SandboxServer):
    token = ask_token(server).json()
    assert token["token_type"] == "bearer"
    assert token["expires_in"] > 0
    wrong_secret = ask_token(server, client_secret="wrong")
    assert (wrong_secret.status_code, wrong_secret.json()) == (403, {"status": 403, "message": "invalid client secret"})
    assert ask_token(server, client_id="wrong").json() == {"status": 400, "message": "invalid client"}
    assert ask_token(server, grant_type="password").status_code == 400
    assert httpx.post(f"{server.auth_url}token", trust_env=False).json()["message"] == "missing client id"


def test_a_token_can_be_asked_for_with_a_form(server: SandboxServer):
    fields = {
        "client_id": server.client_id,
        "client_secret": server.client_secret,
        "grant_type": "client_credentials",
    }
    assert httpx.post(f"{server.auth_url}token", data=fields, trust_env=False).status_code == 200


def test_a_token_can_be_validated(server: SandboxServer, client: httpx.Client):
    good = client.get(f"{server.auth_url}validate", headers={"Authorization": client.headers["Authorization"]})
    assert good.json()["client_id"] == server.client_id
    bad = client.get(f"{server.auth_url}validate", headers={"Authorization": "OAuth nothing"})
    assert bad.json() == {"status": 401, "message": "invalid access token"}


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({"Authorization": ""}, "OAuth token is missing"),
        ({"Authorization": "Bearer 123"}, "Invalid OAuth token"),
        ({"Client-Id": "other"}, "Client ID and OAuth token do not match"),
    ],
)
def test_requests_without_a_good_token_are_refused(client: httpx.Client, headers: dict[str, str], message: str):
    answer = client.get("streams", headers=headers)
    assert answer.status_code == 401
    assert answer.json() == {"error": "Unauthorized", "status": 401, "message": message}


def test_pages_hold_every_live_stream_once_most_watched_first(server: SandboxServer, client: httpx.Client):
    pages = all_pages(client)
    assert [len(page) for page in pages[:-1]] == [100] * (len(pages) - 1)
    assert [record for page in pages for record in page] == server.view.streams(server.world.start)


@pytest.mark.parametrize("size", [1, 7, 20, 99])
def test_any_page_size_gives_the_same_listing(server: SandboxServer, client: httpx.Client, size: int):
    expected = [stream["id"] for stream in server.view.streams(server.world.start)][: size * 10]
    assert ids(all_pages(client, most=10, first=size)) == expected


def test_the_default_page_holds_twenty(client: httpx.Client):
    assert len(client.get("streams").json()["data"]) == 20


def test_a_listing_over_a_moving_clock_repeats_and_misses_streams(server: SandboxServer, client: httpx.Client):
    first = client.get("streams", params={"first": 50}).json()
    server.advance(1_800)
    second = client.get("streams", params={"first": 50, "after": first["pagination"]["cursor"]}).json()
    shown = {record["id"] for record in first["data"]}
    listing = [record["id"] for record in server.view.streams(server.now)]
    assert shown & {record["id"] for record in second["data"]}, "repeated"
    assert set(listing[:50]) - shown - {record["id"] for record in second["data"]}, "missed"


def test_streams_can_be_filtered(server: SandboxServer, client: httpx.Client):
    streams = server.view.streams(server.world.start)
    games = sorted({stream["game_id"] for stream in streams} - {""})[:3]
    expected = [s["id"] for s in streams if s["game_id"] in games and s["language"] in ("en", "de")]
    assert expected
    assert ids(all_pages(client, game_id=games, language=["en", "de"])) == expected
    user_ids, logins = [s["user_id"] for s in streams[:2]], [s["user_login"].upper() for s in streams[2:5]]
    assert ids(all_pages(client, user_id=user_ids, user_login=logins)) == [s["id"] for s in streams[:5]]
    assert client.get("streams", params={"user_id": "1"}).json() == {"data": [], "pagination": {}}


def test_users_are_found_by_id_and_login_and_unknown_ones_are_absent(server: SandboxServer, client: httpx.Client):
    users = server.view.all_users(server.world.start)[:5]
    asked = [*[user["id"] for user in users[:3]], "999", users[0]["id"]]
    logins = [users[3]["login"], users[4]["login"].upper(), "nobody_at_all"]
    found = client.get("users", params={"id": asked, "login": logins}).json()
    assert sorted(found["data"], key=lambda user: user["id"]) == sorted(users, key=lambda user: user["id"])


def test_games_are_found_by_id_and_name_and_unknown_ones_are_absent(client: httpx.Client):
    top = client.get("games/top", params={"first": 3}).json()["data"]
    found = client.get("games", params={"id": [top[0]["id"], "7"], "name": [top[1]["name"], "No Such Game"]}).json()
    assert found["data"] == top[:2]


def test_top_games_are_ordered_by_their_viewers(server: SandboxServer, client: httpx.Client):
    listed = ids(all_pages(client, "games/top", first=30))
    watched = {game: 0 for game in listed}
    for stream in server.view.streams(server.world.start):
        if stream["game_id"] in watched:
            watched[stream["game_id"]] += stream["viewer_count"]
    assert [watched[game] for game in listed] == sorted(watched.values(), reverse=True)
    assert len(set(listed)) == len(listed) > 30


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("streams", {"first": 0}),
        ("streams", {"first": 101}),
        ("streams", {"first": "many"}),
        ("streams", {"after": "nonsense"}),
        ("streams", {"after": "eyJ4IjoxfQ=="}),
        ("streams", {"game_id": [str(number) for number in range(101)]}),
        ("users", {}),
        ("users", {"id": ["1"] * 101}),
        ("games", {}),
    ],
)
def test_a_wrong_request_is_answered_with_400(client: httpx.Client, path: str, params: dict):
    answer = client.get(path, params=params)
    assert answer.status_code == 400
    assert answer.json()["error"] == "Bad Request"
    assert answer.json()["message"]


def test_other_endpoints_are_not_there(client: httpx.Client):
    assert client.get("clips").json()["error"] == "Not Found"
    assert client.post("streams").status_code == 404


def test_every_answer_tells_the_points_left(client: httpx.Client):
    first, second = client.get("streams").headers, client.get("users", params={"id": "1"}).headers
    assert first["Ratelimit-Limit"] == "800"
    assert int(second["Ratelimit-Remaining"]) <= int(first["Ratelimit-Remaining"]) < 800
    assert 0 <= int(first["Ratelimit-Reset"]) - time.time() < 3


def test_an_empty_bucket_is_429_until_it_fills_again(world: World):
    with SandboxServer(world, points=5, window_seconds=2) as server:
        token = ask_token(server).json()["access_token"]
        headers = {"Client-Id": server.client_id, "Authorization": f"Bearer {token}"}
        with httpx.Client(base_url=server.base_url, headers=headers, trust_env=False) as client:
            answers = [client.get("games", params={"id": "1"}) for _ in range(8)]
            assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 3
            refused = answers[-1]
            assert refused.json()["error"] == "Too Many Requests"
            assert refused.headers["Ratelimit-Remaining"] == "0"
            time.sleep(max(int(refused.headers["Ratelimit-Reset"]) - time.time(), 0) + 0.1)
            assert client.get("games", params={"id": "1"}).status_code == 200


def test_it_listens_on_loopback_only(server: SandboxServer):
    assert server.url.startswith("http://127.0.0.1:")
    with socket.socket() as probe, pytest.raises(OSError, match="refused"):
        probe.connect(("127.0.0.2", server.port))


def test_secrets_are_made_up_and_differ(world: World):
    one, two = SandboxServer(world), SandboxServer(world)
    assert len({one.client_secret, two.client_secret, one.control_secret, two.control_secret}) == 4
    one.close()
    two.close()


def test_many_clients_at_once(server: SandboxServer, client: httpx.Client):
    found: list[list[str]] = []

    def poll() -> None:
        with httpx.Client(base_url=server.base_url, headers=client.headers, trust_env=False) as own:
            found.append(ids(all_pages(own)))

    threads = [threading.Thread(target=poll) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6
    assert len({tuple(listing) for listing in found}) == 1


def test_the_clock_stands_runs_or_steps(world: World):
    start = world.start.timestamp()
    assert Clock(start).now() == start
    running = Clock(start, mode="running", speed=36_000)
    time.sleep(0.06)
    assert running.now() - start >= 2_000
    step = Clock(start, mode="step", step_seconds=900)
    assert [step.new_listing() - start for _ in range(3)] == [0, 900, 1_800]
    assert step.now() - start == 1_800
    with pytest.raises(ValueError, match="unknown"):
        Clock(start, mode="sundial")


def test_a_stepping_clock_moves_on_with_each_listing_and_not_within_one(world: World):
    with SandboxServer(world, clock=Clock(world.start.timestamp(), mode="step")) as server:
        token = ask_token(server).json()["access_token"]
        headers = {"Client-Id": server.client_id, "Authorization": f"Bearer {token}"}
        with httpx.Client(base_url=server.base_url, headers=headers, trust_env=False) as client:
            for poll in range(3):
                expected = server.view.streams(world.start.timestamp() + poll * 900)
                assert [record for page in all_pages(client) for record in page] == expected
