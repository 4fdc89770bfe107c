"""A poll of the sandbox through the real twitchAPI client, on a good day."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from deployments.sandbox import SandboxServer
from flows.landing import LandedFile
from flows.sources.twitch.poll import TwitchConfig, TwitchPoll, poll
from tests.sources.conftest import records_in, visible_files

AT = datetime(2026, 11, 1, 18, 0, 0, 123456, tzinfo=UTC)
Configure = Callable[..., TwitchConfig]


def landed(polled: TwitchPoll, entity: str) -> LandedFile:
    return next(file for file in polled.files if file.entity == entity)


def helix_answer(server: SandboxServer, query: str) -> Any:
    """What the server says to a plain HTTP client, to compare with what was landed."""
    token_url = f"{server.auth_url}token?client_id={server.client_id}&client_secret={server.client_secret}"
    token_request = urllib.request.Request(f"{token_url}&grant_type=client_credentials", method="POST")
    with urllib.request.urlopen(token_request) as answer:
        token = json.load(answer)["access_token"]
    headers = {"Client-ID": server.client_id, "Authorization": f"Bearer {token}"}
    with urllib.request.urlopen(urllib.request.Request(server.base_url + query, headers=headers)) as answer:
        return json.load(answer)


def test_poll_lands_the_top_streams_and_all_their_users_and_games(config_of: Configure, tmp_path: Path) -> None:
    polled = poll(config_of(), tmp_path, snapshot_at=AT)

    streams = records_in(tmp_path, landed(polled, "streams"))
    users = records_in(tmp_path, landed(polled, "users"))
    games = records_in(tmp_path, landed(polled, "games"))
    assert len(streams) == 250
    assert {user["id"] for user in users} == {stream["user_id"] for stream in streams}
    named = {stream["game_id"] for stream in streams} - {""}
    assert {game["id"] for game in games} < named
    assert polled.records[2].missing_ids == len(named) - len(games) == 2
    assert polled.failure is None
    assert {file.snapshot_at for file in polled.files} == {AT.replace(microsecond=123000)}


def test_landed_records_are_what_the_source_sent(config_of: Configure, sandbox: SandboxServer, tmp_path: Path) -> None:
    sandbox.inject("bad_record", path="/helix/streams", times=2)
    sandbox.inject("new_field", path="/helix/streams", times=2)
    sent = helix_answer(sandbox, "streams?first=100")["data"]

    polled = poll(config_of(top_streams=100), tmp_path, snapshot_at=AT)

    records = records_in(tmp_path, landed(polled, "streams"))
    assert records == sent
    assert [list(record) for record in records] == [list(record) for record in sent]
    assert isinstance(records[0]["viewer_count"], list)


def test_every_listing_leaves_a_completeness_record(config_of: Configure, tmp_path: Path) -> None:
    polled = poll(config_of(), tmp_path, snapshot_at=AT)

    streams, users, games = polled.records
    assert (streams.entity, streams.requested, streams.pages) == ("streams", 250, 3)
    assert (streams.rows_received, streams.distinct_rows, streams.ended) == (250, 250, "complete")
    assert (users.entity, users.requested, users.pages, users.missing_ids) == ("users", 250, 3, 0)
    assert (games.entity, games.requested) == ("games", games.distinct_rows + games.missing_ids)
    on_disk = records_in(tmp_path, landed(polled, "polls"))
    assert [record["poll_id"] for record in on_disk] == [record.poll_id for record in polled.records]


def test_same_answers_at_the_same_time_are_the_same_file(config_of: Configure, tmp_path: Path) -> None:
    first = poll(config_of(), tmp_path, snapshot_at=AT)
    second = poll(config_of(), tmp_path, snapshot_at=AT)

    data = ("streams", "users", "games")
    assert [landed(first, entity) for entity in data] == [landed(second, entity) for entity in data]


def test_only_the_streams_of_given_games_and_languages_come(config_of: Configure, tmp_path: Path) -> None:
    everything = poll(config_of(top_streams=2000), tmp_path / "all", snapshot_at=AT)
    streams = records_in(tmp_path / "all", landed(everything, "streams"))
    game, language = next((s["game_id"], s["language"]) for s in streams if s["game_id"])

    filtered = poll(config_of(game_ids=(game,), languages=(language,)), tmp_path / "some", snapshot_at=AT)

    ids = {stream["id"] for stream in records_in(tmp_path / "some", landed(filtered, "streams"))}
    assert ids == {s["id"] for s in streams if (s["game_id"], s["language"]) == (game, language)}
    assert filtered.records[0].requested is None


def test_more_than_a_hundred_logins_are_asked_for_in_batches(config_of: Configure, tmp_path: Path) -> None:
    everything = poll(config_of(), tmp_path / "all", snapshot_at=AT)
    logins = tuple(stream["user_login"] for stream in records_in(tmp_path / "all", landed(everything, "streams")))

    polled = poll(config_of(user_logins=logins), tmp_path / "some", snapshot_at=AT)

    assert {s["user_login"] for s in records_in(tmp_path / "some", landed(polled, "streams"))} == set(logins)


@pytest.mark.parametrize("entity", ["streams", "users", "games"])
def test_progress_is_told_per_listing(entity: str, config_of: Configure, tmp_path: Path) -> None:
    told: list[tuple[str, int]] = []
    polled = poll(config_of(), tmp_path, snapshot_at=AT, on_progress=lambda name, rows: told.append((name, rows)))

    rows = [count for name, count in told if name == entity]
    assert rows == sorted(rows)
    assert rows[-1] == landed(polled, entity).rows


def test_nothing_unfinished_stays_behind(config_of: Configure, tmp_path: Path) -> None:
    polled = poll(config_of(), tmp_path, snapshot_at=AT)

    assert visible_files(tmp_path) == sorted(file.relative_path for file in polled.files)
    assert list((tmp_path / ".unfinished").iterdir()) == []
