"""Functions of datasets as expressions: over a group of occurrences, or running over the occurrences so far."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from transforms.activity.datasets.condition_checking import expression_of
from transforms.activity.datasets.conditions import Condition, Value
from transforms.activity.datasets.value_types import type_of_aggregation
from transforms.activity.query import Function
from transforms.contract import INTEGER, TEXT
from transforms.functions import (
    avg,
    col,
    count,
    count_distinct,
    iff,
    listagg,
    lit,
    max,
    median,
    min,
    sum,
    when,
)

if TYPE_CHECKING:
    from snowflake.snowpark import Column as Expression
    from snowflake.snowpark.window import WindowSpec

    from transforms.activity.datasets.occurrences import Occurrences
    from transforms.activity.query import Aggregation
    from transforms.types import DataType

SEPARATOR = ", "
PICKING = (Function.FIRST_VALUE, Function.LAST_VALUE)
_WHOLE_ONLY = (Function.COUNT_DISTINCT, Function.MEDIAN, Function.LISTAGG)
_SIMPLE: dict[Function, Callable[[Expression], Expression]] = {
    Function.COUNT: count,
    Function.SUM: sum,
    Function.AVG: avg,
    Function.MIN: min,
    Function.MAX: max,
    Function.ANY: max,
    Function.ALL: min,
    Function.MEDIAN: median,
    Function.COUNT_DISTINCT: count_distinct,
}


def can_run(aggregation: Aggregation) -> bool:
    """Whether the function can be kept up to date from one occurrence to the next."""
    return aggregation.function not in (*_WHOLE_ONLY, *PICKING)


def aggregated(aggregation: Aggregation, occurrences: Occurrences) -> Expression:
    """The function over a group."""
    operand = operand_of(aggregation, occurrences)
    if aggregation.function is Function.LISTAGG:
        joined = listagg(operand, SEPARATOR).within_group(occurrences.ts, occurrences.id)
        return iff(count(operand) == lit(0), lit(None), joined)
    return _finished(aggregation, _SIMPLE[aggregation.function](operand))


def running(aggregation: Aggregation, operand: str, window: WindowSpec) -> Expression:
    """The function over a window.

    Args:
        aggregation: One that can run.
        operand: The column that holds its operand.
        window: Partition, order and frame.
    """
    return _finished(aggregation, _SIMPLE[aggregation.function](col(operand)).over(window))


def operand_of(aggregation: Aggregation, occurrences: Occurrences) -> Expression:
    """What the function takes of an occurrence; 1, 0 or NULL for a condition, the occurrence itself for count()."""

    def column_of(value: Value) -> Expression:
        return col(occurrences.named(value.name))

    of = aggregation.of
    if of is None:
        return occurrences.id
    if isinstance(of, Condition) or aggregation.function in (Function.ANY, Function.ALL):
        holds = expression_of(of, column_of) if isinstance(of, Condition) else column_of(of)
        return when(holds, lit(1)).when(~holds, lit(0))
    value = column_of(of)
    if aggregation.function is Function.LISTAGG:
        return value.cast(TEXT)
    if aggregation.function in (Function.AVG, Function.MEDIAN):
        return value.cast(type_of_operand(aggregation, occurrences))
    return value


def type_of_operand(aggregation: Aggregation, occurrences: Occurrences) -> DataType:
    """The type of what a function takes of an occurrence."""
    of = aggregation.of
    if of is None:
        return TEXT
    if isinstance(of, Condition) or aggregation.function in (Function.ANY, Function.ALL):
        return INTEGER
    is_mean = aggregation.function in (Function.AVG, Function.MEDIAN)
    own = occurrences.types[of.name]
    return type_of_aggregation(aggregation.function, own, of.name) if is_mean else own


def _finished(aggregation: Aggregation, result: Expression) -> Expression:
    if aggregation.function in (Function.ANY, Function.ALL):
        return result.cast(INTEGER) == lit(1)
    return result
