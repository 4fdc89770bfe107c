"""Types of what a question compares and aggregates: which values fit together, and what becomes of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

from transforms import types
from transforms.contract import BOOLEAN, DATE, FLOAT, INTEGER, TEXT, TIMESTAMP
from transforms.datasets.syntax.conditions import Constant
from transforms.datasets.syntax.errors import QueryError
from transforms.datasets.syntax.keywords import LONGEST_NUMBER, Function

NUMBER_KIND, TEXT_KIND, BOOLEAN_KIND = "a number", "a text", "a boolean"
TIMESTAMP_KIND, DATE_KIND, OBJECT_KIND = "a timestamp", "a date", "an object"
ORDERED_KINDS = (NUMBER_KIND, TEXT_KIND, TIMESTAMP_KIND, DATE_KIND)
_KINDS = (
    (types.NumericType, NUMBER_KIND),
    (types.StringType, TEXT_KIND),
    (types.BooleanType, BOOLEAN_KIND),
    (types.TimestampType, TIMESTAMP_KIND),
    (types.DateType, DATE_KIND),
)
_MEAN_SCALE = 6
ZERO_FOR_NONE = (Function.COUNT, Function.COUNT_DISTINCT, Function.SUM)
LISTS = (Function.LISTAGG, Function.LISTAGG_DISTINCT)
_OF_NUMBERS = (Function.SUM, Function.AVG, Function.MEDIAN)


def kind_of(data_type: types.DataType) -> str:
    """What a type is called in an error; values of one kind can be compared."""
    return next((kind for known, kind in _KINDS if isinstance(data_type, known)), OBJECT_KIND)


def constant_of_kind(constant: Constant, kind: str, name: str, word: str | None = None) -> Constant:
    """The constant as a value of that kind; times may be written as ISO 8601 text.

    Args:
        constant: As the question has it.
        kind: Of the value that it is compared with.
        name: Of that value, for the error.
        word: The word that names that value; a constant that is a text is pointed at itself.

    Raises:
        QueryError: It is of another kind.
    """
    if kind == NUMBER_KIND and kind_of(type_of_constant(constant)) == NUMBER_KIND:
        return constant
    if kind == BOOLEAN_KIND and isinstance(constant, bool):
        return constant
    if kind == TEXT_KIND and isinstance(constant, str):
        return str(constant)
    if kind in (TIMESTAMP_KIND, DATE_KIND):
        moment = _moment(constant)
        if moment is not None:
            return moment if kind == TIMESTAMP_KIND else moment.date()
    hint = "; times are written as 2024-01-31 or '2024-01-31 18:00'" if kind in (TIMESTAMP_KIND, DATE_KIND) else ""
    raise QueryError(
        f"{name} is {kind}; it cannot be compared with {constant!s}{hint}",
        constant if isinstance(constant, str) else word,
    )


def type_of_constant(constant: Constant) -> types.DataType:
    """The type of a constant.

    Raises:
        QueryError: It is a number that no column can hold, or nothing that a question knows.
    """
    if isinstance(constant, bool):
        return BOOLEAN
    if isinstance(constant, int | Decimal):
        return _type_of_exact(Decimal(constant))
    if isinstance(constant, float) and math.isfinite(constant):
        return FLOAT
    if isinstance(constant, str):
        return TEXT
    if isinstance(constant, datetime):
        return TIMESTAMP
    if isinstance(constant, date):
        return DATE
    raise QueryError(f"{constant!r} is no number, text, boolean or time")


def _type_of_exact(number: Decimal) -> types.DataType:
    _, digits, exponent = number.as_tuple()
    scale = max(-exponent, 0) if isinstance(exponent, int) else LONGEST_NUMBER + 1
    if max(number.adjusted() + 1, 1) + scale > LONGEST_NUMBER:
        raise QueryError(f"{number} is too long: numbers have at most {LONGEST_NUMBER} digits")
    return types.DecimalType(LONGEST_NUMBER, scale) if scale else INTEGER


def _moment(constant: Constant) -> datetime | None:
    """UTC without zone."""
    try:
        if isinstance(constant, str):
            constant = datetime.fromisoformat(constant)
        if isinstance(constant, datetime):
            return constant.astimezone(UTC).replace(tzinfo=None) if constant.tzinfo else constant
    except (ValueError, OverflowError):
        return None
    return datetime(constant.year, constant.month, constant.day) if isinstance(constant, date) else None


def type_of_arithmetic(operator: str, left: types.DataType, right: types.DataType) -> types.DataType:
    """Whole numbers stay whole unless they are divided; money stays exact, as far as six digits behind the point."""
    result = type_of_numbers([left, right])
    if not isinstance(result, types.DecimalType):
        return FLOAT if operator == "/" else result
    if operator == "*":
        scales = [one.scale for one in (left, right) if isinstance(one, types.DecimalType)]
        return types.DecimalType(LONGEST_NUMBER, max(result.scale, min(sum(scales), _MEAN_SCALE)))
    return types.DecimalType(LONGEST_NUMBER, max(result.scale, _MEAN_SCALE)) if operator == "/" else result


def type_of_numbers(given: Sequence[types.DataType]) -> types.DataType:
    """The type that holds numbers of each of these types."""
    if any(one == FLOAT for one in given):
        return FLOAT
    scales = [one.scale for one in given if isinstance(one, types.DecimalType)]
    return types.DecimalType(LONGEST_NUMBER, max(scales)) if scales else INTEGER


def type_of_aggregation(
    function: Function, data_type: types.DataType | None, name: str, word: str | None = None, at: str | None = None
) -> types.DataType:
    """The type of a function's result.

    Args:
        function: The aggregation.
        data_type: Of the feature; None where the function is of the occurrence itself.
        name: Of the feature, for the error.
        word: The function as the question names it, for the error.
        at: The word of the feature, for the error.

    Raises:
        QueryError: The function does not take a feature of that type.
    """
    if function is Function.COUNT:
        return INTEGER
    if data_type is None:
        raise QueryError(f"{function} needs a feature: {function}(points), say", word)
    kind = kind_of(data_type)
    wanted = _want_kinds(function)
    if wanted and kind not in wanted:
        raise QueryError(f"{function} takes {' or '.join(wanted)}; {name} is {kind}", at)
    if function is Function.COUNT_DISTINCT:
        return INTEGER
    if function in LISTS:
        return TEXT
    if function in (Function.ANY, Function.ALL):
        return BOOLEAN
    if function in _OF_NUMBERS:
        return _type_of_result(function, data_type)
    return data_type


def _want_kinds(function: Function) -> tuple[str, ...]:
    if function in _OF_NUMBERS:
        return (NUMBER_KIND,)
    if function in (Function.MIN, Function.MAX):
        return ORDERED_KINDS
    if function in (*LISTS, Function.COUNT_DISTINCT):
        return (*ORDERED_KINDS, BOOLEAN_KIND)
    return (BOOLEAN_KIND,) if function in (Function.ANY, Function.ALL) else ()


def _type_of_result(function: Function, data_type: types.DataType) -> types.DataType:
    """Sums of whole numbers are whole, of exact decimals exact; a mean of whole numbers is a float."""
    if function is Function.SUM:
        if isinstance(data_type, types.DecimalType):
            return types.DecimalType(38, data_type.scale)
        return INTEGER if isinstance(data_type, types.LongType) else FLOAT
    return types.DecimalType(38, _MEAN_SCALE) if isinstance(data_type, types.DecimalType) else FLOAT
