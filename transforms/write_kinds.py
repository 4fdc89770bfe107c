"""How a table is written: a closed set of kinds, each plain data that the engine acts upon.

Replace and MergeOnKey are merged, Append adds rows to ledgers, History keeps versions, View stores nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True)
class Replace:
    """The built frame is the whole table: rows are inserted, updated and deleted until the table equals it."""


@dataclass(frozen=True)
class Append:
    """Rows whose key is not in the table are inserted; nothing is ever changed (ledgers)."""


@dataclass(frozen=True)
class MergeOnKey:
    """MERGE on the key.

    Args:
        newest_by: Columns that order versions of one key, most significant first; the greatest wins, in a batch and
            against the table, so an older record never overwrites a newer one. The source file and row break ties.
            Empty for tables with `recompute_by`: their frame is the whole truth for the keys in scope, so rows that
            differ are updated and rows of the scope that the frame no longer has are deleted.
    """

    newest_by: tuple[str, ...] = ()


class Strategy(StrEnum):
    """How a history tells that a version ended: by comparing values, or by the row's own time of change."""

    CHECK = "check"
    TIMESTAMP = "timestamp"


class HardDeletes(StrEnum):
    """What the absence of a key from a complete delivery does to its history."""

    IGNORE = "ignore"
    INVALIDATE = "invalidate"
    NEW_RECORD = "new_record"


@dataclass(frozen=True)
class History:
    """Versions of each key, `[valid_from, valid_to)` (SCD2). `build` gives observations; the writer makes versions.

    Args:
        strategy: check: a version begins when an observation differs in a tracked column; timestamp: observations are
            ordered by the row's own `effective_at`, which may be earlier than the observation.
        tracked: Columns whose change begins a version; empty: all but the key, `effective_at` and `observed_at`. The
            others are carried from the newest observation of the version.
        effective_at: Column with the time from which an observation's values hold; for check that of the observation.
        observed_at: Column of the input with the time at which the source was observed.
        newest_by: Columns of the input that order a key's rows of one observation, most significant first; the
            greatest wins. The source file and row break ties.
        hard_deletes: ignore: absence says nothing; invalidate: the version is closed; new_record: it is closed and a
            version with is_deleted follows. Only for inputs whose source lists everything in each delivery.
        named_by: Columns by which a person names a key; empty: the key itself.
    """

    strategy: Strategy
    tracked: tuple[str, ...] = ()
    effective_at: str = "snapshot_at"
    observed_at: str = "snapshot_at"
    newest_by: tuple[str, ...] = ()
    hard_deletes: HardDeletes = HardDeletes.IGNORE
    named_by: tuple[str, ...] = ()


@dataclass(frozen=True)
class View:
    """Nothing is stored: the built frame is kept as a view, which reads its inputs each time that it is read.

    Args:
        rows_of: Input whose `_build_id` the frame carries: what its builds wrote are the view's new rows. None: the
            frame's rows are of no build, and all of them are checked each time.
        ledgers: Ledgers of OPS among what `build` reads, behind the tables.
    """

    rows_of: str | None = None
    ledgers: tuple[str, ...] = ()


WriteKind = Replace | Append | MergeOnKey | History | View
