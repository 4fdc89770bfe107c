"""Checked conditions and computed values as expressions of Snowpark."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import add, and_, eq, ge, gt, le, lt, mul, ne, or_, sub

from transforms.contract import FLOAT
from transforms.datasets.syntax.conditions import (
    COMPARISONS,
    Absence,
    Arithmetic,
    Case,
    Combination,
    Comparison,
    Condition,
    Constant,
    Likeness,
    Membership,
    Negation,
    Operand,
    Value,
)
from transforms.functions import Expression, iff, lit, when

ColumnOf = Callable[[Value], "Expression"]
_COMPARE: Mapping[str, Callable[[Expression, Expression], Expression]] = dict(
    zip(COMPARISONS, (eq, ne, lt, le, gt, ge), strict=True)
)
_COMPUTE: Mapping[str, Callable[[Expression, Expression], Expression]] = {"+": add, "-": sub, "*": mul}


def expression_of(condition: Condition, column_of: ColumnOf) -> Expression:
    """The condition as an expression.

    Args:
        condition: A checked condition.
        column_of: Gives the column that holds a value.
    """
    if isinstance(condition, Comparison):
        left, right = (value_of(side, column_of) for side in (condition.left, condition.right))
        return _COMPARE[condition.operator](left, right)
    if isinstance(condition, Membership):
        return value_of(condition.value, column_of).in_(*[lit(option) for option in condition.options])
    if isinstance(condition, Likeness):
        return value_of(condition.value, column_of).like(lit(condition.pattern))
    if isinstance(condition, Absence):
        return value_of(condition.value, column_of).is_null()
    if isinstance(condition, Combination):
        parts = [expression_of(part, column_of) for part in condition.parts]
        return _balance(and_ if condition.operator == "and" else or_, parts)
    if isinstance(condition, Negation):
        return ~expression_of(condition.condition, column_of)
    raise TypeError(f"{type(condition).__name__} is no condition")


def value_of(operand: Operand | Constant | None, column_of: ColumnOf) -> Expression:
    """A checked value, what is computed of values, or a constant as an expression."""
    if isinstance(operand, Value):
        return column_of(operand)
    if isinstance(operand, Arithmetic):
        return _compute(operand, column_of)
    if isinstance(operand, Case):
        return _choose(operand, column_of)
    return lit(operand)


def _balance(combine: Callable[[Expression, Expression], Expression], parts: Sequence[Expression]) -> Expression:
    """All parts combined, as deep as their logarithm: what is as deep as their number ends at a recursion limit."""
    if len(parts) == 1:
        return parts[0]
    half = len(parts) // 2
    return combine(_balance(combine, parts[:half]), _balance(combine, parts[half:]))


def _compute(operand: Arithmetic, column_of: ColumnOf) -> Expression:
    left, right = (value_of(side, column_of) for side in (operand.left, operand.right))
    if operand.operator == "/":
        # Whole numbers would be divided with so many digits as the warehouse likes.
        exact = left.cast(FLOAT) if operand.type == FLOAT else left
        result = exact / iff(right == lit(0), lit(None), right)
    else:
        result = _COMPUTE[operand.operator](left, right)
    return result.cast(operand.type)  # type: ignore[arg-type]


def _choose(case: Case, column_of: ColumnOf) -> Expression:
    (condition, result), *others = case.branches
    found = when(expression_of(condition, column_of), value_of(result, column_of))
    for condition, result in others:
        found = found.when(expression_of(condition, column_of), value_of(result, column_of))
    return found.otherwise(value_of(case.otherwise, column_of)).cast(case.type)  # type: ignore[arg-type]
