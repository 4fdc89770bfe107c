"""An export archive: a zip of json.gz files, several an hour, read from disk as streams of lines.

The name of a member says its hour: `<project>/<project>_2026-01-02_15#0.json.gz` holds what was uploaded from 15:00 to
16:00 UTC. A member that cannot be read to its end breaks its hour, not the archive.
"""

from __future__ import annotations

import gzip
import io
import re
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO

from flows.errors import SnowcastError

MEBIBYTE = 1024 * 1024
_HOUR = re.compile(r"_(\d{4}-\d{2}-\d{2})_(\d{1,2})#\d+\.json(?:\.gz)?$")
_RATIO_FROM = 16 * MEBIBYTE  # what is smaller may be packed as well as it likes
_GZIP = b"\x1f\x8b"
_SKIPPED_AT_ONCE = MEBIBYTE


class BrokenArchive(Exception):  # noqa: N818 - a finding about one answer, after which its hours are asked again
    """An archive or a member of one cannot be read; the text says which and why."""


class TooLarge(Exception):  # noqa: N818 - a finding about one answer, after which less is asked at once
    """One request gives more than Amplitude or the settings allow; the text says of what."""


@dataclass(frozen=True)
class ArchiveLimits:
    """Bounds of one archive.

    Args:
        archive_bytes: Most bytes of the archive.
        unpacked_bytes: Most bytes that it may unpack to.
        ratio: Most times its own size that it may unpack to.
        event_bytes: Most bytes of one event.
    """

    archive_bytes: int = 4096 * MEBIBYTE
    unpacked_bytes: int = 65_536 * MEBIBYTE
    ratio: int = 500
    event_bytes: int = 16 * MEBIBYTE


@dataclass(frozen=True)
class Line:
    """One line of a member.

    Args:
        number: From 1.
        content: Its bytes, as far as one event may be long.
        size: How long it really is.
    """

    number: int
    content: bytes
    size: int


class Archive:
    """A zip on disk.

    Args:
        file: The whole archive.
        limits: What it is read within.

    Raises:
        BrokenArchive: It is no zip, or cut off.
    """

    def __init__(self, file: IO[bytes], limits: ArchiveLimits) -> None:
        self._limits = limits
        self._size = file.seek(0, io.SEEK_END)
        self._unpacked = 0
        with _reporting("the archive"):
            self._zip = zipfile.ZipFile(file)
        self._members = [info for info in self._zip.infolist() if not info.is_dir()]

    def members_by_hour(self, hours: Sequence[datetime]) -> Mapping[datetime, list[zipfile.ZipInfo]]:
        """The members of each of these hours, in the order of their names; of one hour, whatever they are called.

        Raises:
            BrokenArchive: The name of a member says no hour or another, and it could be of several.
        """
        found: dict[datetime, list[zipfile.ZipInfo]] = defaultdict(list)
        for member in sorted(self._members, key=lambda info: info.filename):
            # What was asked for is what came: a member that was left aside would be an hour's events lost.
            hour = hours[0] if len(hours) == 1 else hour_of(member.filename)
            if hour is None or hour not in hours:
                said = "no hour" if hour is None else "an hour that was not asked for"
                raise BrokenArchive(f"the name of the member {member.filename!r} says {said}")
            found[hour].append(member)
        return found

    def lines(self, member: zipfile.ZipInfo) -> Iterator[Line]:
        """The lines of a member; memory does not grow with it.

        Raises:
            BrokenArchive: It cannot be read to its end.
            TooLarge: The archive unpacks to more than the limits.
        """
        with _reporting(f"the member {member.filename!r}"), self._zip.open(member) as packed:
            is_gzip = packed.peek(2)[:2] == _GZIP  # type: ignore[attr-defined]
            yield from self._lines_of(gzip.GzipFile(fileobj=packed) if is_gzip else packed)

    def _lines_of(self, stream: IO[bytes] | gzip.GzipFile) -> Iterator[Line]:
        number, longest = 0, self._limits.event_bytes
        while content := stream.readline(longest + 1):
            number += 1
            size = len(content)
            while not content.endswith(b"\n") and (more := stream.readline(_SKIPPED_AT_ONCE)):
                size += len(more)
                self._check(size)
                if more.endswith(b"\n"):
                    break
            self._unpacked += size
            self._check(0)
            yield Line(number, content[:longest], size)

    def _check(self, more: int) -> None:
        unpacked, limits = self._unpacked + more, self._limits
        if unpacked > limits.unpacked_bytes:
            most = limits.unpacked_bytes // MEBIBYTE
            raise TooLarge(f"it unpacks to more than {most:,} MiB (SNOWCAST_AMPLITUDE_UNPACKED_MEBIBYTES)")
        if unpacked > max(_RATIO_FROM, self._size * limits.ratio):
            raise TooLarge(
                f"it unpacks to more than {limits.ratio:,} times its size (SNOWCAST_AMPLITUDE_UNPACKED_RATIO)"
            )


def hour_of(name: str) -> datetime | None:
    """The hour that a file of an export is of, by its name; None where it says none."""
    found = _HOUR.search(name)
    try:
        return datetime.strptime(f"{found[1]} {found[2]}", "%Y-%m-%d %H").replace(tzinfo=UTC) if found else None
    except ValueError:
        return None


@contextmanager
def _reporting(what: str) -> Iterator[None]:
    """What goes wrong while something of an archive is read: the libraries raise many kinds."""
    try:
        yield
    except (SnowcastError, BrokenArchive, TooLarge, MemoryError, GeneratorExit):
        raise
    except EOFError:
        raise BrokenArchive(f"{what} is cut off") from None
    except Exception as error:
        raise BrokenArchive(f"{what} cannot be read: {type(error).__name__}: {error}") from None
