"""Datasets over an activity stream: a cohort of one row per occurrence, and columns appended from other activities.

    cohort(first("stream_started").take("title"))
    .append(first("gift_received").after().within(timedelta(days=7)).take("ts", "points"))
    .append(aggregate("gift_received").before().where(feature("points") >= 100).take(count().named("gifts")))

A question is plain data: nothing is read before `dataset_of` makes a frame of it (datasets/), which is one statement
however much is appended. The same language as text is datasets/text.py; QUERIES.md tells what each construct means.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum

from transforms.activity.datasets.conditions import Condition, Value, both
from transforms.activity.datasets.errors import QueryError


class Pick(StrEnum):
    """Which occurrences of an activity are meant."""

    FIRST = "first"
    LAST = "last"
    NTH = "nth"
    ALL = "all"
    AGGREGATE = "aggregate"


class Relation(StrEnum):
    """Where an appended activity stands to the cohort's row."""

    EVER = "ever"
    BEFORE = "before"
    AT = "at"
    AFTER = "after"
    IN_BETWEEN = "in_between"


class Period(StrEnum):
    """The length of a time spine's rows; weeks begin on Monday."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class Function(StrEnum):
    """How the values of many occurrences become one."""

    COUNT = "count"
    COUNT_DISTINCT = "count_distinct"
    SUM = "sum"
    AVG = "avg"
    MEDIAN = "median"
    MIN = "min"
    MAX = "max"
    FIRST_VALUE = "first_value"
    LAST_VALUE = "last_value"
    LISTAGG = "listagg"
    ANY = "any"
    ALL = "all"


@dataclass(frozen=True)
class Aggregation:
    """One value of many occurrences.

    Args:
        function: How.
        of: The feature, for any and all also a condition; None only for count, which then counts occurrences.
        word: The function as the question names it, to point at it.
    """

    function: Function
    of: Value | Condition | None = None
    word: str | None = field(default=None, compare=False, repr=False)

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

    of: Value | Aggregation
    alias: str | None = None


Taken = str | Value | Aggregation | Output


def _output(taken: Taken) -> Output:
    if isinstance(taken, Output):
        return taken
    return Output(Value(taken) if isinstance(taken, str) else taken)


@dataclass(frozen=True)
class Selection:
    """Occurrences of an activity per entity.

    Args:
        pick: Which.
        activity: The activity.
        number: For nth: which one, from 1.
        condition: Only occurrences of which this holds; they are numbered anew before any is picked.
        outputs: Columns to take from them.
    """

    pick: Pick
    activity: str
    number: int | None = None
    condition: Condition | None = None
    outputs: tuple[Output, ...] = ()

    def where(self, condition: Condition) -> Selection:
        """Only occurrences of which the condition holds."""
        return replace(self, condition=both(self.condition, condition))

    def take(self, *taken: Taken) -> Selection:
        """Take these features, columns or aggregations."""
        return replace(self, outputs=(*self.outputs, *[_output(one) for one in taken]))

    def ever(self) -> Append:
        """Appended from anywhere in the entity's stream."""
        return Append(self, Relation.EVER)

    def before(self) -> Append:
        """Appended from strictly before the cohort's row."""
        return Append(self, Relation.BEFORE)

    def at(self) -> Append:
        """Appended from the very time of the cohort's row."""
        return Append(self, Relation.AT)

    def after(self) -> Append:
        """Appended from strictly after the cohort's row."""
        return Append(self, Relation.AFTER)

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
        condition: An extra condition, which may name values of the cohort's row.
        distance: Only occurrences at most so far from the cohort's row, this distance included.
    """

    selection: Selection
    relation: Relation
    on_or_after: bool = False
    condition: Condition | None = None
    distance: timedelta | None = None

    def where(self, condition: Condition) -> Append:
        """Only occurrences of which the condition holds."""
        return replace(self, selection=self.selection.where(condition))

    def take(self, *taken: Taken) -> Append:
        """Take these features, columns or aggregations."""
        return replace(self, selection=self.selection.take(*taken))

    def on(self, condition: Condition) -> Append:
        """Only occurrences that stand so to the cohort's row."""
        return replace(self, condition=both(self.condition, condition))

    def within(self, distance: timedelta) -> Append:
        """Only occurrences at most so far from the cohort's row."""
        return replace(self, distance=distance)


@dataclass(frozen=True)
class Spine:
    """A cohort of every period of every entity that ever did an activity.

    Args:
        period: Length of a row.
        activity: The activity; an entity's rows begin with the period of its first occurrence.
        condition: Only occurrences of which this holds.
        start: No period that begins before this day.
        end: No period that begins on or after this day; None: up to that of the newest event of the stream.
    """

    period: Period
    activity: str
    condition: Condition | None = None
    start: date | None = None
    end: date | None = None

    def where(self, condition: Condition) -> Spine:
        """Only entities with an occurrence of which the condition holds."""
        return replace(self, condition=both(self.condition, condition))


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


def first(activity: str) -> Selection:
    """The first occurrence per entity; equal times are ordered by activity_id."""
    return Selection(Pick.FIRST, activity)


def last(activity: str) -> Selection:
    """The last occurrence per entity."""
    return Selection(Pick.LAST, activity)


def nth(number: int, activity: str) -> Selection:
    """The occurrence of that number per entity, from 1.

    Raises:
        QueryError: The number is smaller.
    """
    if number < 1:
        raise QueryError(f"nth counts from 1; found {number}")
    return Selection(Pick.NTH, activity, number)


def every(activity: str) -> Selection:
    """Every occurrence."""
    return Selection(Pick.ALL, activity)


def aggregate(activity: str) -> Selection:
    """All occurrences of the relation, made one value per aggregation."""
    return Selection(Pick.AGGREGATE, activity)


def spine(period: Period | str, activity: str, *, start: date | None = None, end: date | None = None) -> Spine:
    """Every day, week or month of every entity that ever did the activity.

    Raises:
        QueryError: There is no such period.
    """
    if period not in set(Period):
        raise QueryError(f"{str(period)!r} is no period; known: {', '.join(Period)}", str(period))
    return Spine(Period(period), activity, start=start, end=end)


def count(of: str | None = None) -> Aggregation:
    """How many occurrences there are, or how many of them have a value of the feature; 0 for none."""
    return Aggregation(Function.COUNT, None if of is None else Value(of))


def aggregation(function: Function | str, of: str | Condition) -> Aggregation:
    """A function of a feature, such as `aggregation("sum", "points")`; any and all also take a condition.

    Raises:
        QueryError: There is no such function.
    """
    if function not in set(Function):
        raise QueryError(f"{str(function)!r} is no aggregation; known: {', '.join(Function)}", str(function))
    return Aggregation(Function(function), Value(of) if isinstance(of, str) else of)
