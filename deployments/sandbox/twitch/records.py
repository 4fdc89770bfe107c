"""The world as Twitch Helix shows it: streams, users and games with exactly the fields that Helix sends."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from deployments.sandbox.twitch.spikes import SpikeBoard
from deployments.sandbox.world.broadcasts import Broadcast, remember
from deployments.sandbox.world.games import NO_CATEGORY, Game
from deployments.sandbox.world.people import Person
from deployments.sandbox.world.rng import Topic, pick
from deployments.sandbox.world.timestamps import epoch, iso
from deployments.sandbox.world.vocabulary import DESCRIPTIONS
from deployments.sandbox.world.world import World

Record = dict[str, Any]
_LISTINGS_KEPT: Final = 8
_IMAGES: Final = "https://images.sandbox.invalid"


class HelixView:
    """Helix records of a world at a time.

    Attributes:
        world: what is shown.
        spikes: streams that are shown with more viewers than the world gives them.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.spikes = SpikeBoard(world)
        self._lock = threading.Lock()
        self._listings: OrderedDict[int, list[Record]] = OrderedDict()
        self._person_of_id = {person.user_id: person for person in world.people}
        self._game_of_id = {game.game_id: game for game in world.shelf.games}
        self._game_of_name = {game.name.lower(): game for game in world.shelf.games}

    def streams(self, at: datetime | float) -> list[Record]:
        """Return all live streams, most viewers first. The list is shared: callers must not change it."""
        seconds = epoch(at)
        with self._lock:
            return remember(self._listings, seconds, self._list_streams, _LISTINGS_KEPT)

    def forget_listings(self) -> None:
        """Make listings anew: what they show has changed."""
        with self._lock:
            self._listings.clear()

    def users(self, at: datetime | float, ids: Iterable[str] = (), logins: Iterable[str] = ()) -> list[Record]:
        """Return the users with these ids or logins, without those who do not exist (yet) or are banned."""
        seconds = epoch(at)
        found = {person.index: person for id_ in ids if (person := self._person_of_id.get(id_))}
        wanted = {login.lower() for login in logins}
        if wanted:
            named = (person for person in self.world.people if person.name_at(seconds).login in wanted)
            found.update((person.index, person) for person in named)
        return [self._make_user(person, seconds) for person in found.values() if person.is_listed(seconds)]

    def games(self, at: datetime | float, ids: Iterable[str] = (), names: Iterable[str] = ()) -> list[Record]:
        """Return the games with these ids or names, without those that Helix does not return (any more)."""
        seconds = epoch(at)
        found = [self._game_of_id.get(id_) for id_ in ids]
        found += [self._game_of_name.get(name.lower()) for name in names]
        listed = {game.index: game for game in found if game and game.is_listed(seconds)}
        return [_make_game(game) for game in listed.values()]

    def all_users(self, at: datetime | float) -> list[Record]:
        """Return every user that Get Users would return."""
        return self.users(at, ids=self._person_of_id)

    def top_games(self, at: datetime | float) -> list[Record]:
        """Return the games that are being streamed, most watched first."""
        watched: dict[str, int] = {}
        for stream in self.streams(at):
            watched[stream["game_id"]] = watched.get(stream["game_id"], 0) + stream["viewer_count"]
        return self.games(at, ids=sorted(watched, key=lambda id_: (-watched[id_], id_)))

    def _list_streams(self, at: int) -> list[Record]:
        records = [self._make_stream(broadcast, at) for broadcast in self.world.live_at(at)]
        return sorted(records, key=lambda record: (-record["viewer_count"], record["id"]))

    def _make_stream(self, broadcast: Broadcast, at: int) -> Record:
        world = self.world
        person = world.people[broadcast.person]
        name = person.name_at(at)
        programme = world.programme_of(broadcast)
        scene = programme.scene_at(at)
        game = None if scene.game == NO_CATEGORY else world.shelf.games[scene.game]
        return {
            "id": broadcast.stream_id,
            "user_id": person.user_id,
            "user_login": name.login,
            "user_name": name.display_name,
            "game_id": game.game_id if game else "",
            "game_name": game.name if game else "",
            "type": "live",
            "title": scene.title,
            "viewer_count": self.spikes.raise_viewers(broadcast.stream_id, world.viewers_of(broadcast, at), at),
            "started_at": iso(broadcast.started_at),
            "language": programme.language,
            "thumbnail_url": f"{_IMAGES}/previews/live_user_{name.login}-{{width}}x{{height}}.jpg",
            "tag_ids": [],
            "tags": list(programme.tags),
            "is_mature": programme.is_mature,
        }

    def _make_user(self, person: Person, at: int) -> Record:
        name = person.name_at(at)
        text, has_text, offline, *_ = self.world.dice.throw(Topic.ACCOUNT, person.index, 1)
        texts = DESCRIPTIONS.get(person.origin.language, DESCRIPTIONS["en"])
        return {
            "id": person.user_id,
            "login": name.login,
            "display_name": name.display_name,
            "type": "",
            "broadcaster_type": person.broadcaster_type(at, self.world.scale),
            "description": pick(texts, text) if has_text < 0.7 else "",
            "profile_image_url": f"{_IMAGES}/users/{person.user_id}-profile-300x300.png",
            "offline_image_url": f"{_IMAGES}/users/{person.user_id}-offline-1920x1080.png" if offline < 0.4 else "",
            "created_at": iso(person.created_at),
        }


def _make_game(game: Game) -> Record:
    return {
        "id": game.game_id,
        "name": game.name,
        "box_art_url": f"{_IMAGES}/boxart/{game.game_id}-{{width}}x{{height}}.jpg",
        "igdb_id": game.igdb_id,
    }
