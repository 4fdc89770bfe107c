"""Rows that lead on to each other, followed to their ends by doubling: a chain of a million links takes twenty steps.

A warehouse follows one link by one join. A frame that followed them all would hold itself once per link, so each step
is kept, and the next one reads what was kept.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from transforms.engine.merge import materialize
from transforms.functions import col, count, lit, when

if TYPE_CHECKING:
    from collections.abc import Mapping

    from snowflake.snowpark import DataFrame, Session

    from transforms.increments import Closure

_KEPT_AS = ("closed_0", "closed_1")  # in turn: a step reads what the one before has kept


def follow_to_end(session: Session, begun: DataFrame, closure: Closure, parameters: Mapping[str, Any]) -> DataFrame:
    """The table's rows, from those that its `build` begins with.

    Args:
        session: Where the frame is.
        begun: Each row led on by one link.
        closure: How rows are led on.
        parameters: Of the table's `build`.
    """
    steps = 0
    with ExitStack() as kept:
        frame = kept.enter_context(materialize(session, begun, _KEPT_AS[0]))
        while _is_open(frame, closure, followed=2**steps):
            steps += 1
            frame = kept.enter_context(materialize(session, closure.step(frame), _KEPT_AS[steps % 2]))
        return closure.finish(frame, **parameters)


def _is_open(frame: DataFrame, closure: Closure, *, followed: int) -> bool:
    """Whether a row may still end: one that has not after as many links as there are rows goes in a circle."""
    counts = frame.select(count(lit(1)), count(when(col(closure.open_column), lit(1))))
    ((row_count, open_count),) = counts.collect()
    return bool(open_count) and followed < int(row_count)
