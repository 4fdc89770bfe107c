"""Functions of datasets as expressions: over a group of occurrences, or running over the occurrences so far."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from transforms.contract import INTEGER, TEXT
from transforms.datasets.analysis.types import LISTS, type_of_aggregation
from transforms.datasets.frames.expressions import ColumnOf, expression_of, value_of
from transforms.datasets.frames.occurrences import Occurrences
from transforms.datasets.syntax.conditions import Condition
from transforms.datasets.syntax.query import Aggregation, Function
from transforms.functions import (
    Expression,
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
from transforms.types import DataType

if TYPE_CHECKING:
    from snowflake.snowpark.window import WindowSpec

PICKING = (Function.FIRST_VALUE, Function.LAST_VALUE)
_WHOLE_ONLY = (Function.COUNT_DISTINCT, Function.MEDIAN, *LISTS)
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


def aggregate_events(aggregation: Aggregation, events: Occurrences, column_of: ColumnOf) -> Expression:
    """Aggregate a group by the function.

    Args:
        aggregation: A checked one.
        events: The occurrences, which are listed by their time where no other order is told.
        column_of: Gives the column that holds a value.
    """
    operand = operand_of(aggregation, events, column_of)
    if aggregation.function in LISTS:
        joined = listagg(operand, aggregation.separator, aggregation.function is Function.LISTAGG_DISTINCT)
        in_order = joined.within_group(*_list_order(aggregation, events, operand, column_of))
        return iff(count(operand) == lit(0), lit(None), in_order)
    return _finish(aggregation, _SIMPLE[aggregation.function](operand))


def _list_order(
    aggregation: Aggregation, events: Occurrences, operand: Expression, column_of: ColumnOf
) -> list[Expression]:
    """What a list is ordered by; different values can only be in their own order."""
    if aggregation.function is Function.LISTAGG_DISTINCT:
        return [operand]
    by_time = [events.ts, events.id]
    if aggregation.order is None:
        return by_time
    by = value_of(aggregation.order.by, column_of)
    return [by.desc_nulls_last() if aggregation.order.is_descending else by.asc_nulls_last(), *by_time]


def running(aggregation: Aggregation, operand: str, window: WindowSpec) -> Expression:
    """The function over a window.

    Args:
        aggregation: One that can run.
        operand: The column that holds its operand.
        window: Partition, order and frame.
    """
    return _finish(aggregation, _SIMPLE[aggregation.function](col(operand)).over(window))


def operand_of(aggregation: Aggregation, events: Occurrences, column_of: ColumnOf) -> Expression:
    """What the function takes of an occurrence; 1, 0 or NULL for a condition, the occurrence itself for count()."""
    of = aggregation.of
    if of is None:
        return events.id
    if isinstance(of, Condition) or aggregation.function in (Function.ANY, Function.ALL):
        holds = expression_of(of, column_of) if isinstance(of, Condition) else value_of(of, column_of)
        return when(holds, lit(1)).when(~holds, lit(0))
    value = value_of(of, column_of)
    if aggregation.function in LISTS or aggregation.function in (Function.AVG, Function.MEDIAN):
        return value.cast(type_of_operand(aggregation))
    return value


def type_of_operand(aggregation: Aggregation) -> DataType:
    """The type of what a function takes of an occurrence."""
    of, own = aggregation.of, aggregation.operand_type
    if of is None or own is None or aggregation.function in LISTS:
        return TEXT
    if aggregation.function in (Function.ANY, Function.ALL):
        return INTEGER
    is_mean = aggregation.function in (Function.AVG, Function.MEDIAN)
    return type_of_aggregation(aggregation.function, own, "") if is_mean else own


def _finish(aggregation: Aggregation, result: Expression) -> Expression:
    if aggregation.function in (Function.ANY, Function.ALL):
        return result.cast(INTEGER) == lit(1)
    return result
