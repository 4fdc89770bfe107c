"""The live logs of a world: the tabs LOGS, TRANSACTIONS and GIFT_TYPE as they are at a time.

The logs cover some of the world's streamers, under ids of their own. They begin on the Monday of the week before, are
written anew at every full hour, and list a broadcast when it is over: the gifts of one that is live are there before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from deployments.sandbox.livelogs.gifts import KINDS, Gift, gifts_of
from deployments.sandbox.world.broadcasts import Broadcast, Calendar
from deployments.sandbox.world.rng import Topic
from deployments.sandbox.world.timestamps import DAY, HOUR, MINUTE, moment
from deployments.sandbox.world.viewers import uuid_of
from deployments.sandbox.world.world import World

TABS: Final = ("LOGS", "TRANSACTIONS", "GIFT_TYPE")
LOGS: Final = (
    *("liveStreamID", "beginTime", "endTime", "duration", "closeBy", "maxLiveViewerCount", "maxLiveViewerTime"),
    *("privateLiveStream", "receivedLikeCount", "streamerType", "isShow", "cultureGroup", "userID", "registerTime"),
    *("registerCountry", "isContracted", "uniqueViewerCount", "ios", "android", "durationGTE5sec", "durationGTE2min"),
    *("durationGTE10min", "totalViewerDuration", "avgViewerDuration", "avgStreamJoinDuration", "count"),
    *("followIncreaseEstimated", "receivePointEstimated", "dau"),
)
TRANSACTIONS: Final = (
    *("id", "receiverUserID", "userID", "utcTimestamp", "timestamp", "type", "giftID", "point", "isCanceled"),
    *("migration", "recordID", "recordPoint", "tradeID"),
)
GIFT_TYPE: Final = ("giftID", "name", "point")
Row = list[Any]

_STREAMERS_A_LOG, _LEAST_STREAMERS, _MOST_STREAMERS = 800, 3, 24
_ID_OFFSET: Final = 60_000_000_000
_NOT_LOGGED: Final = 0.04
_ENDS: Final = ("normalEnd", "normalEnd", "normalEnd", "normalEnd", "normalEnd", "end by new stream", "disconnect", "")
_STEP: Final = 10 * MINUTE
_COUNTRIES: Final = {"en": "United States", "de": "Germany", "fr": "France", "ko": "South Korea", "ja": "Japan"}


@dataclass(frozen=True)
class _Audience:
    """Viewers of a broadcast over its length."""

    peak: int
    peak_at: int
    unique: int


class LiveLogsView:
    """The live logs of a world, which follow from its seed and scale alone.

    Args:
        world: one in 800 of its streamers is logged, at least three and at most 24.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._count = min(max(world.scale // _STREAMERS_A_LOG, _LEAST_STREAMERS), _MOST_STREAMERS, world.scale)
        self._calendar = Calendar(world.dice, world.people[: self._count])
        self._gifts = lru_cache(maxsize=4_096)(lambda stream_id: gifts_of(world.dice, self._streams[stream_id]))
        self._streams: dict[str, Broadcast] = {}
        self.tabs = lru_cache(maxsize=2)(self._make_tabs)

    def at(self, time: int) -> dict[str, list[Row]]:
        """Return the rows of each tab, its header first, as they were written at the last full hour."""
        return self.tabs(time - time % HOUR)

    def _make_tabs(self, hour: int) -> dict[str, list[Row]]:
        monday = hour // DAY * DAY - (moment(hour).weekday() + 7) * DAY
        streams = [one for one in self._calendar.between(monday, hour) if one.started_at >= monday]
        self._streams.update((one.stream_id, one) for one in streams)
        over = sorted((one for one in streams if one.ended_at <= hour), key=lambda one: one.ended_at)
        given = [(one, gift) for one in streams for gift in self._gifts(one.stream_id) if gift.at < hour]
        given.sort(key=lambda pair: (pair[1].at, pair[1].transaction_id))
        return {
            "LOGS": [list(LOGS), *(self._log_broadcasts(one) for one in over if self._is_logged(one))],
            "TRANSACTIONS": [list(TRANSACTIONS), *(self._make_transaction(one, gift, hour) for one, gift in given)],
            "GIFT_TYPE": [list(GIFT_TYPE), *([k.gift_id, k.name, k.points] for k in KINDS if k.is_listed)],
        }

    def _is_logged(self, broadcast: Broadcast) -> bool:
        return self._world.dice.throw(Topic.LOGGED_STREAM, int(broadcast.stream_id))[0] >= _NOT_LOGGED

    def _log_broadcasts(self, broadcast: Broadcast) -> Row:
        person, stream = self._world.person_of(broadcast), int(broadcast.stream_id)
        _, end, likes, fewer, stays, comments, follows, milliseconds = self._world.dice.throw(
            Topic.LOGGED_STREAM, stream
        )
        audience = self._measure_audience(broadcast, fewer)
        watched = _measure_watched(audience, broadcast.ended_at - broadcast.started_at, stays)
        points = sum(gift.kind.points for gift in self._gifts(broadcast.stream_id) if gift.cancelled_at is None)
        peak_at = text_of(audience.peak_at, int(milliseconds * 1_000)) if audience.peak else ""
        country = _COUNTRIES.get(person.origin.language, "United States")
        return [
            *(stream + _ID_OFFSET, text_of(broadcast.started_at), text_of(broadcast.ended_at)),
            *(broadcast.ended_at - broadcast.started_at, _ENDS[int(end * len(_ENDS))], audience.peak, peak_at),
            *(0, int(audience.unique * likes * 6), 0, False, "", self._make_streamer_id(broadcast)),
            *(text_of(person.created_at), country, "", audience.unique, int(audience.unique * 0.55)),
            *(int(audience.unique * 0.4), int(audience.unique * 0.8), int(audience.unique * 0.3)),
            *(int(audience.unique * 0.15), *watched, int(audience.unique * comments * 3)),
            *(int(audience.unique * (follows - 0.2) * 0.05), points, ""),
        ]

    def _measure_audience(self, broadcast: Broadcast, fewer: float) -> _Audience:
        """Return what was counted every ten minutes; in a few logs fewer different viewers than viewers at a time."""
        times = range(broadcast.started_at, broadcast.ended_at, _STEP)
        peak, peak_at = max((self._world.viewers_of(broadcast, at), -at) for at in times)
        givers = len({gift.giver for gift in self._gifts(broadcast.stream_id)})
        unique = int(peak * 0.8) if fewer < 0.05 else max(int(peak * 2.6), givers)
        return _Audience(peak, -peak_at, unique)

    def _make_transaction(self, broadcast: Broadcast, gift: Gift, hour: int) -> Row:
        is_cancelled = gift.cancelled_at is not None and gift.cancelled_at <= hour
        return [
            *(gift.transaction_id, self._make_streamer_id(broadcast), gift.giver, text_of(gift.at, gift.milliseconds)),
            *(gift.at, gift.type, gift.kind.gift_id, gift.kind.points, is_cancelled),
            *("", f"r{gift.transaction_id}", gift.kind.points, f"t{gift.transaction_id // 10}"),
        ]

    def _make_streamer_id(self, broadcast: Broadcast) -> str:
        return uuid_of(self._world.dice, Topic.LOGGED_STREAM, -1, broadcast.person)


def text_of(seconds: int, milliseconds: int = 0) -> str:
    """Return a time as the logs write it: `2026-11-01 18:00:00.25 UTC`, without a fraction of nothing."""
    fraction = f".{milliseconds:03}".rstrip("0").rstrip(".")
    return f"{moment(seconds):%Y-%m-%d %H:%M:%S}{fraction} UTC"


def _measure_watched(audience: _Audience, length: int, stays: float) -> Iterator[Any]:
    """Viewer seconds in all, per viewer and per visit; nothing where nobody watched."""
    if not audience.unique:
        return iter(("", "", ""))
    average = round(30 + stays * min(length, 2_400) * 0.4, 2)
    return iter((int(average * audience.unique), average, round(average * 0.6, 2)))
