"""What became of a delivered file, and of a fetch of a source."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flows.errors import SnowcastError
from flows.files.file import escape_unprintable
from flows.files.known_files import Delivery
from flows.landing import LandedFile

LANDED, LOADED_BEFORE, EMPTY, REFUSED = "landed", "loaded before", "empty", "refused"
DELIVERED_BEFORE, SKIPPED = "delivered before", "skipped"


@dataclass(frozen=True)
class FileReport:
    """What became of one file.

    Args:
        file: Its name, as in the place that was given.
        status: landed, loaded before, delivered before, empty, skipped or refused.
        reason: Why it was skipped or refused, or as what it was loaded before.
        warnings: What a person should know about a file that was landed.
        landed: The landing files it was written to, those of an earlier time included.
        rows: Records and lines landed.
        bad_lines: Lines that are no JSON; they are landed, and the load sends them to the quarantine.
        delivery: What the ledger of deliveries keeps of it; None for a refused file, which is read again next time.
    """

    file: str
    status: str
    reason: str | None = None
    warnings: tuple[str, ...] = ()
    landed: tuple[LandedFile, ...] = ()
    rows: int = 0
    bad_lines: int = 0
    delivery: Delivery | None = None

    def __post_init__(self) -> None:
        """Names and texts that came out of files are shown on terminals and kept as text."""
        object.__setattr__(self, "file", escape_unprintable(self.file))
        object.__setattr__(self, "reason", None if self.reason is None else escape_unprintable(self.reason))
        object.__setattr__(self, "warnings", tuple(map(escape_unprintable, self.warnings)))

    @property
    def is_refused(self) -> bool:
        """Whether the file, or part of it, was refused: the run then ends with exit code 1."""
        return self.status == REFUSED or self.bad_lines > 0


@dataclass(frozen=True)
class Fetched:
    """What one fetch landed.

    Args:
        snapshots: When the source was observed.
        files: What became of each delivered file.
        failure: The error in which a source ended half-way; what came before it is landed.
    """

    snapshots: tuple[datetime, ...] = ()
    files: tuple[FileReport, ...] = ()
    failure: SnowcastError | None = None
