"""The real client, twitchAPI, against the sandbox."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
from twitchAPI.helper import limit
from twitchAPI.twitch import Twitch
from twitchAPI.type import TwitchAPIException, TwitchAuthorizationException, TwitchBackendException

from deployments.sandbox import SandboxServer


def with_twitch(server: SandboxServer, work: Callable[[Twitch], Awaitable[Any]], secret: str | None = None) -> Any:
    async def run() -> Any:
        twitch = await Twitch(
            server.client_id,
            secret or server.client_secret,
            base_url=server.base_url,
            auth_base_url=server.auth_url,
        )
        try:
            return await work(twitch)
        finally:
            await twitch.close()

    return asyncio.run(run())


async def stream_ids(twitch: Twitch) -> list[str]:
    return [stream.id async for stream in twitch.get_streams(first=100)]


def listing(server: SandboxServer) -> list[str]:
    return [stream["id"] for stream in server.view.streams(server.now)]


def test_streams_users_and_games_come_through_whole(server: SandboxServer):
    async def poll(twitch: Twitch) -> tuple[list, list, list, list]:
        streams = [stream async for stream in twitch.get_streams(first=100)]
        users = [user async for user in twitch.get_users(user_ids=[stream.user_id for stream in streams[:100]])]
        games = [game async for game in twitch.get_games(game_ids=sorted({s.game_id for s in streams} - {""})[:100])]
        top = [game async for game in limit(twitch.get_top_games(first=50), 60)]
        return streams, users, games, top

    streams, users, games, top = with_twitch(server, poll)
    expected = server.view.streams(server.now)
    assert [stream.id for stream in streams] == [record["id"] for record in expected]
    assert streams[0].started_at == datetime.fromisoformat(expected[0]["started_at"]).astimezone(UTC)
    assert {name: value for name, value in streams[0].to_dict().items() if name != "started_at"} == {
        name: value for name, value in expected[0].items() if name != "started_at"
    }
    assert {user.id for user in users} <= {stream.user_id for stream in streams[:100]}
    assert len(users) > 95
    assert len(games) > 80
    assert len(top) == 60


def test_wrong_credentials_are_refused(server: SandboxServer):
    with pytest.raises(TwitchAuthorizationException, match="403"):
        with_twitch(server, stream_ids, secret="wrong")


@pytest.mark.parametrize("fault", ["expired_token", "503", "drop_connection", "ratelimit_zero", "short_page"])
def test_what_the_client_recovers_from_itself(server: SandboxServer, fault: str):
    server.inject(fault, pages="later", seconds=0.2)
    assert with_twitch(server, stream_ids) == listing(server)


@pytest.mark.parametrize(
    ("fault", "times", "error"),
    [
        ("500", 1, TwitchBackendException),
        ("503", 2, TwitchBackendException),
        ("refuse_cursor", 1, TwitchAPIException),
        ("truncate_body", 1, aiohttp.ClientPayloadError),
        ("drop_connection", 2, aiohttp.ServerDisconnectedError),
        ("not_json", 1, aiohttp.ContentTypeError),
    ],
)
def test_what_the_client_raises(server: SandboxServer, fault: str, times: int, error: type[Exception]):
    server.inject(fault, pages="later", times=times)
    with pytest.raises(error):
        with_twitch(server, stream_ids)


def test_the_client_cuts_a_listing_short_on_429_without_an_error(server: SandboxServer):
    server.inject("429", pages="later", seconds=0.2)
    assert with_twitch(server, stream_ids) == listing(server)[:100]


def test_a_looping_cursor_never_ends_by_itself(server: SandboxServer):
    server.inject("loop_cursor", times=None)

    async def some(twitch: Twitch) -> list[str]:
        return [stream.id async for stream in limit(twitch.get_streams(first=100), 1_000)]

    assert len(with_twitch(server, some)) == 1_000
