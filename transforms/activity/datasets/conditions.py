"""Conditions on activities as data: what filters and join conditions of a dataset say, before they are expressions.

A condition holds where it is true; one that compares a NULL is neither true nor false, as in SQL.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

Constant = str | int | float | Decimal | bool | date | datetime
OPERATORS = ("=", "!=", "<", "<=", ">", ">=")


@dataclass(frozen=True)
class Value:
    """A feature of an activity, or a column of the stream such as `ts`.

    Args:
        name: Its name.
        of_cohort: It is the cohort row's; False: that of the activity which is filtered or appended.
    """

    name: str
    of_cohort: bool = False

    def equals(self, other: Value | Constant) -> Condition:
        """It equals the other."""
        return Comparison(self, "=", other)

    def differs(self, other: Value | Constant) -> Condition:
        """It does not equal the other."""
        return Comparison(self, "!=", other)

    def __lt__(self, other: Value | Constant) -> Condition:
        return Comparison(self, "<", other)

    def __le__(self, other: Value | Constant) -> Condition:
        return Comparison(self, "<=", other)

    def __gt__(self, other: Value | Constant) -> Condition:
        return Comparison(self, ">", other)

    def __ge__(self, other: Value | Constant) -> Condition:
        return Comparison(self, ">=", other)

    def is_in(self, *options: Constant) -> Condition:
        """It is one of the options."""
        return Membership(self, options)

    def is_null(self) -> Condition:
        """It is NULL."""
        return Absence(self)


def feature(name: str) -> Value:
    """A feature (or a column of the stream) of the activity that is filtered or appended."""
    return Value(name)


def of_cohort(name: str) -> Value:
    """A feature (or a column of the stream) of the cohort's row."""
    return Value(name, of_cohort=True)


class Condition:
    """Something that holds of an activity or does not; `&`, `|` and `~` combine conditions."""

    def __and__(self, other: Condition) -> Condition:
        return Combination("and", (self, other))

    def __or__(self, other: Condition) -> Condition:
        return Combination("or", (self, other))

    def __invert__(self) -> Condition:
        return Negation(self)


@dataclass(frozen=True)
class Comparison(Condition):
    """A value against a constant or another value; the operator is one of OPERATORS."""

    left: Value
    operator: str
    right: Value | Constant


@dataclass(frozen=True)
class Membership(Condition):
    """A value is one of the options."""

    value: Value
    options: tuple[Constant, ...]


@dataclass(frozen=True)
class Absence(Condition):
    """A value is NULL."""

    value: Value


@dataclass(frozen=True)
class Combination(Condition):
    """Both conditions hold (and), or at least one does (or)."""

    operator: str
    parts: tuple[Condition, Condition]


@dataclass(frozen=True)
class Negation(Condition):
    """A condition is false."""

    condition: Condition


def values_in(condition: Condition | None) -> Iterator[Value]:
    """The values that a condition names, in its order."""
    if isinstance(condition, Comparison):
        yield condition.left
        if isinstance(condition.right, Value):
            yield condition.right
    elif isinstance(condition, Membership | Absence):
        yield condition.value
    elif isinstance(condition, Combination):
        for part in condition.parts:
            yield from values_in(part)
    elif isinstance(condition, Negation):
        yield from values_in(condition.condition)


def both(first: Condition | None, second: Condition | None) -> Condition | None:
    """Both conditions, or the one that there is."""
    if first is None or second is None:
        return first or second
    return first & second
