"""How a table is written, and how a change of it costs what changed: plain data that the engine acts upon.

Of the kinds Replace and MergeOnKey are merged, Append adds rows to ledgers, History keeps versions, View nothing.
Parts, Closure and Continuation are declared where a change would else cost the whole group that it is in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from transforms.functions import DataFrame


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


@dataclass(frozen=True)
class Part:
    """Rows of a table that come of some of its inputs only.

    Args:
        inputs: Those inputs.
        values: Which rows they are: their values of the column that tells the parts apart.
        is_row_wise: Each row of the inputs gives its rows of the table whatever the other rows are.
        has_others: They are the rows with every value that no other part names.
    """

    inputs: tuple[str, ...]
    values: tuple[str, ...]
    is_row_wise: bool = False
    has_others: bool = False


@dataclass(frozen=True)
class Parts:
    """How a table is made of parts.

    Args:
        told_by: Column of the table that tells the parts apart.
        parts: All of them: every row of the table belongs to one.
    """

    told_by: str
    parts: tuple[Part, ...]

    @property
    def inputs(self) -> frozenset[str]:
        """The inputs that belong to one part; the others may matter to every row."""
        return frozenset(name for part in self.parts for name in part.inputs)


@dataclass(frozen=True)
class Closure:
    """How rows that lead on to each other are followed to their ends, however many lie between.

    The table's `build` gives each row one link on; every step goes as far again, so a chain of a million links takes
    twenty. What is open after as many links as there are rows goes in a circle.

    Args:
        open_column: Boolean column of the rows that is true where one leads on.
        step: Gives the rows led on by where they have come.
        finish: Gives the table's rows; takes the parameters of `build`.
    """

    open_column: str
    step: Callable[[DataFrame], DataFrame]
    finish: Callable[..., DataFrame]


@dataclass(frozen=True)
class Continuation:
    """How a table's groups, of equal `recompute_by`, are continued.

    Args:
        rows_of: The input whose rows the table has, with the same key.
        partition: Columns that divide a group into partitions, each in an order of its own.
        order: Columns of that order; the last is the key, so that no two rows tie.
        next_column: Column that is NULL in the last row of each partition and in no other.
        once: Values of the first partition column of rows that a group has once at most, made of other rows of it.
        build: Gives the rows of groups in order: from the ends of their partitions, the whole stored input (for what
            no end can tell), and what has arrived of each input, in the order of the table's own `build`; parameters
            as there.
    """

    rows_of: str
    partition: tuple[str, ...]
    order: tuple[str, ...]
    next_column: str
    once: tuple[str, ...]
    build: Callable[..., DataFrame]
