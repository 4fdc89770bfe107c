"""Conditions and computed values as data: what a question filters by and takes, before they are expressions.

A condition holds where it is true; one that compares a NULL is neither true nor false, as in SQL. Comparison operators
of a value make conditions; `&`, `|` and `~` combine them. Neither can be used as a boolean of Python.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import NoReturn

from transforms.datasets.syntax.errors import QueryError
from transforms.types import DataType

Constant = str | int | float | Decimal | bool | date | datetime
COMPARISONS = ("=", "!=", "<", "<=", ">", ">=")
ARITHMETIC = ("+", "-", "*", "/")
COHORT = "cohort"


class _NoBoolean:
    """What says nothing before the warehouse is asked."""

    def __bool__(self) -> NoReturn:
        raise QueryError(
            "a condition is data and neither true nor false here: combine conditions with &, | and ~ (not with and, or "
            "and not), and compare with two values by between()"
        )


def _make_comparison(operator: str) -> Callable[[Operand, Operand | Constant], Condition]:
    return lambda own, other: Comparison(own, operator, other)


def _make_arithmetic(operator: str) -> Callable[[Operand, Operand | Constant], Operand]:
    return lambda own, other: Arithmetic(own, operator, other)


def _make_arithmetic_on_the_right(operator: str) -> Callable[[Operand, Constant], Operand]:
    return lambda own, other: Arithmetic(other, operator, own)


class Operand(_NoBoolean):
    """What can be compared, computed with and taken: a value, a sum, a case."""

    __hash__ = object.__hash__
    __eq__ = _make_comparison("=")  # type: ignore[assignment]
    __ne__ = _make_comparison("!=")  # type: ignore[assignment]
    __lt__, __le__ = _make_comparison("<"), _make_comparison("<=")
    __gt__, __ge__ = _make_comparison(">"), _make_comparison(">=")
    __add__, __radd__ = _make_arithmetic("+"), _make_arithmetic_on_the_right("+")
    __sub__, __rsub__ = _make_arithmetic("-"), _make_arithmetic_on_the_right("-")
    __mul__, __rmul__ = _make_arithmetic("*"), _make_arithmetic_on_the_right("*")
    __truediv__, __rtruediv__ = _make_arithmetic("/"), _make_arithmetic_on_the_right("/")

    def __neg__(self) -> Operand:
        return Arithmetic(0, "-", self)

    def equals(self, other: Operand | Constant) -> Condition:
        """It equals the other, as `==` says."""
        return self == other

    def differs(self, other: Operand | Constant) -> Condition:
        """It does not equal the other, as `!=` says."""
        return self != other

    def is_in(self, *options: Constant) -> Condition:
        """It is one of the options."""
        return Membership(self, options)

    def between(self, low: Operand | Constant, high: Operand | Constant) -> Condition:
        """It is not below the one and not above the other."""
        return (self >= low) & (self <= high)

    def like(self, pattern: str) -> Condition:
        """It is a text of that pattern: `%` stands for any characters, `_` for one."""
        return Likeness(self, pattern)

    def is_null(self) -> Condition:
        """It is NULL."""
        return Absence(self)


@dataclass(frozen=True, eq=False)
class Value(Operand):
    """A feature of an activity, or a column of the stream such as `ts`.

    Args:
        name: Its name.
        of: Whose: COHORT for the cohort's row, the name of an earlier append, None for the event itself.
    """

    name: str
    of: str | None = None


@dataclass(frozen=True, eq=False)
class Arithmetic(Operand):
    """Two numbers computed; the operator is one of ARITHMETIC. A division by 0 gives NULL.

    Args:
        left: A number.
        operator: One of ARITHMETIC.
        right: A number.
        type: Of the result, once it is checked.
    """

    left: Operand | Constant
    operator: str
    right: Operand | Constant
    type: DataType | None = None


@dataclass(frozen=True, eq=False)
class Case(Operand):
    """The value of the first branch whose condition is true.

    Args:
        branches: Conditions with what is given where they hold; None gives NULL.
        otherwise: What is given where none holds.
        type: Of the result, once it is checked.
    """

    branches: tuple[tuple[Condition, Operand | Constant | None], ...]
    otherwise: Operand | Constant | None = None
    type: DataType | None = None


def feature(name: str) -> Value:
    """A feature (or a column of the stream) of the activity that is filtered or appended."""
    return Value(name)


def of_cohort(name: str) -> Value:
    """A feature (or a column of the stream) of the cohort's row."""
    return Value(name, COHORT)


def of_append(append: str, name: str) -> Value:
    """A feature (or a column of the stream) of the event that an earlier append of that name picked."""
    return Value(name, append)


def case(
    *branches: tuple[Condition | Operand, Operand | Constant | None], otherwise: Operand | Constant | None = None
) -> Case:
    """The value of the first branch whose condition is true: `case((feature("points") > 9, 1), otherwise=0)`."""
    return Case(tuple((condition_of(condition), result) for condition, result in branches), otherwise)


class Condition(_NoBoolean):
    """Something that holds of an activity or does not; `&`, `|` and `~` combine conditions."""

    def __and__(self, other: Condition) -> Condition:
        return combine("and", [self, other])

    def __or__(self, other: Condition) -> Condition:
        return combine("or", [self, other])

    def __invert__(self) -> Condition:
        return Negation(self)


@dataclass(frozen=True, eq=False)
class Comparison(Condition):
    """A value against a constant or another value; the operator is one of COMPARISONS."""

    left: Operand
    operator: str
    right: Operand | Constant


@dataclass(frozen=True, eq=False)
class Membership(Condition):
    """A value is one of the options."""

    value: Operand
    options: tuple[Constant, ...]


@dataclass(frozen=True, eq=False)
class Likeness(Condition):
    """A text is of a pattern."""

    value: Operand
    pattern: str


@dataclass(frozen=True, eq=False)
class Absence(Condition):
    """A value is NULL."""

    value: Operand


@dataclass(frozen=True, eq=False)
class Combination(Condition):
    """All conditions hold (and), or at least one does (or)."""

    operator: str
    parts: tuple[Condition, ...]


@dataclass(frozen=True, eq=False)
class Negation(Condition):
    """A condition is false."""

    condition: Condition


def combine(operator: str, conditions: list[Condition]) -> Condition:
    """Combine conditions: all of them (and) or at least one (or); what is combined alike already becomes part of it."""
    parts: list[Condition] = []
    for one in map(condition_of, conditions):
        parts += one.parts if isinstance(one, Combination) and one.operator == operator else [one]
    return parts[0] if len(parts) == 1 else Combination(operator, tuple(parts))


def condition_of(given: object) -> Condition:
    """The condition that was given; a value alone is that it is true.

    Raises:
        QueryError: It is none, such as what Python made of a comparison of two texts.
    """
    if isinstance(given, Operand):
        return Comparison(given, "=", right=True)
    if not isinstance(given, Condition):
        raise QueryError(f"{given!r} is no condition; expected one such as feature('points') >= 5")
    return given


def parts_in(of: Condition | Operand | Constant | None) -> Iterator[Condition | Operand | Constant | None]:
    """What a condition or a computed value is directly made of."""
    if isinstance(of, Comparison | Arithmetic):
        yield from (of.left, of.right)
    elif isinstance(of, Membership | Absence | Likeness):
        yield of.value
    elif isinstance(of, Combination):
        yield from of.parts
    elif isinstance(of, Negation):
        yield of.condition
    elif isinstance(of, Case):
        for branch in of.branches:
            yield from branch
        yield of.otherwise


def walk(of: Condition | Operand | Constant | None) -> Iterator[Condition | Operand | Constant | None]:
    """A condition or a computed value and all that it is made of, in its order, however deep."""
    waiting = [of]
    while waiting:
        part = waiting.pop()
        yield part
        waiting += reversed(list(parts_in(part)))


def values_in(of: Condition | Operand | Constant | None) -> Iterator[Value]:
    """The values that a condition or a computed value names, in its order."""
    return (part for part in walk(of) if isinstance(part, Value))


def both(first: Condition | None, second: Condition | None) -> Condition | None:
    """Both conditions, or the one that there is."""
    if first is None or second is None:
        return second if first is None else first
    return first & second
