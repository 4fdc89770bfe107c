"""What a table declares so that a change costs what changed, and not the whole group that it is in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from transforms.functions import DataFrame


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
