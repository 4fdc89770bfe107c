"""The words that people, games and titles of the sandbox are made of, read from vocabulary.toml."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Final

_WORDS: Final[dict[str, Any]] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))


def _split(name: str) -> tuple[str, ...]:
    return tuple(_WORDS[name].split())


def _split_by_language(name: str) -> dict[str, tuple[str, ...]]:
    return {language: tuple(texts) for language, texts in _WORDS[name].items()}


FIRST_WORDS: Final = _split("first_words")
SECOND_WORDS: Final = _split("second_words")
LOGIN_FORMS: Final = tuple(_WORDS["login_forms"])
RENAMED_FORMS: Final = tuple(_WORDS["renamed_forms"])
CATEGORIES: Final = tuple(_WORDS["categories"])
HEADLINE_GAMES: Final = tuple(_WORDS["headline_games"])
GAME_FIRST: Final = _split("game_first")
GAME_SECOND: Final = _split("game_second")
GAME_SUFFIXES: Final = tuple(_WORDS["game_suffixes"])
COMMON_TAGS: Final = _split("common_tags")
ODD_TITLES: Final = tuple(_WORDS["odd_titles"])
LANGUAGE_TAGS: Final[dict[str, str]] = _WORDS["language_tags"]
DESCRIPTIONS: Final = _split_by_language("descriptions")
TITLES: Final = _split_by_language("titles")
LOCAL_NAMES: Final = {
    language: (tuple(parts["stems"].split()), tuple(parts["ends"].split()))
    for language, parts in _WORDS["local_names"].items()
}
