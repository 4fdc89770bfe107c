"""Datasets over an activity stream: a cohort of one row per occurrence, and columns appended from other activities.

    cohort(first("stream_started").take("title"))
    .append(first("gift_received").named("gift").after().within(timedelta(days=7)).take("ts", "points"))
    .append(first("popular_streamer").after("gift").take("days_between"))
    .append(aggregate("gift_received").before().where(feature("points") >= 100).take(count().named("gifts")))

A question is plain data: nothing is read before `dataset_of` makes a frame of it (../frames), which is one statement
however much is appended. The same language as text is parser.py; QUERIES.md tells what each construct means.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from transforms.datasets.syntax.conditions import Condition, Operand, Value, both, condition_of
from transforms.datasets.syntax.errors import QueryError
from transforms.datasets.syntax.keywords import (
    Function as Function,
    Period as Period,
    Pick as Pick,
    Relation as Relation,
)
from transforms.types import DataType

SEPARATOR = ", "


@dataclass(frozen=True)
class Order:
    """What a list is ordered by; NULLs come last.

    Args:
        by: The value.
        is_descending: The greatest first.
    """

    by: Operand
    is_descending: bool = False


@dataclass(frozen=True)
class Aggregation:
    """One value of many occurrences.

    Args:
        function: How.
        of: What it is of, for any and all also a condition; None only for count, which then counts occurrences.
        separator: For lists: what stands between two.
        order: For listagg: what comes first; None: the order of time.
        word: The function as the question names it, to point at it.
        operand_type: The type of what it is of, once it is checked.
    """

    function: Function
    of: Operand | Condition | None = None
    separator: str = SEPARATOR
    order: Order | None = None
    word: str | None = field(default=None, compare=False, repr=False)
    operand_type: DataType | None = field(default=None, compare=False, repr=False)

    def named(self, alias: str) -> Output:
        """The same under a name of one's own."""
        return Output(self, alias)


@dataclass(frozen=True)
class Output:
    """A column of the dataset.

    Args:
        of: What it holds.
        alias: Its name; None: one made of what it holds.
    """

    of: Operand | Aggregation
    alias: str | None = None


Taken = str | Operand | Aggregation | Output


def _output(taken: Taken) -> Output:
    if isinstance(taken, Output):
        return taken
    if not isinstance(taken, str | Operand | Aggregation):
        raise QueryError(f"{taken!r} is nothing that can be taken; expected a feature or a function of one")
    return Output(Value(taken) if isinstance(taken, str) else taken)


@dataclass(frozen=True)
class Selection:
    """Occurrences of an activity, or of several as if they were one, per entity.

    Args:
        pick: Which.
        activities: The activities.
        number: For nth: which one, from 1.
        condition: Only occurrences of which this holds; they are numbered anew before any is picked.
        outputs: Columns to take from them.
        name: What later appends call the occurrence that is picked.
    """

    pick: Pick
    activities: tuple[str, ...]
    number: int | None = None
    condition: Condition | None = None
    outputs: tuple[Output, ...] = ()
    name: str | None = None

    def where(self, condition: Condition) -> Selection:
        """Only occurrences of which the condition holds."""
        return replace(self, condition=both(self.condition, condition_of(condition)))

    def named(self, name: str) -> Selection:
        """The same under a name that later appends can hang on."""
        return replace(self, name=name)

    def take(self, *taken: Taken) -> Selection:
        """Take these features, columns or aggregations."""
        return replace(self, outputs=(*self.outputs, *[_output(one) for one in taken]))

    def ever(self) -> Append:
        """Appended from anywhere in the entity's stream."""
        return Append(self, Relation.EVER)

    def before(self, append: str | None = None) -> Append:
        """Appended from strictly before the cohort's row, or before what an earlier append picked."""
        return Append(self, Relation.BEFORE, anchor=append)

    def on_or_before(self, append: str | None = None) -> Append:
        """Appended from before the cohort's row or its very time: sums that include the row."""
        return Append(self, Relation.ON_OR_BEFORE, anchor=append)

    def at(self, append: str | None = None) -> Append:
        """Appended from the very time of the cohort's row, or of what an earlier append picked."""
        return Append(self, Relation.AT, anchor=append)

    def on_or_after(self, append: str | None = None) -> Append:
        """Appended from the very time of the cohort's row or after it."""
        return Append(self, Relation.ON_OR_AFTER, anchor=append)

    def after(self, append: str | None = None) -> Append:
        """Appended from strictly after the cohort's row, or after what an earlier append picked."""
        return Append(self, Relation.AFTER, anchor=append)

    def in_between(self, *, on_or_after: bool = False) -> Append:
        """Appended from between the cohort's row and the entity's next occurrence of the cohort's activity.

        Args:
            on_or_after: The time of the cohort's row belongs to it, `[this, next)`; False: `(this, next)`.
        """
        return Append(self, Relation.IN_BETWEEN, on_or_after)


@dataclass(frozen=True)
class Append:
    """Columns appended to every row of the cohort; rows are neither added nor dropped.

    Args:
        selection: What is appended.
        relation: From which part of the entity's stream.
        on_or_after: For in_between: the time of the cohort's row is part of it.
        condition: An extra condition, which may name values of the cohort's row and of earlier appends.
        distance: Only occurrences at most so far from the cohort's row, this distance included.
        anchor: Name of the earlier append whose occurrence stands in the place of the cohort's row.
    """

    selection: Selection
    relation: Relation
    on_or_after: bool = False
    condition: Condition | None = None
    distance: timedelta | None = None
    anchor: str | None = None

    def where(self, condition: Condition) -> Append:
        """Only occurrences of which the condition holds."""
        return replace(self, selection=self.selection.where(condition))

    def take(self, *taken: Taken) -> Append:
        """Take these features, columns or aggregations."""
        return replace(self, selection=self.selection.take(*taken))

    def on(self, condition: Condition) -> Append:
        """Only occurrences that stand so to the cohort's row."""
        return replace(self, condition=both(self.condition, condition_of(condition)))

    def within(self, distance: timedelta) -> Append:
        """Only occurrences at most so far from the cohort's row."""
        return replace(self, distance=distance)


@dataclass(frozen=True)
class Spine:
    """A cohort of every period of every entity that ever did an activity.

    Args:
        period: Length of a row.
        activities: The activity, or several; an entity's rows begin with the period of its first occurrence.
        condition: Only occurrences of which this holds.
        start: No period that begins before this day.
        end: No period that begins on or after this day; None: up to that of the newest event of the stream.
    """

    period: Period
    activities: tuple[str, ...]
    condition: Condition | None = None
    start: date | None = None
    end: date | None = None

    def where(self, condition: Condition) -> Spine:
        """Only entities with an occurrence of which the condition holds."""
        return replace(self, condition=both(self.condition, condition_of(condition)))


@dataclass(frozen=True)
class Query:
    """A question about one stream: the cohort and what is appended to its rows."""

    cohort: Selection | Spine
    appends: tuple[Append, ...] = ()

    def append(self, *appends: Append) -> Query:
        """The question with more appended columns."""
        return replace(self, appends=(*self.appends, *appends))


def cohort(rows: Selection | Spine) -> Query:
    """A question whose dataset has these rows."""
    return Query(rows)


def first(*activities: str) -> Selection:
    """The first occurrence per entity; equal times are ordered by activity_id, several activities are as one."""
    return Selection(Pick.FIRST, activities)


def last(*activities: str) -> Selection:
    """The last occurrence per entity."""
    return Selection(Pick.LAST, activities)


def nth(number: int, *activities: str) -> Selection:
    """The occurrence of that number per entity, from 1.

    Raises:
        QueryError: The number is smaller.
    """
    if number < 1:
        raise QueryError(f"nth counts from 1; found {number}")
    return Selection(Pick.NTH, activities, number)


def every(*activities: str) -> Selection:
    """Every occurrence."""
    return Selection(Pick.ALL, activities)


def aggregate(*activities: str) -> Selection:
    """All occurrences of the relation, made one value per aggregation."""
    return Selection(Pick.AGGREGATE, activities)


def spine(period: Period | str, *activities: str, start: date | None = None, end: date | None = None) -> Spine:
    """Every day, week or month of every entity that ever did the activity.

    Raises:
        QueryError: There is no such period.
    """
    if period not in set(Period):
        raise QueryError(f"{str(period)!r} is no period; known: {', '.join(Period)}", str(period))
    return Spine(Period(period), activities, start=start, end=end)


def count(of: str | Operand | None = None) -> Aggregation:
    """How many occurrences there are, or how many of them have a value of the feature; 0 for none."""
    return Aggregation(Function.COUNT, Value(of) if isinstance(of, str) else of)


def aggregation(function: Function | str, of: str | Operand | Condition) -> Aggregation:
    """A function of a feature, such as `aggregation("sum", "points")`; any and all also take a condition.

    Raises:
        QueryError: There is no such function.
    """
    if function not in set(Function):
        raise QueryError(f"{str(function)!r} is no aggregation; known: {', '.join(Function)}", str(function))
    return Aggregation(Function(function), Value(of) if isinstance(of, str) else of)


def list_of(
    of: str | Operand, separator: str = SEPARATOR, *, by: Operand | None = None, descending: bool = False
) -> Aggregation:
    """The values as a text, in the order of time or of another value."""
    operand = Value(of) if isinstance(of, str) else of
    order = None if by is None else Order(by, descending)
    return Aggregation(Function.LISTAGG, operand, separator, order)
