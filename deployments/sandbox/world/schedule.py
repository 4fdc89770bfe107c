"""What a broadcast shows: games and titles, which change on the way."""

from __future__ import annotations

from bisect import bisect
from typing import Final, NamedTuple

from deployments.sandbox.world.broadcasts import Broadcast
from deployments.sandbox.world.games import NO_CATEGORY, GameShelf
from deployments.sandbox.world.people import Person
from deployments.sandbox.world.rng import Dice, Topic, pick
from deployments.sandbox.world.timestamps import MINUTE
from deployments.sandbox.world.vocabulary import COMMON_TAGS, LANGUAGE_TAGS, ODD_TITLES, TITLES

_MOST_TAGS: Final = 10


class Scene(NamedTuple):
    """What is shown from a time on; `game` is an index or NO_CATEGORY."""

    starts_at: int
    game: int
    title: str


class Programme(NamedTuple):
    """All scenes of a session in order, with what stays the same over them."""

    scenes: tuple[Scene, ...]
    language: str
    tags: tuple[str, ...]
    is_mature: bool

    def scene_at(self, at: int) -> Scene:
        """Return the scene on air at a time."""
        return self.scenes[max(bisect(self.scenes, (at, len(self.scenes) + 10**6)) - 1, 0)]


def write_programme(dice: Dice, shelf: GameShelf, person: Person, broadcast: Broadcast) -> Programme:
    """Return the programme of the session a broadcast belongs to; it goes on where a crash cut it."""
    switchy, language_luck, mature_luck, *_ = dice.throw(Topic.PROGRAMME, person.index, broadcast.session)
    language = person.origin.language
    if language_luck < 0.03:
        language = "en" if language_luck < 0.025 else "other"
    scenes: list[Scene] = []
    at, game, title = broadcast.session_started_at, 0, ""
    while at < broadcast.session_ended_at:
        choice, detail, words, number, lasts, keeps, odd, _ = dice.throw(
            Topic.BLOCK, person.index, broadcast.session, len(scenes)
        )
        if not scenes or keeps < 0.7:
            game = shelf.choose(person.index, at, choice, detail)
        if not scenes or keeps > 0.25:
            title = _write_title(shelf, game, language, words, number, odd)
        scenes.append(Scene(at, game, title))
        at += int((25 + 360 * lasts * (1.3 - switchy)) * MINUTE)
    return Programme(
        tuple(scenes), language, _choose_tags(dice, person, language), person.is_mature ^ (mature_luck < 0.02)
    )


def _write_title(shelf: GameShelf, game: int, language: str, words: float, number: float, odd: float) -> str:
    if odd < 0.006:
        return pick(ODD_TITLES, words)
    name = "…" if game == NO_CATEGORY else shelf.games[game].name
    return pick(TITLES[language], words).format(game=name, n=1 + int(number * 98))[:140]


def _choose_tags(dice: Dice, person: Person, language: str) -> tuple[str, ...]:
    """Up to ten tags, the language first; some have none."""
    throw = dice.throw(Topic.TAGS, person.index)
    if throw[0] < 0.04:
        return ()
    count = int(throw[1] ** 1.5 * _MOST_TAGS)
    chosen = (LANGUAGE_TAGS[language], *(pick(COMMON_TAGS, chance) for chance in throw[2 : 2 + count]))
    return tuple(dict.fromkeys(chosen))
