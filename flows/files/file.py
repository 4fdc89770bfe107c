"""What is found in a delivered file beside its records: why it cannot be read, its header, and notes on it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import IO, Any


def escape_unprintable(text: str) -> str:
    """Escape what no terminal can show of a text, such as control characters and halves of emojis."""
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


@dataclass(frozen=True)
class InputFile:
    """One file, or one member of a zip archive.

    Args:
        label: How reports name it: the path under the place that was given, `archive.zip!member` for a member.
        modified_at: The file's modification time; None where its place does not tell.
        open: Opens it for reading bytes.
        parent: Name of the folder that the label starts in.
        path: The whole path, without secrets: names the file in the ledger of deliveries.
        size: Bytes, as its folder states them.
        version: Its tag or modification time: another one is another delivery.
        archive: Label of the archive or workbook that it is a member of.
        rows: The cells of its rows, where it is a tab of a spreadsheet; it is then not opened.
        fault: Why it is refused without being opened.
        packed: Bytes that a member of an archive takes in it.
    """

    label: str
    modified_at: datetime | None
    open: Callable[[], IO[bytes]]
    parent: str = ""
    path: str = ""
    size: int | None = None
    version: str = ""
    archive: str | None = None
    rows: Callable[[], Iterator[Sequence[Any]]] | None = None
    fault: str | None = None
    packed: int | None = None

    @property
    def directory(self) -> str:
        """What the label has before the name: where a manifest would lie."""
        return self.label[: len(self.label) - len(self.name)]

    @property
    def name(self) -> str:
        """The file's own name."""
        return re.split(r"[/!]", self.label)[-1]

    @property
    def names(self) -> tuple[str, ...]:
        """Names that may state the snapshot time, the nearest first: its own, then its archive's."""
        return (self.name, PurePosixPath(self.archive).name) if self.archive else (self.name,)

    @property
    def folder(self) -> str:
        """The folders that it lies in, from the one that was given on."""
        return f"{self.parent}/{self.directory}"
