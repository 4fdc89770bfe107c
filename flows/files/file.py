"""What is found in a delivered file beside its records: why it cannot be read, its header, and notes on it."""

from __future__ import annotations

from dataclasses import dataclass


def shown(text: str) -> str:
    """The text with what no terminal can show, such as control characters and halves of emojis, as escapes."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


class RefusedFile(Exception):  # noqa: N818 - a finding about the user's file, reported and never raised to the user
    """The file cannot be read as a whole; the text says why, to follow the file's name."""


class UnrecognisedFile(RefusedFile):
    """It can be read, and holds nothing of the source."""


@dataclass(frozen=True)
class BadLine:
    """A line of a file of JSON lines that is no JSON."""

    number: int
    content: bytes
    reason: str


@dataclass(frozen=True)
class Header:
    """The named columns of a CSV or of a tab, before its rows."""

    names: tuple[str, ...]


@dataclass(frozen=True)
class Note:
    """What a person should know of a file that is read, as a warning."""

    text: str
