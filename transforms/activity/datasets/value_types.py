"""Types of what a question compares and aggregates: which values fit together, and what becomes of them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from transforms.activity.datasets.errors import QueryError
from transforms.activity.query import Function
from transforms.contract import BOOLEAN, FLOAT, INTEGER, TEXT
from transforms.types import (
    BooleanType,
    DataType,
    DateType,
    DecimalType,
    LongType,
    NumericType,
    StringType,
    TimestampType,
)

if TYPE_CHECKING:
    from transforms.activity.datasets.conditions import Constant

NUMBER_KIND, TEXT_KIND, BOOLEAN_KIND, TIMESTAMP_KIND, DATE_KIND, OBJECT_KIND = (
    "a number",
    "a text",
    "a boolean",
    "a timestamp",
    "a date",
    "an object",
)
ORDERED_KINDS = (NUMBER_KIND, TEXT_KIND, TIMESTAMP_KIND, DATE_KIND)
_KINDS = (
    (NumericType, NUMBER_KIND),
    (StringType, TEXT_KIND),
    (BooleanType, BOOLEAN_KIND),
    (TimestampType, TIMESTAMP_KIND),
    (DateType, DATE_KIND),
)
_MEAN_SCALE = 6
ZERO_FOR_NONE = (Function.COUNT, Function.COUNT_DISTINCT, Function.SUM)
_OF_NUMBERS = (Function.SUM, Function.AVG, Function.MEDIAN)


def kind_of(data_type: DataType) -> str:
    """What a type is called in an error; values of one kind can be compared."""
    return next((kind for known, kind in _KINDS if isinstance(data_type, known)), OBJECT_KIND)


def constant_of_kind(constant: Constant, kind: str, name: str) -> Constant:
    """The constant as a value of that kind; times may be written as ISO 8601 text.

    Args:
        constant: As the question has it.
        kind: Of the value that it is compared with.
        name: Of that value, for the error.

    Raises:
        QueryError: It is of another kind.
    """
    is_number = isinstance(constant, int | float | Decimal) and not isinstance(constant, bool)
    if kind == NUMBER_KIND and is_number:
        return constant
    if kind == BOOLEAN_KIND and isinstance(constant, bool):
        return constant
    if kind == TEXT_KIND and isinstance(constant, str):
        return str(constant)
    if kind in (TIMESTAMP_KIND, DATE_KIND):
        moment = _moment(constant)
        if moment is not None:
            return moment if kind == TIMESTAMP_KIND else moment.date()
    raise QueryError(
        f"{name} is {kind}; it cannot be compared with {constant!s}", constant if isinstance(constant, str) else name
    )


def _moment(constant: Constant) -> datetime | None:
    """UTC without zone."""
    if isinstance(constant, str):
        try:
            constant = datetime.fromisoformat(constant)
        except ValueError:
            return None
    if isinstance(constant, datetime):
        return constant.astimezone(UTC).replace(tzinfo=None) if constant.tzinfo else constant
    return datetime(constant.year, constant.month, constant.day) if isinstance(constant, date) else None


def type_of_aggregation(function: Function, data_type: DataType | None, name: str, word: str | None = None) -> DataType:
    """The type of a function's result.

    Args:
        function: The aggregation.
        data_type: Of the feature; None where the function is of the occurrence itself.
        name: Of the feature, for the error.
        word: The function as the question names it, for the error.

    Raises:
        QueryError: The function does not take a feature of that type.
    """
    if function is Function.COUNT:
        return INTEGER
    if data_type is None:
        raise QueryError(f"{function} needs a feature: {function}(points), say", word)
    kind = kind_of(data_type)
    wanted = _wanted_kinds(function)
    if wanted and kind not in wanted:
        raise QueryError(f"{function} takes {' or '.join(wanted)}; {name} is {kind}", name)
    if function is Function.COUNT_DISTINCT:
        return INTEGER
    if function is Function.LISTAGG:
        return TEXT
    if function in (Function.ANY, Function.ALL):
        return BOOLEAN
    if function in _OF_NUMBERS:
        return _type_of_numbers(function, data_type)
    return data_type


def _wanted_kinds(function: Function) -> tuple[str, ...]:
    if function in _OF_NUMBERS:
        return (NUMBER_KIND,)
    if function in (Function.MIN, Function.MAX):
        return ORDERED_KINDS
    return (BOOLEAN_KIND,) if function in (Function.ANY, Function.ALL) else ()


def _type_of_numbers(function: Function, data_type: DataType) -> DataType:
    """Sums of whole numbers are whole, of exact decimals exact; a mean of whole numbers is a float."""
    if function is Function.SUM:
        if isinstance(data_type, DecimalType):
            return DecimalType(38, data_type.scale)
        return INTEGER if isinstance(data_type, LongType) else FLOAT
    return DecimalType(38, _MEAN_SCALE) if isinstance(data_type, DecimalType) else FLOAT
