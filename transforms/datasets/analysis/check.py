"""Conditions and computed values checked against the types of what they name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from transforms.datasets.analysis.scope import Scope
from transforms.datasets.analysis.types import (
    BOOLEAN_KIND,
    NUMBER_KIND,
    OBJECT_KIND,
    TEXT_KIND,
    constant_of_kind,
    kind_of,
    type_of_arithmetic,
    type_of_constant,
    type_of_numbers,
)
from transforms.datasets.syntax.conditions import (
    COHORT,
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
    condition_of,
    parts_in,
    walk,
)
from transforms.datasets.syntax.errors import QueryError, quote, unknown
from transforms.types import DataType

# Whose values can be named: None for the event itself, COHORT, and the names of earlier appends.
Scopes = Mapping[str | None, "Scope"]
_DEEPEST = 50


def check_condition(condition: Condition, scopes: Scopes) -> Condition:
    """Check a condition: return it with its constants as values of what they are compared with.

    Args:
        condition: As the question has it.
        scopes: What can be named.

    Raises:
        QueryError: It names an unknown value, compares what cannot be compared, or is nested too deep.
    """
    refuse_depth(condition)
    return _condition(condition_of(condition), scopes)


def check_operand(operand: Operand, scopes: Scopes) -> tuple[Operand, DataType]:
    """Check a value or what is computed of values: return it, its constants of the right type, and its own type.

    Raises:
        QueryError: It names an unknown value, computes with what is no number, or is nested too deep.
    """
    refuse_depth(operand)
    return _operand(operand, scopes)


def refuse_depth(of: Condition | Operand) -> None:
    """Refuse what is nested so deep that no statement of it can be read.

    Raises:
        QueryError: It is.
    """
    level: list[Condition | Operand | Constant | None] = [of]
    for _ in range(_DEEPEST):
        level = [part for one in level for part in parts_in(one)]
        if not level:
            return
    raise QueryError(f"conditions and values are nested at most {_DEEPEST} deep", word_in(of))


def _condition(condition: Condition, scopes: Scopes) -> Condition:
    if isinstance(condition, Comparison):
        return _comparison(condition, scopes)
    if isinstance(condition, Membership):
        return _membership(condition, scopes)
    if isinstance(condition, Likeness):
        value, data_type = _operand(condition.value, scopes)
        if kind_of(data_type) != TEXT_KIND or not isinstance(condition.pattern, str):
            raise QueryError(
                f"like takes a text and a pattern; {display_operand(value)} is {kind_of(data_type)}", word_in(value)
            )
        return replace(condition, value=value, pattern=str(condition.pattern))
    if isinstance(condition, Absence):
        return replace(condition, value=_operand(condition.value, scopes)[0])
    if isinstance(condition, Combination):
        return replace(condition, parts=tuple(_condition(condition_of(part), scopes) for part in condition.parts))
    if isinstance(condition, Negation):
        return replace(condition, condition=_condition(condition_of(condition.condition), scopes))
    raise QueryError(f"{type(condition).__name__} is no condition")


def _membership(condition: Membership, scopes: Scopes) -> Membership:
    value, data_type = _operand(condition.value, scopes)
    name = display_operand(value)
    if not condition.options:
        raise QueryError(f"{name} can be one of nothing", word_in(value))
    _refuse_object(value, data_type)
    options = [constant_of_kind(option, kind_of(data_type), name, word_in(value)) for option in condition.options]
    return replace(condition, value=value, options=tuple(options))


def _comparison(comparison: Comparison, scopes: Scopes) -> Comparison:
    operator = comparison.operator
    if operator not in COMPARISONS:
        raise QueryError(f"{operator!r} is no comparison; known: {' '.join(COMPARISONS)}", operator)
    left, data_type = _operand(comparison.left, scopes)
    kind, name = kind_of(data_type), display_operand(left)
    _refuse_object(left, data_type)
    if kind == BOOLEAN_KIND and operator not in ("=", "!="):
        raise QueryError(f"{name} is a boolean: compare it with = or !=", word_in(left))
    if not isinstance(comparison.right, Operand):
        right: Operand | Constant = constant_of_kind(comparison.right, kind, name, word_in(left))
        return replace(comparison, left=left, right=right)
    right, other = _unquote(comparison.right, kind, scopes)
    if kind_of(other) != kind:
        raise QueryError(f"{name} is {kind} and {display_operand(right)} is {kind_of(other)}", word_in(right))
    return replace(comparison, left=left, right=right)


def _unquote(right: Operand, kind: str, scopes: Scopes) -> tuple[Operand, DataType]:
    """The right side of a comparison; an unknown name may be a text without its quotes."""
    is_name = isinstance(right, Value) and right.of is None and right.name not in scopes[None].types
    if is_name and isinstance(right, Value) and kind == TEXT_KIND:
        error = unknown(right.name, f"feature of {scopes[None].of}", scopes[None].types)
        raise QueryError(f"{error}; a text is written in single quotes: {quote(right.name)}", right.name)
    return _operand(right, scopes)


def _refuse_object(value: Operand, data_type: DataType) -> None:
    if kind_of(data_type) == OBJECT_KIND:
        raise QueryError(
            f"{display_operand(value)} is an object, which can only be asked whether it is null", word_in(value)
        )


def _operand(operand: Operand, scopes: Scopes) -> tuple[Operand, DataType]:
    if isinstance(operand, Value):
        return operand, _scope(operand, scopes).type_of(operand.name)
    if isinstance(operand, Arithmetic):
        (left, one), (right, other) = _number(operand.left, scopes), _number(operand.right, scopes)
        result = type_of_arithmetic(operand.operator, one, other)
        return replace(operand, left=left, right=right, type=result), result
    if isinstance(operand, Case):
        return _case(operand, scopes)
    raise QueryError(f"{type(operand).__name__} is no value")


def _scope(value: Value, scopes: Scopes) -> Scope:
    if value.of not in scopes:
        named = sorted(name for name in scopes if name)
        raise unknown(str(value.of), "name of the cohort or of an earlier append", named)
    return scopes[value.of]


def _number(given: Operand | Constant, scopes: Scopes) -> tuple[Operand | Constant, DataType]:
    value, data_type = _operand(given, scopes) if isinstance(given, Operand) else (given, type_of_constant(given))
    if kind_of(data_type) != NUMBER_KIND:
        raise QueryError(f"computing takes numbers; {display_operand(value)} is {kind_of(data_type)}", word_in(value))
    return value, data_type


def _case(case: Case, scopes: Scopes) -> tuple[Case, DataType]:
    """A case whose branches are of one kind; constants may be times in text where another branch is a time."""
    results = [*[result for _, result in case.branches], case.otherwise]
    checked = [_operand(result, scopes) for result in results if isinstance(result, Operand)]
    constants = [result for result in results if result is not None and not isinstance(result, Operand)]
    types = [data_type for _, data_type in checked] or [type_of_constant(constant) for constant in constants]
    if not types:
        raise QueryError("a case gives a value in one branch at least", word_in(case))
    kind = kind_of(types[0])
    for value, data_type in checked:
        if kind_of(data_type) != kind:
            raise QueryError(
                f"one branch is {kind} and {display_operand(value)} is {kind_of(data_type)}", word_in(value)
            )
    if kind == NUMBER_KIND:
        types += [type_of_constant(constant) for constant in constants]
    data_type = type_of_numbers(types) if kind == NUMBER_KIND else types[0]
    values, word = iter(checked), word_in(case)

    def check_result(result: Operand | Constant | None) -> Operand | Constant | None:
        if isinstance(result, Operand):
            return next(values)[0]
        return None if result is None else constant_of_kind(result, kind, "another branch", word)

    branches = tuple((_condition(condition, scopes), check_result(result)) for condition, result in case.branches)
    return replace(case, branches=branches, otherwise=check_result(case.otherwise), type=data_type), data_type


def display_operand(of: Operand | Constant | None) -> str:
    """A value as an error names it."""
    if isinstance(of, Value):
        return of.name if of.of in (None, COHORT) else f"{of.of}.{of.name}"
    if isinstance(of, Arithmetic | Case):
        return "what is computed"
    return str(of)


def word_in(of: Condition | Operand | Constant | None) -> str | None:
    """The first word of a value or a condition, to point at."""
    for part in walk(of):
        if isinstance(part, Value):
            return part.name
        if isinstance(part, str):
            return part
    return None
