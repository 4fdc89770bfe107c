"""The two sides of an append: rows of the cohort and events, and which of them belong together.

What says where an event stands to a row is told of two places: of the pairs of both, and of the dataset, in which the
columns of earlier appends stand beside the cohort's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import and_

from transforms.contract import FLOAT, INTEGER, TIMESTAMP
from transforms.datasets.analysis.plan import PlannedAppend
from transforms.datasets.analysis.scope import MICROSECONDS_IN
from transforms.datasets.frames.cohort import Cohort
from transforms.datasets.frames.expressions import expression_of
from transforms.datasets.frames.occurrences import Occurrences
from transforms.datasets.frames.windows import in_intervals
from transforms.datasets.syntax.conditions import Value
from transforms.datasets.syntax.query import Pick, Relation
from transforms.formulas.periods import period_of
from transforms.functions import DataFrame, Expression, col, dateadd, datediff, lit

_MICROSECOND = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1)


@dataclass(frozen=True)
class Part:
    """Columns to join to the dataset.

    Args:
        frame: At most one row per row of the cohort, once joined.
        on: Which row it joins, of the dataset's columns.
        columns: What the joined frame says for each value, or for each column of the dataset.
        named: What it says for the values that later appends name.
        needs: The earlier append whose columns `on` looks at.
    """

    frame: DataFrame
    on: Expression
    columns: Mapping[str, Expression]
    named: Mapping[str, Expression] | None = None
    needs: str | None = None


@dataclass(frozen=True)
class Side:
    """An append on its way to become a part."""

    cohort: Cohort
    events: Occurrences
    planned: PlannedAppend

    @property
    def relation(self) -> Relation:
        """Where its events stand to the row."""
        return self.planned.append.relation

    @property
    def pick(self) -> Pick:
        """Which of them are taken."""
        return self.planned.append.selection.pick

    @property
    def is_of_row(self) -> Expression:
        """Whether something found for a row, `<prefix>of`, is of the dataset's row."""
        return col(f"{self.events.prefix}of") == self.cohort.in_dataset.id

    @property
    def is_of_entity(self) -> Expression:
        """Whether an event is of the entity of the dataset's row."""
        return self.events.entity == self.cohort.in_dataset.entity

    def column_of(self, value: Value) -> Expression:
        """The column of pairs that holds a value."""
        if value.of is not None:
            return self.cohort.column_of(value)
        if value.name in MICROSECONDS_IN:
            return time_between(value.name, self.cohort.rows.ts, self.events.ts)
        return col(self.events.name_column(value.name))

    @property
    def window_of_pair(self) -> list[Expression]:
        """Whether a pair's event is in the relation to its row."""
        return self._window(self.cohort.rows.ts, self.cohort.rows.next_ts)

    @property
    def window_of_dataset(self) -> list[Expression]:
        """Whether an event that was joined to the dataset is in the relation to its row."""
        return self._window(self.cohort.at_in_dataset, self.cohort.in_dataset.next_ts)

    def _window(self, row_at: Expression, next_ts: Expression) -> list[Expression]:
        at = self.events.ts
        if self.relation is Relation.IN_BETWEEN:
            begun = at >= row_at if self.planned.append.on_or_after else at > row_at
            return [begun, next_ts.is_null() | (at < next_ts)]
        stands = {
            Relation.BEFORE: at < row_at,
            Relation.ON_OR_BEFORE: at <= row_at,
            Relation.AT: at == row_at,
            Relation.ON_OR_AFTER: at >= row_at,
            Relation.AFTER: at > row_at,
        }
        return [stands[self.relation]] if self.relation in stands else []


def time_between(name: str, begun: Expression, ended: Expression) -> Expression:
    """Days or seconds from one time to another, negative where that is earlier."""
    return datediff("microsecond", begun, ended).cast(FLOAT) / lit(float(MICROSECONDS_IN[name]))


def join_conditions(*conditions: Expression) -> Expression:
    """Join all conditions into one."""
    return reduce(and_, conditions)


def pairs(side: Side) -> DataFrame:
    """Every row of the cohort with every event of its set."""
    rows, events, append = side.cohort.rows, side.events, side.planned.append
    frame, of_rows = events.frame, rows.frame
    conditions = [events.entity == rows.entity, *side.window_of_pair, *_conditions(side)]
    is_in_between = side.relation is Relation.IN_BETWEEN
    if append.distance is not None and not side.cohort.has_one_row:
        of_rows, frame, is_near = _in_buckets(side, max(append.distance // _MICROSECOND, 1))
        conditions.insert(1, is_near)
    if is_in_between and side.cohort.period is not None:
        conditions.insert(1, period_of(str(side.cohort.period), events.ts).cast(TIMESTAMP) == rows.ts)
    elif is_in_between and not side.cohort.has_one_row and append.distance is None:
        frame = in_intervals(side.cohort, events)
        conditions.insert(1, col(f"{events.prefix}row") == rows.number)
    return of_rows.join(frame, on=join_conditions(*conditions), how="inner")


def _conditions(side: Side) -> list[Expression]:
    append, rows, events = side.planned.append, side.cohort.rows, side.events
    found = [] if append.condition is None else [expression_of(append.condition, side.column_of)]
    if append.distance is not None:
        distance = append.distance // _MICROSECOND
        nearest, farthest = (dateadd("microsecond", lit(sign * distance), rows.ts) for sign in (-1, 1))
        found += [events.ts >= nearest, events.ts <= farthest]
    return found


def _in_buckets(side: Side, width: int) -> tuple[DataFrame, DataFrame, Expression]:
    """Both sides with the stretch of time that they are in, each as long as the distance, and when these meet.

    What is within the distance of a row is in the row's own stretch or in one beside it, so that the warehouse joins on
    equality and looks at neighbours only, where it would compare every row of an entity with every event.

    Args:
        side: The append.
        width: Microseconds of the distance.
    """
    rows, events, prefix = side.cohort.rows, side.events, side.events.prefix
    beside = rows.frame.session.create_dataframe([[-1], [0], [1]], schema=[f"{prefix}beside"])
    near = (_bucket(rows.ts, width) + col(f"{prefix}beside")).alias(f"{prefix}near")
    names = [f"{rows.prefix}{name}" for name in ("entity", "ts", "id", "number", "next_ts")]
    of_rows = rows.frame.cross_join(beside).select(*[col(name) for name in (*names, *rows.values)], near)
    of_events = events.frame.select("*", _bucket(events.ts, width).alias(f"{prefix}bucket"))
    return of_rows, of_events, col(f"{prefix}near") == col(f"{prefix}bucket")


def _bucket(at: Expression, width: int) -> Expression:
    """The number of the stretch that a time is in; the division is of a multiple, so it is exact."""
    passed = datediff("microsecond", lit(_EPOCH), at)
    return ((passed - passed % lit(width)) / lit(width)).cast(INTEGER)
