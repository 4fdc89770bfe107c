"""What is always true of the simulated platform."""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import timedelta
from itertools import pairwise

import pytest

from deployments.sandbox import World
from deployments.sandbox.twitch.records import HelixView
from deployments.sandbox.world.timestamps import DAY, HOUR, epoch

STREAM_FIELDS = [
    "id", "user_id", "user_login", "user_name", "game_id", "game_name", "type", "title", "viewer_count", "started_at",
    "language", "thumbnail_url", "tag_ids", "tags", "is_mature",
]  # fmt: skip
USER_FIELDS = [
    "id", "login", "display_name", "type", "broadcaster_type", "description", "profile_image_url", "offline_image_url",
    "created_at",
]  # fmt: skip


@pytest.fixture(scope="module")
def week(world: World) -> list[list[dict]]:
    """Three-hourly polls of nine days."""
    view = HelixView(world)
    return [view.streams(world.start + timedelta(hours=3 * poll)) for poll in range(72)]


def test_the_same_time_is_the_same_whatever_was_asked_before():
    times = [World(5, 200).start + timedelta(minutes=17 * step) for step in range(0, 400, 23)]
    forward, backward = HelixView(World(5, 200)), HelixView(World(5, 200, start=times[-1]))
    states = {at: (forward.streams(at), forward.all_users(at), forward.top_games(at)) for at in times}
    for at in reversed(times):
        assert (backward.streams(at), backward.all_users(at), backward.top_games(at)) == states[at]


def test_another_seed_is_another_platform(world: World):
    one, two = (HelixView(World(seed, 300)).streams(world.start) for seed in (1, 2))
    assert {stream["title"] for stream in one} != {stream["title"] for stream in two}


def test_a_state_far_from_the_start_is_as_good_as_any(world: World):
    for year in (2021, 2031):
        assert len(world.live_at(world.start.replace(year=year))) > 50


def test_records_have_the_fields_of_helix_in_their_order(world: World, week: list[list[dict]]):
    view = HelixView(world)
    streams = week[0]
    assert {tuple(stream) for poll in week for stream in poll} == {tuple(STREAM_FIELDS)}
    users = view.users(world.start, ids=[stream["user_id"] for stream in streams])
    games = view.games(world.start, ids=[stream["game_id"] for stream in streams])
    assert {tuple(user) for user in users} == {tuple(USER_FIELDS)}
    assert {tuple(game) for game in games} == {("id", "name", "box_art_url", "igdb_id")}
    for stream in streams:
        assert re.fullmatch(r"\d{11}", stream["id"])
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", stream["started_at"])
        assert type(stream["viewer_count"]) is int
        assert type(stream["is_mature"]) is bool
        assert len(stream["tags"]) <= 10
        assert len(stream["title"]) <= 140


def test_a_stream_keeps_its_streamer_and_its_start(week: list[list[dict]]):
    facts = defaultdict(set)
    for poll in week:
        for stream in poll:
            facts[stream["id"]].add((stream["user_id"], stream["started_at"]))
    assert all(len(seen) == 1 for seen in facts.values())


def test_a_poll_holds_each_stream_and_each_streamer_once_and_nobody_has_less_than_no_viewers(week: list[list[dict]]):
    for poll in week:
        assert len({stream["id"] for stream in poll}) == len({stream["user_id"] for stream in poll}) == len(poll)
        counts = [stream["viewer_count"] for stream in poll]
        assert counts == sorted(counts, reverse=True)
        assert counts[-1] >= 0


def test_broadcasts_of_a_streamer_never_overlap_and_every_id_is_used_once(world: World):
    start = epoch(world.start)
    broadcasts = list(world.broadcasts(start, start + 25 * DAY))
    assert len({broadcast.stream_id for broadcast in broadcasts}) == len(broadcasts) > 8_000
    per_person = defaultdict(list)
    for broadcast in broadcasts:
        assert 0 < broadcast.ended_at - broadcast.started_at <= 48 * HOUR
        assert broadcast.started_at >= world.person_of(broadcast).created_at
        per_person[broadcast.person].append(broadcast)
    for own in per_person.values():
        own.sort(key=lambda broadcast: broadcast.started_at)
        assert all(before.ended_at < after.started_at for before, after in pairwise(own))


def test_live_streams_are_the_broadcasts_of_the_calendar(world: World):
    start = epoch(world.start)
    calendar = list(world.broadcasts(start, start + DAY))
    for at in range(start, start + DAY, 5 * HOUR):
        expected = {b.stream_id for b in calendar if b.started_at <= at < b.ended_at}
        assert {b.stream_id for b in world.live_at(at)} == expected


def test_logins_are_unique_at_every_time_and_fit_the_platform():
    world = World(3, 20_000)
    for years in (-3, 0, 3):
        at = epoch(world.start) + years * 365 * DAY
        logins = [person.name_at(at).login for person in world.people]
        assert len(set(logins)) == len(logins)
        assert all(re.fullmatch(r"[a-z0-9][a-z0-9_]{2,24}", login) for login in logins)


def test_user_and_game_ids_are_unique():
    world = World(3, 20_000)
    assert len({person.user_id for person in world.people}) == 20_000
    assert len({game.game_id for game in world.shelf.games}) == len(world.shelf.games)
    assert len({game.name.lower() for game in world.shelf.games}) == len(world.shelf.games)


def test_a_restart_is_a_new_id_within_minutes_with_the_game_of_before(world: World):
    start = epoch(world.start)
    sessions = defaultdict(list)
    for broadcast in world.broadcasts(start, start + 5 * DAY):
        sessions[broadcast.person, broadcast.session].append(broadcast)
    restarts = [pair for parts in sessions.values() for pair in pairwise(sorted(parts, key=lambda b: b.started_at))]
    assert len(restarts) > 100
    for before, after in restarts:
        assert before.stream_id != after.stream_id
        assert 60 <= after.started_at - before.ended_at <= 15 * 60
        assert world.programme_of(before) == world.programme_of(after)


def test_games_and_titles_change_within_a_stream(week: list[list[dict]]):
    games, titles = defaultdict(set), defaultdict(set)
    for poll in week:
        for stream in poll:
            games[stream["id"]].add(stream["game_id"])
            titles[stream["id"]].add(stream["title"])
    assert sum(len(seen) > 1 for seen in games.values()) > 0.1 * len(games)
    assert sum(len(seen) > 1 for seen in titles.values()) > 0.1 * len(titles)


def test_the_scene_is_what_the_record_shows(world: World):
    records = {stream["id"]: stream for stream in HelixView(world).streams(world.start)}
    for broadcast in world.live_at(world.start)[:50]:
        scene, record = world.scene_of(broadcast, world.start), records[broadcast.stream_id]
        assert scene.title == record["title"]
        assert (scene.game == -1) == (record["game_id"] == "")


def test_streamers_are_renamed(week: list[list[dict]]):
    names = defaultdict(set)
    for poll in week:
        for stream in poll:
            names[stream["user_id"]].add((stream["user_login"], stream["user_name"]))
    renamed = [seen for seen in names.values() if len(seen) > 1]
    assert renamed
    assert any(len({login for login, _ in seen}) == 2 for seen in renamed)


def test_banned_users_are_not_returned_and_stop_streaming(world: World):
    view = HelixView(world)
    at = epoch(world.start)
    banned = [person for person in world.people if person.is_banned(at)]
    assert banned
    assert view.users(at, ids=[person.user_id for person in banned]) == []
    live = {broadcast.person for broadcast in world.live_at(at)}
    for person in banned:
        since = max(start for start, end in person.bans if start <= at < end)
        assert person.index not in live or at - since < 20 * 60
    returned = [person for person in banned if not person.is_banned(at + 15 * DAY)]
    assert view.users(at + 15 * DAY, ids=[person.user_id for person in returned])


def test_a_user_that_does_not_exist_yet_is_unknown(world: World):
    view = HelixView(world)
    late = max(world.people, key=lambda person: person.created_at)
    assert view.users(late.created_at - 1, ids=[late.user_id]) == []


def test_some_live_streamers_and_streamed_games_are_not_returned(world: World, week: list[list[dict]]):
    view = HelixView(world)
    users = games = 0
    for poll, streams in enumerate(week):
        at = world.start + timedelta(hours=3 * poll)
        user_ids = {stream["user_id"] for stream in streams}
        game_ids = {stream["game_id"] for stream in streams} - {""}
        users += len(user_ids) - len(view.users(at, ids=user_ids))
        games += len(game_ids) - len(view.games(at, ids=game_ids))
    assert users > 0
    assert games > 0


def test_streams_show_what_careless_loaders_lose(week: list[list[dict]]):
    streams = [stream for poll in week for stream in poll]
    titles = {stream["title"] for stream in streams}
    assert any("\u0600" <= letter <= "\u06ff" for title in titles for letter in title), "Arabic"
    assert any("\u0590" <= letter <= "\u05ff" for title in titles for letter in title), "Hebrew"
    assert any(letter > "\U0001f000" for title in titles for letter in title), "emoji"
    assert "" in titles
    assert any('"' in title for title in titles)
    assert any("\\" in title for title in titles)
    assert {
        (stream["game_id"], stream["game_name"]) for stream in streams if "" in (stream["game_id"], stream["game_name"])
    } == {("", "")}
    assert any(stream["viewer_count"] == 0 for stream in streams)
    assert len({stream["language"] for stream in streams}) >= 15
    assert {stream["is_mature"] for stream in streams} == {True, False}
    assert any(stream["tags"] == [] for stream in streams)


def test_the_scale_is_checked():
    with pytest.raises(ValueError, match="number of streamers"):
        World(scale=0)
