"""The calendar of broadcasts: who is live from when to when.

A day is planned for every streamer on their own clock. A planned session is cut short by the next one and by a ban, and
may be split by a crash: what follows then is a broadcast of its own with a new id, as on the platform.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, TypeVar

from deployments.sandbox.world.people import MOST_STREAMERS, Person
from deployments.sandbox.world.rng import Dice, Topic, bell
from deployments.sandbox.world.timestamps import DAY, HISTORY_BEGINS, MINUTE

_LONGEST: Final = 47 * 3_600
_SHORTEST: Final = 3 * MINUTE
_DAYS_KEPT: Final = 10
_SEASON_DAYS: Final = 28
_IDS_A_DAY: Final = MOST_STREAMERS * 8
_FIRST_STREAM_ID: Final = 40_000_000_000

Span = tuple[int, int]
T = TypeVar("T")


@dataclass(slots=True)
class Broadcast:
    """One stream: a constant id and start. Parts of a session that a crash split share `session`.

    Attributes:
        stream_id: the id of the stream, never used again.
        person: the index of the streamer.
        started_at: seconds since 1970; the broadcast is live in [started_at, ended_at).
        ended_at: when it ends.
        session: number of the session, unique per person.
        session_started_at: start of the session's first broadcast.
    """

    stream_id: str
    person: int
    started_at: int
    ended_at: int
    session: int
    session_started_at: int
    session_ended_at: int
    traits: object = field(default=None, repr=False, compare=False)


class Calendar:
    """All broadcasts of a world, by the local day on which their session was planned."""

    def __init__(self, dice: Dice, people: list[Person]) -> None:
        self._dice = dice
        self._people = people
        self._lock = threading.RLock()
        self._plans: OrderedDict[int, dict[int, list[Span]]] = OrderedDict()
        self._days: OrderedDict[int, list[Broadcast]] = OrderedDict()

    def live_at(self, at: int) -> list[Broadcast]:
        """Return the broadcasts that are live at a time."""
        return [broadcast for broadcast in self.between(at, at + 1) if broadcast.started_at <= at < broadcast.ended_at]

    def between(self, start: int, end: int) -> Iterator[Broadcast]:
        """Yield the broadcasts that are live at some time of [start, end)."""
        for day in range((start - _LONGEST) // DAY - 1, end // DAY + 2):
            for broadcast in self._number_day(day):
                if broadcast.started_at < end and start < broadcast.ended_at:
                    yield broadcast

    def _number_day(self, day: int) -> list[Broadcast]:
        with self._lock:
            return remember(self._days, day, self._find_broadcasts)

    def _find_broadcasts(self, day: int) -> list[Broadcast]:
        following = [remember(self._plans, day + ahead, self._plan_day) for ahead in (1, 2)]
        found: list[Broadcast] = []
        for index, spans in remember(self._plans, day, self._plan_day).items():
            next_starts = [span[0] for plan in following for span in plan.get(index, ())[:1]]
            limit = min(next_starts, default=spans[-1][1] + _LONGEST)
            found.extend(self._make_broadcasts(self._people[index], day, spans, limit))
        return found

    def _plan_day(self, day: int) -> dict[int, list[Span]]:
        """Return the sessions that every streamer plans to begin on a local day."""
        plans: dict[int, list[Span]] = {}
        for person in self._people:
            spans = self._plan(person, day)
            if spans:
                plans[person.index] = spans
        return plans

    def _plan(self, person: Person, day: int) -> list[Span]:
        habit = person.habit
        comes, start_luck, length_luck, second, second_luck, marathon, *_ = self._dice.throw(
            Topic.DAY, person.index, day
        )
        if comes >= habit.weekday_chances[(day + 3) % 7] or not self._in_season(person, day):
            return []
        midnight = day * DAY - person.origin.utc_offset_minutes * MINUTE
        minute = min(max(habit.start_minute * 60 + int(habit.start_spread * 60 * bell(start_luck)), 0), DAY - 60)
        start = midnight + minute + (int(length_luck * 50) if habit.is_round_the_clock else 0)
        length = DAY + 600 if habit.is_round_the_clock else int(habit.minutes * MINUTE * (1 + 0.35 * bell(length_luck)))
        if marathon < 0.004:
            length = int(length * 4)
        spans = [(start, start + min(max(length, 8 * MINUTE), _LONGEST))]
        again = start + (5 * 60 + int(second_luck * 300)) * MINUTE
        if second < habit.second_chance and again < midnight + DAY:
            spans = [(start, min(spans[0][1], again - 20 * MINUTE)), (again, again + max(length // 2, 20 * MINUTE))]
        return [span for span in spans if span[0] >= person.created_at]

    def _in_season(self, person: Person, day: int) -> bool:
        """People pause for weeks and come back; the season of each begins on another day."""
        season = (day + person.index * 11) // _SEASON_DAYS
        return self._dice.throw(Topic.SEASON, person.index, season)[0] < person.habit.season_chance

    def _make_broadcasts(self, person: Person, day: int, spans: list[Span], limit: int) -> Iterator[Broadcast]:
        """Yield the broadcasts of one planned day of one streamer."""
        for number, (start, planned_end) in enumerate(spans):
            end = min(planned_end, limit - 2 * MINUTE - start % 240)
            ban = next((span for span in person.bans if start < span[1] and span[0] < end), None)
            if ban:
                # The list of streams runs behind the accounts by up to a quarter of an hour.
                end = 0 if ban[0] <= start else min(end, ban[0] + (3 + start % 12) * MINUTE)
            if end - start < _SHORTEST:
                continue
            for part, (part_start, part_end) in enumerate(self._split_parts(person, day * 2 + number, start, end)):
                slot = (person.index * 8 + number * 4 + part) * 387_421 % _IDS_A_DAY
                stream_id = _FIRST_STREAM_ID + (day - HISTORY_BEGINS // DAY) * _IDS_A_DAY + slot
                yield Broadcast(str(stream_id), person.index, part_start, part_end, day * 2 + number, start, end)

    def _split_parts(self, person: Person, session: int, start: int, end: int) -> Iterator[Span]:
        """Yield a session, or what a crash or a false start makes of it."""
        kind, where, gap, again, *_ = self._dice.throw(Topic.RESTARTS, person.index, session)
        length = end - start
        cuts: list[Span] = []
        if kind < 0.03:
            cuts = [(start + 60 + int(240 * where), 60 + int(240 * gap))]
        elif kind < 0.10:
            cuts = [(start + int(length * (0.1 + 0.8 * where)), 60 + int(660 * gap**2))]
            if again < 0.15:
                cuts.append((cuts[0][0] + cuts[0][1] + 300, 120))
        for cut, pause in cuts:
            if cut + pause + _SHORTEST < end:
                yield start, cut
                start = cut + pause
        yield start, end


def remember(memory: OrderedDict[int, T], key: int, make: Callable[[int], T], most: int = _DAYS_KEPT) -> T:
    """Get something from a bounded memory, making it if it is not there; callers hold its lock."""
    if key not in memory:
        memory[key] = make(key)
        while len(memory) > most:
            memory.popitem(last=False)
    memory.move_to_end(key)
    return memory[key]
