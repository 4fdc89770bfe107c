"""How much a delivered file may unpack to, and how long it may take: bombs are refused, not read to their end."""

from __future__ import annotations

import io
import time
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import IO, Any

from flows.files.file import RefusedFile

_MEBIBYTE = 1024 * 1024
_RATIO_FROM = 16 * _MEBIBYTE  # what is smaller may be packed as well as it likes


@dataclass(frozen=True)
class Limits:
    """Bounds of one file.

    Args:
        mebibytes: Most that it may unpack to.
        ratio: Most times its own size that it may unpack to.
        seconds: Longest time that reading it may take.
    """

    mebibytes: int = 2048
    ratio: int = 500
    seconds: int = 3600

    def check(self, unpacked: int, packed: int | None) -> None:
        """Refuse a file that unpacks to too much.

        Args:
            unpacked: Bytes so far.
            packed: Bytes of the file; None where it is not packed.

        Raises:
            RefusedFile: It is more than the bounds.
        """
        if unpacked > self.mebibytes * _MEBIBYTE:
            raise RefusedFile(f"is too large: it holds more than {self.mebibytes:,} MiB (SNOWCAST_FILE_MEBIBYTES)")
        if packed and unpacked > max(_RATIO_FROM, packed * self.ratio):
            raise RefusedFile(f"unpacks to more than {self.ratio:,} times its size (SNOWCAST_FILE_RATIO): not read")


# What holds for the files that are being read; the settings state it.
LIMITS: ContextVar[Limits] = ContextVar("limits", default=Limits())  # noqa: B039 - it is frozen


@dataclass
class Bounded(io.RawIOBase):
    """A binary file that is read as long as it stays within the bounds.

    Args:
        source: What is read: already unpacked.
        packed: Bytes that it was unpacked from; None where it was not.
    """

    source: IO[bytes] | Any
    packed: int | None = None
    limits: Limits = field(default_factory=LIMITS.get)

    def __post_init__(self) -> None:
        self._count, self._begun = 0, time.monotonic()

    def readable(self) -> bool:
        """It is read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Some of the bytes.

        Raises:
            RefusedFile: They are too many, or it takes too long.
        """
        content = self.source.read(len(buffer))
        self._count += len(content)
        self.limits.check(self._count, self.packed)
        if time.monotonic() - self._begun > self.limits.seconds:
            raise RefusedFile(f"takes more than {self.limits.seconds:,} seconds to read (SNOWCAST_FILE_SECONDS)")
        buffer[: len(content)] = content
        return len(content)
