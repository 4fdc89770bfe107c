"""The streamers: who they are, when they stream, how many watch them, and what happens to their accounts."""

from __future__ import annotations

import math
from bisect import bisect
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from deployments.sandbox.world.locales import ORIGIN_WHEEL, ORIGINS, Origin
from deployments.sandbox.world.names import Name, name_of
from deployments.sandbox.world.rng import Dice, Topic, bell
from deployments.sandbox.world.timestamps import DAY, HISTORY_BEGINS, HISTORY_ENDS, HOUR, MINUTE

MOST_STREAMERS: Final = 1_048_576
_USER_ID_STEPS: Final = 1_000
_FIRST_ACCOUNTS: Final = HISTORY_BEGINS - 9 * 365 * DAY
_ACCOUNT_YEARS: Final = 17.5


@dataclass(frozen=True, slots=True)
class Habit:
    """When a streamer tends to go live; minutes are of the local day.

    Attributes:
        weekday_chances: the chance of a broadcast on Monday … Sunday, in a season in which they stream at all.
        start_minute: the usual start.
        start_spread: how many minutes the start varies by (standard deviation).
        minutes: the usual length.
        second_chance: the chance of another broadcast on the same day.
        season_chance: the chance that they stream at all within a season of four weeks.
        is_round_the_clock: a channel that is always on and restarts once a day.
    """

    weekday_chances: tuple[float, ...]
    start_minute: int
    start_spread: int
    minutes: int
    second_chance: float
    season_chance: float
    is_round_the_clock: bool


@dataclass(frozen=True)
class Person:
    """One streamer; what changes over time is asked for with a time (seconds since 1970)."""

    dice: Dice
    index: int
    rank: int
    user_id: str
    created_at: int
    origin: Origin
    habit: Habit
    usual_viewers: float
    is_mature: bool

    @cached_property
    def renamed_at(self) -> tuple[int, ...]:
        """The times of all renames, in order."""
        who, often, *_ = self.dice.throw(Topic.RENAMES, self.index)
        if who > 0.5:
            return ()
        return self._choose_moments(Topic.RENAMES, (120 + 500 * often) * DAY)

    @cached_property
    def bans(self) -> tuple[tuple[int, int], ...]:
        """The half-open spans in which the account is banned."""
        who, often, *_ = self.dice.throw(Topic.BANS, self.index)
        if who > 0.10:
            return ()
        spans: list[tuple[int, int]] = []
        for start in self._choose_moments(Topic.BANS, (60 + 500 * often) * DAY):
            length, for_ever, *_ = self.dice.throw(Topic.BANS, self.index, 1, start)
            end = HISTORY_ENDS if for_ever < 0.03 else start + int((0.2 + 13 * length**2) * DAY)
            if not spans or start >= spans[-1][1]:
                spans.append((start, end))
        return tuple(spans)

    def name_at(self, at: int) -> Name:
        """Login and display name in use at a time."""
        return name_of(self.dice, self.index, self.origin.language, bisect(self.renamed_at, at))

    def is_banned(self, at: int) -> bool:
        """Whether the account is banned at a time."""
        return any(start <= at < end for start, end in self.bans)

    def is_listed(self, at: int) -> bool:
        """Whether Get Users returns the account: it exists, is not banned and not one of the few that never are."""
        withheld, *_ = self.dice.throw(Topic.ACCOUNT, self.index)
        return self.created_at <= at and withheld > 0.002 and not self.is_banned(at)

    def broadcaster_type(self, at: int, scale: int) -> str:
        """`partner`, `affiliate` or none, which follows the size of the audience and is reached after a while."""
        affiliate_after, partner_after, *_ = self.dice.throw(Topic.PROMOTION, self.index)
        age = at - self.created_at
        if self.rank < scale * 0.08 and age > (60 + 700 * partner_after) * DAY:
            return "partner"
        if self.rank < scale * 0.60 and age > (20 + 300 * affiliate_after) * DAY:
            return "affiliate"
        return ""

    def _choose_moments(self, topic: int, mean_gap: float) -> tuple[int, ...]:
        """Times at random (exponential gaps) from the beginning of the account or of history to its end."""
        found: list[int] = []
        at = float(max(self.created_at, HISTORY_BEGINS))
        while True:
            chance, *_ = self.dice.throw(topic, self.index, 2, len(found))
            at += max(DAY, -math.log(1 - chance) * mean_gap)
            if at >= HISTORY_ENDS:
                return tuple(found)
            found.append(int(at))


def settle(dice: Dice, scale: int) -> list[Person]:
    """Return all streamers of a world, in the order of their index.

    Raises:
        ValueError: the scale is outside of 1 … MOST_STREAMERS.
    """
    if not 1 <= scale <= MOST_STREAMERS:
        raise ValueError(f"scale is the number of streamers, 1 to {MOST_STREAMERS:,}; found {scale:,}")
    by_luck = sorted(range(scale), key=lambda index: dice.throw(Topic.RANK, index))
    rank_of = [0] * scale
    for rank, index in enumerate(by_luck):
        rank_of[index] = rank
    return [_make_person(dice, index, rank_of[index], scale) for index in range(scale)]


def _make_person(dice: Dice, index: int, rank: int, scale: int) -> Person:
    """One streamer; the audience follows a Zipf–Mandelbrot law that dies out at the end of the ranking."""
    where, created, luck, mature, *_ = dice.throw(Topic.ORIGIN, index)
    share = created**0.6
    top = 75_000 * (scale / 12_000) ** 0.6
    viewers = top * (3.7 / (rank + 3.7)) ** 0.82 * math.exp(-5.5 * (rank / scale) ** 2) * math.exp(0.25 * bell(luck))
    origin = ORIGINS[ORIGIN_WHEEL.pick(where)]
    return Person(
        dice=dice,
        index=index,
        rank=rank,
        user_id=str(12_000_000 + int(share * _USER_ID_STEPS) * MOST_STREAMERS + index),
        created_at=_FIRST_ACCOUNTS + int(share * _ACCOUNT_YEARS * 365 * DAY),
        origin=origin,
        habit=_choose_habit(dice, index, rank / scale),
        usual_viewers=viewers,
        is_mature=mature < 0.15,
    )


def _choose_habit(dice: Dice, index: int, rank_share: float) -> Habit:
    """Return a daily rhythm: most stream in the evening, the well-known more often and longer."""
    kind, when, hour, spread, length, second, season, days = dice.throw(Topic.HABIT, index)
    if kind < 0.008:
        return Habit((1.0,) * 7, int(24 * when) * 60, 0, DAY // MINUTE, 0.0, 1.0, True)
    around, within = (
        (19.5, 1.6) if when < 0.66 else (14.0, 2.2) if when < 0.83 else (9.0, 1.5) if when < 0.94 else (22.5, 1.0)
    )
    weekly = 6.1 - 2.9 * rank_share + 0.9 * bell(days)
    chance = min(max(weekly / 7, 0.06), 0.97)
    weekday_chances = tuple(_measure_weekday(dice, index, weekday, chance) for weekday in range(7))
    return Habit(
        weekday_chances=weekday_chances,
        start_minute=int((around + within * bell(hour)) * HOUR / MINUTE) % (DAY // MINUTE),
        start_spread=int(8 + 70 * spread**2),
        minutes=int(min(max(math.exp(5.55 + 0.42 * bell(length)) * (1.15 - 0.4 * rank_share), 45), 840)),
        second_chance=0.16 * second,
        season_chance=0.98 - 0.45 * rank_share * season,
        is_round_the_clock=False,
    )


def _measure_weekday(dice: Dice, index: int, weekday: int, chance: float) -> float:
    """Fixed days for some: a day is either nearly always or nearly never a streaming day; more at weekends."""
    fixed, day, *_ = dice.throw(Topic.HABIT, index, 1 + weekday)
    weekend = 1.12 if weekday >= 5 else 1.0
    if dice.throw(Topic.HABIT, index, 8)[0] < 0.4:
        return 0.95 if fixed < chance else 0.05
    return min(chance * weekend * (0.8 + 0.4 * day), 0.98)
