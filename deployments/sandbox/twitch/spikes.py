"""Spikes on request: a stream that has so many times its viewers from a time on, as if somebody famous had named it.

The world stays as it is: who asks for a time before the spike, or after its end, sees what was always there.
"""

from __future__ import annotations

import threading
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from deployments.sandbox.world.broadcasts import Broadcast
from deployments.sandbox.world.timestamps import iso
from deployments.sandbox.world.world import World

_TIMES: Final = 20.0
# The stream that is picked has been live long enough to be known, and goes on for as long.
_KNOWN_SECONDS: Final = 2 * 3600
_LEAST_VIEWERS: Final = 20
_MOST_VIEWERS: Final = 1_000


@dataclass(frozen=True)
class Spike:
    """A broadcast that is raised.

    Attributes:
        login: the streamer's.
        stream_id: the broadcast.
        times: so many times its viewers.
        begin: simulated seconds since 1970.
        end: the same; None: it lasts.
    """

    login: str
    stream_id: str
    times: float
    begin: int
    end: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return it as the control endpoint shows it."""
        return {**asdict(self), "begin": iso(self.begin), "end": None if self.end is None else iso(self.end)}


class SpikeBoard:
    """The spikes that were asked for.

    Args:
        world: whose streams are raised.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._lock = threading.Lock()
        self._spikes: list[Spike] = []

    def raise_viewers(self, stream_id: str, viewers: int, at: int) -> int:
        """Return the viewers of a broadcast at a time, with its spikes."""
        for spike in self._spikes:
            if spike.stream_id == stream_id and spike.begin <= at and (spike.end is None or at < spike.end):
                viewers = round(viewers * spike.times)
        return viewers

    def add(self, order: Any, at: int) -> Spike:
        """Raise a live stream from now on: that of a login, of a game, or one that is neither large nor tiny.

        Raises:
            ValueError: the order is not understood, or no such stream is live.
        """
        if not isinstance(order, dict) or set(order) - {"login", "game", "times"}:
            raise ValueError('a spike is asked for by {"login": name, "game": name, "times": number}, each if wanted')
        times = order.get("times", _TIMES)
        if not isinstance(times, int | float) or times <= 1:
            raise ValueError(f"times must be a number above 1; found {times!r}")
        chosen = self._choose(order.get("login"), order.get("game"), at)
        login = self._world.person_of(chosen).name_at(at).login
        with self._lock:
            spike = Spike(login, chosen.stream_id, float(times), at)
            self._spikes.append(spike)
        return spike

    def end(self, at: int) -> None:
        """End all that last."""
        with self._lock:
            self._spikes = [replace(one, end=at) if one.end is None else one for one in self._spikes]

    def as_list(self) -> list[dict[str, Any]]:
        """Return all of them."""
        return [spike.as_dict() for spike in self._spikes]

    def _choose(self, login: str | None, game: str | None, at: int) -> Broadcast:
        live = self._world.live_at(at)
        if login is not None:
            live = [one for one in live if self._world.person_of(one).name_at(at).login == login.lower()]
        if game is not None:
            live = [one for one in live if self._plays(one, game, at)]
        best = max(live, key=lambda one: self._rank(one, at), default=None)
        if best is None:
            raise ValueError(f"no live stream is of {login or game or 'anybody'}")
        return best

    def _plays(self, broadcast: Broadcast, game: str, at: int) -> bool:
        number = self._world.scene_of(broadcast, at).game
        return number >= 0 and self._world.shelf.games[number].name.lower() == game.lower()

    def _rank(self, broadcast: Broadcast, at: int) -> tuple[bool, bool, int]:
        """Return what makes a stream a good one to raise: long live, of middle size, then its viewers."""
        viewers = self._world.viewers_of(broadcast, at)
        is_known = broadcast.started_at <= at - _KNOWN_SECONDS and broadcast.ended_at >= at + _KNOWN_SECONDS
        return is_known, _LEAST_VIEWERS <= viewers <= _MOST_VIEWERS, viewers
