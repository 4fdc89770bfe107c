"""What a load did: a row of OPS.LOADS per file, and all of it together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class LoadResult:
    """One landing file in one raw table: a row of OPS.LOADS."""

    load_id: str
    table_name: str
    source_file: str
    content_hash: str
    snapshot_at: datetime
    rows_parsed: int
    rows_loaded: int
    rows_rejected: int
    loaded_at: datetime


@dataclass(frozen=True)
class LoadReport:
    """What one call of `load_pending` did.

    Args:
        loads: Files loaded, the poll records' not among them.
        polls: Completeness records written to OPS.POLLS.
        damaged: Landing files that cannot be read or that a pipe has skipped, with the reason; they are not loaded.
        waiting: Landing files that their pipe has not loaded yet.
    """

    loads: tuple[LoadResult, ...]
    polls: int
    damaged: tuple[tuple[str, str], ...] = ()
    waiting: tuple[str, ...] = ()

    @classmethod
    def join(cls, reports: Sequence[LoadReport]) -> LoadReport:
        """Join several into one."""
        return cls(
            loads=tuple(load for report in reports for load in report.loads),
            polls=sum(report.polls for report in reports),
            damaged=tuple(fault for report in reports for fault in report.damaged),
            waiting=tuple(path for report in reports for path in report.waiting),
        )

    @property
    def rows_loaded(self) -> int:
        """Rows added to RAW."""
        return sum(load.rows_loaded for load in self.loads)

    @property
    def rows_rejected(self) -> int:
        """Lines that went to the quarantine because they are no record."""
        return sum(load.rows_rejected for load in self.loads)
