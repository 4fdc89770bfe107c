"""Relating many rows of an entity to many occurrences by one ordered pass, instead of comparing each with each.

The cohort's rows and the occurrences are put into one order of time per entity. What has passed when a row is reached
is what lies before it; read backwards, what lies after it. The cost is that of sorting, however long a stream is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from transforms.contract import INTEGER, TEXT, TIMESTAMP
from transforms.datasets.frames.aggregates import operand_of, running, type_of_operand
from transforms.datasets.frames.cohort import Cohort
from transforms.datasets.frames.expressions import ColumnOf
from transforms.datasets.frames.occurrences import Occurrences
from transforms.datasets.syntax.query import Aggregation, Relation
from transforms.functions import DataFrame, Expression, Window, col, count, lit
from transforms.types import DataType

if TYPE_CHECKING:
    from snowflake.snowpark.window import WindowSpec

_POINT, _EVENT = 0, 1


def running_values(
    cohort: Cohort, events: Occurrences, relation: Relation, wanted: Mapping[str, Aggregation], column_of: ColumnOf
) -> DataFrame:
    """Aggregations over what is before or after each row of the cohort: `<prefix>of` (the row's id) and the wanted.

    Args:
        cohort: The rows.
        events: The occurrences.
        relation: Before or after, with the row's own time or without it.
        wanted: Aggregations that can run, by the column to hold them.
        column_of: Gives the column of the occurrences that holds a value.
    """
    prefix = events.prefix
    operands = {f"{prefix}operand_{i}": operand_of(one, events, column_of) for i, one in enumerate(wanted.values())}
    types = {name: type_of_operand(one) for name, one in zip(operands, wanted.values(), strict=True)}
    taken = events.frame.select(
        events.entity, events.ts, events.id, *[operand.alias(name) for name, operand in operands.items()]
    )
    line = _one_line(cohort, taken, prefix, types)
    ts, kind = col(f"{prefix}at"), col(f"{prefix}kind")
    by_time = ts.asc() if relation in (Relation.BEFORE, Relation.ON_OR_BEFORE) else ts.desc()
    includes_own_time = relation in (Relation.ON_OR_BEFORE, Relation.ON_OR_AFTER)
    passed = _range_before(prefix, by_time, kind.desc() if includes_own_time else kind.asc())
    values = [
        running(one, operand, passed).alias(name) for (name, one), operand in zip(wanted.items(), operands, strict=True)
    ]
    return _of_points(line.select(f"{prefix}of", *values), prefix)


def positions(cohort: Cohort, events: Occurrences, *, includes_own_time: bool) -> DataFrame:
    """How many occurrences have passed at each row of the cohort, as `<prefix>passed` beside `<prefix>of`.

    Args:
        cohort: The rows.
        events: The occurrences.
        includes_own_time: Those at the very time of the row have passed, too.
    """
    prefix = events.prefix
    line = _one_line(cohort, events.frame, prefix, {})
    kind = col(f"{prefix}kind")
    passed = _range_before(prefix, col(f"{prefix}at").asc(), kind.desc() if includes_own_time else kind.asc())
    counted = count(col(f"{prefix}event")).over(passed).cast(INTEGER).alias(f"{prefix}passed")
    return _of_points(line.select(f"{prefix}of", f"{prefix}whose", counted), prefix)


def in_intervals(cohort: Cohort, events: Occurrences) -> DataFrame:
    """The occurrences with the number of the cohort's row in whose interval `[this, next)` each lies, `<prefix>row`.

    Occurrences before an entity's first row are left out.
    """
    prefix, rows = events.prefix, cohort.rows
    columns: dict[str, DataType] = {f"{prefix}number": INTEGER, f"{prefix}id": TEXT, **events.values}
    starts = rows.frame.select(
        rows.entity.alias(f"{prefix}entity"),
        rows.ts.alias(f"{prefix}ts"),
        lit(_POINT).alias(f"{prefix}kind"),
        *[lit(None).cast(data_type).alias(name) for name, data_type in columns.items()],
    )
    placed = events.frame.select(
        events.entity, events.ts, lit(_EVENT).alias(f"{prefix}kind"), *[col(name) for name in columns]
    )
    kind = col(f"{prefix}kind")
    begun = (
        Window.partition_by(f"{prefix}entity")
        .order_by(events.ts.asc(), kind.asc())
        .rows_between(Window.UNBOUNDED_PRECEDING, Window.CURRENT_ROW)
    )
    starts_so_far = (count(lit(1)).over(begun) - count(col(f"{prefix}id")).over(begun)).cast(INTEGER)
    line = placed.select(*_order(prefix, columns)).union_all(starts.select(*_order(prefix, columns)))
    told = line.select(*_order(prefix, columns), starts_so_far.alias(f"{prefix}row"))
    return told.filter((kind == lit(_EVENT)) & (col(f"{prefix}row") > lit(0)))


def _order(prefix: str, columns: Mapping[str, DataType]) -> list[str]:
    return [f"{prefix}entity", f"{prefix}ts", f"{prefix}kind", *columns]


def _one_line(cohort: Cohort, events: DataFrame, prefix: str, carried: Mapping[str, DataType]) -> DataFrame:
    """The cohort's rows (`<prefix>of` is set) and the occurrences (`<prefix>event` is set) in one frame."""
    rows = cohort.rows
    passing = events.select(
        lit(None).cast(TEXT).alias(f"{prefix}of"),
        col(f"{prefix}entity").alias(f"{prefix}whose"),
        col(f"{prefix}ts").cast(TIMESTAMP).alias(f"{prefix}at"),
        lit(_EVENT).alias(f"{prefix}kind"),
        col(f"{prefix}id").alias(f"{prefix}event"),
        *[col(name) for name in carried],
    )
    points = rows.frame.select(
        rows.id.alias(f"{prefix}of"),
        rows.entity.alias(f"{prefix}whose"),
        rows.ts.alias(f"{prefix}at"),
        lit(_POINT).alias(f"{prefix}kind"),
        lit(None).cast(TEXT).alias(f"{prefix}event"),
        *[lit(None).cast(data_type).alias(name) for name, data_type in carried.items()],
    )
    return passing.union_all(points)


def _range_before(prefix: str, by_time: Expression, by_kind: Expression) -> WindowSpec:
    return (
        Window.partition_by(f"{prefix}whose")
        .order_by(by_time, by_kind)
        .rows_between(Window.UNBOUNDED_PRECEDING, Window.CURRENT_ROW)
    )


def _of_points(line: DataFrame, prefix: str) -> DataFrame:
    return line.filter(col(f"{prefix}of").is_not_null())
