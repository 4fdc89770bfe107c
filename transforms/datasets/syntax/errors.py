"""What is wrong with a question about activities, and at which of its words."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from transforms.contract import ContractError
from transforms.datasets.syntax.keywords import CLAUSES

_NEAR_CUTOFF = 0.5


class Word(str):
    """A word of a question with its place in the text; it equals the plain text.

    Attributes:
        start: Its first character, from 0.
        length: How many characters it has in the text, where it may be quoted.
    """

    start: int
    length: int
    __slots__ = ("length", "start")

    def __new__(cls, text: str, start: int, length: int | None = None) -> Word:
        """A word that stands at a place."""
        word = super().__new__(cls, text)
        word.start, word.length = start, len(text) if length is None else length
        return word


class QueryError(ContractError):
    """A question names what is not known, or asks what cannot be asked.

    Attributes:
        word: The word that is wrong, with its place where the question was a text; None where it is none of them.
    """

    def __init__(self, message: str, word: str | None = None) -> None:
        super().__init__(message)
        self.word = word


def quote(text: str) -> str:
    """Quote a text as a question writes it."""
    doubled = text.replace("'", "''")
    return f"'{doubled}'"


def unknown(word: str, kind: str, known: Iterable[str]) -> QueryError:
    """The error of a name that is not known: it names the nearest and all that are.

    Args:
        word: The name.
        kind: What it should have been, e.g. `activity`.
        known: Every name that is known.
    """
    names = sorted(known)
    near = difflib.get_close_matches(word.lower(), names, n=1, cutoff=_NEAR_CUTOFF)
    guess = f"did you mean {near[0]}? " if near else ""
    return QueryError(f"{str(word)!r} is no {kind}; {guess}known: {', '.join(names) or 'none'}", word)


def unknown_append(name: str, known: Iterable[str]) -> QueryError:
    """The error of a name that no earlier append has; in its place a clause may be mistyped.

    Args:
        name: The name.
        known: The names of earlier appends.
    """
    names = [str(one) for one in known]
    near = difflib.get_close_matches(name.lower(), [*names, *CLAUSES], n=1)
    guess = f"did you mean {near[0]}? " if near else ""
    told = f"known: {', '.join(names) or 'none'} (an append is named by `as` behind its activity)"
    return QueryError(f"{str(name)!r} is no earlier append; {guess}{told}", name)
