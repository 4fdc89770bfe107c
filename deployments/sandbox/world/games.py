"""The games and categories of the world, by popularity."""

from __future__ import annotations

from bisect import bisect
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from deployments.sandbox.world.rng import Dice, Topic, Wheel, pick
from deployments.sandbox.world.timestamps import DAY, HISTORY_BEGINS, HISTORY_ENDS, epoch
from deployments.sandbox.world.vocabulary import CATEGORIES, GAME_FIRST, GAME_SECOND, GAME_SUFFIXES, HEADLINE_GAMES

NO_CATEGORY: Final = -1
"""In place of a game's index where a stream has none."""
_NEVER: Final = HISTORY_ENDS
_OLD: Final = epoch(datetime(2005, 1, 1, tzinfo=UTC))


@dataclass(frozen=True, slots=True)
class Game:
    """A game or category; from `withdrawn_at` on Get Games does not return it, though streams still name it."""

    index: int
    game_id: str
    name: str
    igdb_id: str
    weight: float
    released_at: int
    withdrawn_at: int

    def is_listed(self, at: int) -> bool:
        """Whether Get Games returns it at a time."""
        return self.released_at <= at < self.withdrawn_at


class GameShelf:
    """All games, and the ways in which streamers choose among them."""

    def __init__(self, dice: Dice, scale: int) -> None:
        self._dice = dice
        self.games = _make_games(dice, min(60 + scale // 12, 1_000))
        self._wheel = Wheel([game.weight for game in self.games])
        self._releases = sorted(
            (game.released_at, game.index) for game in self.games if game.released_at > HISTORY_BEGINS
        )

    def favourites(self, person: int) -> tuple[int, int, int]:
        """Return the three games that a streamer plays most."""
        first, second, third, *_ = self._dice.throw(Topic.FAVOURITES, person)
        return self._wheel.pick(first), self._wheel.pick(second), self._wheel.pick(third)

    def choose(self, person: int, at: int, chance: float, detail: float) -> int:
        """Return what a streamer plays next: mostly a favourite, at times the newest release, at times anything.

        Returns:
            The index of a game that is out at that time, or NO_CATEGORY.
        """
        favourites = self.favourites(person)
        if chance < 0.012:
            return NO_CATEGORY
        for limit, choice in zip((0.56, 0.74, 0.83), favourites, strict=True):
            if chance < limit:
                return self._choose_release(choice, at)
        if chance < 0.91:
            newest = bisect(self._releases, (at, len(self.games))) - 1
            if newest >= 0 and at - self._releases[newest][0] < 30 * DAY:
                return self._releases[newest][1]
        return self._choose_release(self._wheel.pick(detail), at)

    def _choose_release(self, index: int, at: int) -> int:
        return index if self.games[index].released_at <= at else 0


def _make_games(dice: Dice, count: int) -> list[Game]:
    """Categories and headline games first, a long tail of invented names behind them."""
    titles = [(name, False) for name in CATEGORIES] + [(name, True) for name in HEADLINE_GAMES]
    order = sorted(range(1, len(titles)), key=lambda place: dice.throw(Topic.GAME, place, 3))
    head = [titles[0], *(titles[place] for place in order)]
    taken = {name for name, _ in head}
    while len(head) < count:
        name = _invent_games(dice, len(head))
        head.append((name if name not in taken else f"{name} ({len(head)})", True))
        taken.add(head[-1][0])
    return [_make_game(dice, index, name, is_game, len(titles)) for index, (name, is_game) in enumerate(head[:count])]


def _invent_games(dice: Dice, index: int) -> str:
    first, second, suffix, *_ = dice.throw(Topic.GAME, index, 1)
    return f"{pick(GAME_FIRST, first)} {pick(GAME_SECOND, second)}{pick(GAME_SUFFIXES, suffix)}"


def _make_game(dice: Dice, index: int, name: str, is_game: bool, head: int) -> Game:
    number, released, withdrawn, when, *_ = dice.throw(Topic.GAME, index, 2)
    is_new = index >= head and released < 0.35
    leaves = index >= head and withdrawn < 0.06
    return Game(
        index=index,
        game_id=str(26_000 + index * 1_831 + int(number * 1_800))
        if released < 0.7
        else str(500_000_000 + index * 1_000_003 + int(number * 900_000)),
        name=name,
        igdb_id=str(100 + index * 211 + int(number * 200)) if is_game and number < 0.9 else "",
        weight=(3.0 if index == 0 else 1.0) / (index + 2.0) ** 0.95,
        released_at=HISTORY_BEGINS + int(released / 0.35 * 14 * 365 * DAY) if is_new else _OLD + index * DAY,
        withdrawn_at=HISTORY_BEGINS + int(when**2 * 10 * 365 * DAY) if leaves else _NEVER,
    )
