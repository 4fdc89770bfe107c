"""Conditions checked against the types of what they compare, and made expressions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import reduce
from operator import eq, ge, gt, le, lt, ne
from typing import TYPE_CHECKING

from transforms.activity.datasets.conditions import (
    OPERATORS,
    Absence,
    Combination,
    Comparison,
    Condition,
    Membership,
    Negation,
    Value,
)
from transforms.activity.datasets.errors import QueryError
from transforms.activity.datasets.value_types import BOOLEAN_KIND, OBJECT_KIND, constant_of_kind, kind_of
from transforms.functions import lit

if TYPE_CHECKING:
    from snowflake.snowpark import Column as Expression

    from transforms.activity.datasets.offers import Offer

_COMPARE: Mapping[str, Callable[[Expression, Expression], Expression]] = dict(
    zip(OPERATORS, (eq, ne, lt, le, gt, ge), strict=True)
)


def checked_condition(condition: Condition, offer: Offer, cohort: Offer) -> Condition:
    """The condition with its constants as values of what they are compared with.

    Args:
        condition: As the question has it.
        offer: What the filtered or appended activity offers.
        cohort: What the cohort's row offers.

    Raises:
        QueryError: It names an unknown value, or compares what cannot be compared.
    """

    def checked(part: Condition) -> Condition:
        return checked_condition(part, offer, cohort)

    def kind(value: Value) -> str:
        return kind_of((cohort if value.of_cohort else offer).type_of(value.name))

    if isinstance(condition, Comparison):
        return _checked_comparison(condition, kind)
    if isinstance(condition, Membership):
        of_kind = kind(condition.value)
        if not condition.options:
            raise QueryError(f"{condition.value.name} can be one of nothing", condition.value.name)
        options = [constant_of_kind(option, of_kind, condition.value.name) for option in condition.options]
        return replace(condition, options=tuple(options))
    if isinstance(condition, Combination):
        first, second = condition.parts
        return replace(condition, parts=(checked(first), checked(second)))
    if isinstance(condition, Negation):
        return replace(condition, condition=checked(condition.condition))
    if isinstance(condition, Absence):
        kind(condition.value)
    return condition


def _checked_comparison(comparison: Comparison, kind: Callable[[Value], str]) -> Comparison:
    left, operator, right = comparison.left, comparison.operator, comparison.right
    if operator not in OPERATORS:
        raise QueryError(f"{operator!r} is no comparison; known: {' '.join(OPERATORS)}", operator)
    of_kind = kind(left)
    if of_kind == OBJECT_KIND:
        raise QueryError(f"{left.name} is an object, which can only be asked whether it is null", left.name)
    if of_kind == BOOLEAN_KIND and operator not in ("=", "!="):
        raise QueryError(f"{left.name} is a boolean: compare it with = or !=", left.name)
    if not isinstance(right, Value):
        return replace(comparison, right=constant_of_kind(right, of_kind, left.name))
    if kind(right) != of_kind:
        raise QueryError(f"{left.name} is {of_kind} and {right.name} is {kind(right)}", right.name)
    return comparison


def expression_of(condition: Condition, column_of: Callable[[Value], Expression]) -> Expression:
    """The condition as an expression.

    Args:
        condition: A checked condition.
        column_of: Gives the column that holds a value.
    """
    if isinstance(condition, Comparison):
        right = condition.right
        other = column_of(right) if isinstance(right, Value) else lit(right)
        return _COMPARE[condition.operator](column_of(condition.left), other)
    if isinstance(condition, Membership):
        value = column_of(condition.value)
        return reduce(lambda left, right: left | right, [value == lit(option) for option in condition.options])
    if isinstance(condition, Absence):
        return column_of(condition.value).is_null()
    if isinstance(condition, Combination):
        first, second = (expression_of(part, column_of) for part in condition.parts)
        return first & second if condition.operator == "and" else first | second
    if isinstance(condition, Negation):
        return ~expression_of(condition.condition, column_of)
    raise TypeError(f"{type(condition).__name__} is no condition")
