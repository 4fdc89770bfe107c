"""Logins and display names; a login is unique at every time."""

from __future__ import annotations

from typing import NamedTuple

from deployments.sandbox.world.rng import Dice, Topic, pick
from deployments.sandbox.world.vocabulary import FIRST_WORDS, LOCAL_NAMES, LOGIN_FORMS, RENAMED_FORMS, SECOND_WORDS


class Name(NamedTuple):
    """What an account is called."""

    login: str
    display_name: str


def name_of(dice: Dice, index: int, language: str, generation: int) -> Name:
    """Return the name of a person after so many renames.

    A pair of words belongs to one person for ever, so that no two logins are ever equal; a rename changes the form
    around the words, and every third one only the spelling of the display name.
    """
    form, spelling, number, local, *_ = dice.throw(Topic.NAME, index)
    first, second, extra = _choose_words(index)
    rewrites, respellings = generation - generation // 3, generation // 3
    if rewrites:
        template = RENAMED_FORMS[(int(form * 64) + rewrites) % len(RENAMED_FORMS)]
    else:
        template = "{a}{b}" if extra else pick(LOGIN_FORMS, form)
    login = template.format(a=first, b=second + extra, n=10 + int(number * 90))
    if language in LOCAL_NAMES and local < 0.6:
        stems, ends = LOCAL_NAMES[language]
        return Name(login, pick(stems, spelling) + ends[(int(number * 64) + respellings) % len(ends)])
    return Name(login, _spell(login, first, second, int(spelling * 4) + respellings))


def _choose_words(index: int) -> tuple[str, str, str]:
    """Return the pair of words of a person, and a number behind it once all pairs are taken."""
    pairs = len(FIRST_WORDS) * len(SECOND_WORDS)
    place = index * 7_919 % pairs
    extra = str(index // pairs + 1) if index >= pairs else ""
    return FIRST_WORDS[place % len(FIRST_WORDS)], SECOND_WORDS[place // len(FIRST_WORDS)], extra


def _spell(login: str, first: str, second: str, style: int) -> str:
    """Return a display name: the login in other letters."""
    spellings = (
        login,
        login.replace(first, first.title(), 1).replace(second, second.title(), 1),
        login[:1].upper() + login[1:],
        login.upper(),
    )
    return spellings[style % len(spellings)]
