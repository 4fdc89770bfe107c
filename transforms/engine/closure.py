"""Rows that lead on to each other, followed to their ends by doubling: a chain of a million links takes twenty steps.

A warehouse follows one link by one join. Three steps, eight links, are joined in one statement; whether a row leads
on even then is counted together with the rows of the comparison (write.py), so chains that short cost no statement of
their own. A longer chain is compared again after three more steps, from rows that were kept on their way: a frame that
held all steps would hold itself once per link.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from transforms.engine.merge import materialize
from transforms.functions import DataFrame, Session, col, count, lit, when
from transforms.write_kinds import Closure

_KEPT_AS = ("closed_0", "closed_1")  # in turn: steps read what the ones before have kept
_STEPS = 3  # joined in one statement; their frame holds the kept rows 2**_STEPS times


@dataclass(frozen=True)
class Following:
    """Rows that were followed so far.

    Args:
        session: Where the frame is.
        closure: How rows are led on.
        parameters: Of the table's `build`.
        reached: The rows with where they have come.
        links: How many links on from their begin that is.
        rounds: How often rows were kept before.
    """

    session: Session
    closure: Closure
    parameters: Mapping[str, Any]
    reached: DataFrame
    links: int
    rounds: int

    def rows(self) -> DataFrame:
        """Return the table's rows, were all of them at their ends."""
        return self.closure.finish(self.reached, **self.parameters)

    def counts(self) -> DataFrame:
        """Return one row: `row_count`, and `open_count` of those that lead on."""
        is_open = when(col(self.closure.open_column), lit(1))
        return self.reached.select(count(lit(1)).alias("row_count"), count(is_open).alias("open_count"))

    def is_at_end(self, row_count: int, open_count: int) -> bool:
        """Return whether no row can end elsewhere: one open after as many links as there are rows goes in a circle."""
        return not open_count or self.links >= row_count

    def further(self) -> Following:
        """Keep the rows where they have come and follow them on, each as far again with every step."""
        return _follow(self.session, self.reached, self.closure, self.parameters, self.links, self.rounds + 1)


def follow(session: Session, begun: DataFrame, closure: Closure, parameters: Mapping[str, Any]) -> Following:
    """Follow the rows that a table's `build` begins with, each led on by one link, for as many as one statement joins.

    Args:
        session: Where the frame is.
        begun: The rows.
        closure: How rows are led on.
        parameters: Of the table's `build`.
    """
    return _follow(session, begun, closure, parameters, links=1, rounds=0)


def _follow(
    session: Session, frame: DataFrame, closure: Closure, parameters: Mapping[str, Any], links: int, rounds: int
) -> Following:
    with materialize(session, frame, _KEPT_AS[rounds % 2]) as reached:  # stays until the next one of its name
        for _ in range(_STEPS):
            reached = closure.step(reached)
    return Following(session, closure, parameters, reached, links * 2**_STEPS, rounds)
