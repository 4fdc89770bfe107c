"""What is appended to the rows of a cohort: for each append a frame with at most one row per row of the cohort.

The set of an append are the occurrences of its activity that pass its filter, stand in its relation to the cohort's row
and pass its extra conditions; what is picked or aggregated is picked from or aggregated over that set.

An entity with one row is compared with its occurrences directly. Where it has many, occurrences are related by one
ordered pass (running.py). Each is compared with each only where nothing else tells the answer: extra conditions, and
count_distinct, median and listagg of what is before or after.
"""

from __future__ import annotations

from builtins import max as max_of
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import reduce
from operator import and_
from typing import TYPE_CHECKING

from transforms.activity.columns import ts
from transforms.activity.datasets.aggregations import PICKING, aggregated, can_run
from transforms.activity.datasets.cohorts import Cohort, picked
from transforms.activity.datasets.condition_checking import expression_of
from transforms.activity.datasets.conditions import Value
from transforms.activity.datasets.occurrences import Occurrences, occurrences_of
from transforms.activity.datasets.offers import MICROSECONDS_IN
from transforms.activity.datasets.running import in_intervals, positions, running_values
from transforms.activity.datasets.value_types import ZERO_FOR_NONE
from transforms.activity.query import Aggregation, Function, Pick, Relation
from transforms.contract import FLOAT, INTEGER, TIMESTAMP
from transforms.formulas.periods import period_of
from transforms.functions import Window, coalesce, col, dateadd, datediff, lit, max, min, row_number

if TYPE_CHECKING:
    from snowflake.snowpark import Column as Expression
    from snowflake.snowpark import DataFrame

    from transforms.activity.datasets.outputs import PlannedOutput
    from transforms.activity.datasets.planning import PlannedAppend

_MICROSECOND = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1)


@dataclass(frozen=True)
class Part:
    """Columns to join to the cohort.

    Args:
        frame: At most one row per row of the cohort, once joined.
        on: Which row it joins.
        columns: What the joined frame says for each column of the dataset.
    """

    frame: DataFrame
    on: Expression
    columns: Mapping[str, Expression]


@dataclass(frozen=True)
class _Side:
    """An append on its way to become a part."""

    cohort: Cohort
    events: Occurrences
    planned: PlannedAppend

    @property
    def relation(self) -> Relation:
        return self.planned.append.relation

    @property
    def pick(self) -> Pick:
        return self.planned.append.selection.pick

    @property
    def is_of_entity(self) -> Expression:
        return self.events.entity == self.cohort.rows.entity

    @property
    def is_of_row(self) -> Expression:
        return col(f"{self.events.prefix}of") == self.cohort.rows.id


def parts_of(stream: DataFrame, cohort: Cohort, planned: PlannedAppend, prefix: str) -> list[Part]:
    """The columns of one append, in one part or several.

    Args:
        stream: The stream.
        cohort: The rows that they are appended to.
        planned: The append.
        prefix: Begin of the names of columns that no other part has.
    """
    selection = planned.append.selection

    def side(pick: Pick, suffix: str) -> _Side:
        events = occurrences_of(stream, selection.activity, selection.condition, planned.types, f"{prefix}{suffix}_")
        append = replace(planned.append, selection=replace(selection, pick=pick))
        return _Side(cohort, events, replace(planned, append=append))

    if selection.pick is not Pick.AGGREGATE:
        return [_picked(side(selection.pick, "p"), {o.column.name: _value(o) for o in planned.outputs})]
    parts = []
    for function, pick, suffix in ((Function.FIRST_VALUE, Pick.FIRST, "f"), (Function.LAST_VALUE, Pick.LAST, "l")):
        values = {o.column.name: _value(o) for o in planned.outputs if _function(o) is function}
        if values:
            parts.append(_picked(side(pick, suffix), values))
    others = {o.column.name: o.of for o in planned.outputs if _function(o) not in PICKING}
    if others:
        parts.append(_aggregated(side(Pick.AGGREGATE, "a"), others))  # type: ignore[arg-type]
    return parts


def _function(output: PlannedOutput) -> Function | None:
    return output.of.function if isinstance(output.of, Aggregation) else None


def _value(output: PlannedOutput) -> str:
    of = output.of.of if isinstance(output.of, Aggregation) else output.of
    if not isinstance(of, Value):
        raise TypeError(f"{output.column.name} holds no value")
    return of.name


def _picked(side: _Side, values: Mapping[str, str]) -> Part:
    """Values of one occurrence per row of the cohort, by the columns of the dataset that hold them."""
    part = _picked_values(side, {ts.name if name in MICROSECONDS_IN else name for name in values.values()})

    def told(name: str) -> Expression:
        if name not in MICROSECONDS_IN:
            return part.columns[name]
        passed = datediff("microsecond", side.cohort.rows.ts, part.columns[ts.name])
        return passed.cast(FLOAT) / lit(float(MICROSECONDS_IN[name]))

    return Part(part.frame, part.on, {alias: told(name) for alias, name in values.items()})


def _picked_values(side: _Side, names: Set[str]) -> Part:
    """The values of that name of one occurrence per row of the cohort."""
    events, selection = side.events, side.planned.append.selection
    columns = {name: col(events.named(name)) for name in names}
    if side.planned.has_conditions and side.pick is Pick.NTH:
        return Part(_nth_of_pairs(side), side.is_of_row, columns)
    number_says_all = (
        side.relation is Relation.EVER
        or (side.relation is Relation.BEFORE and side.pick is not Pick.LAST)
        or (side.relation is Relation.AFTER and side.pick is Pick.LAST)
    )
    if number_says_all and not side.planned.has_conditions:
        return Part(picked(events, selection).frame, _joined(side.is_of_entity, *_window(side)), columns)
    if side.pick is not Pick.NTH and names <= {ts.name}:
        function = Function.MIN if side.pick is Pick.FIRST else Function.MAX
        return _aggregated(side, {ts.name: Aggregation(function, Value(ts.name))})
    numbers = _numbers(side)
    same = (col(f"{events.prefix}whose") == events.entity) & (col(f"{events.prefix}picked") == events.number)
    return Part(numbers.join(events.frame, on=same, how="inner"), _joined(side.is_of_row, *_window(side)), columns)


def _numbers(side: _Side) -> DataFrame:
    """The number of the occurrence that is picked for each row of the cohort, where it may have one."""
    prefix, rows = side.events.prefix, side.cohort.rows
    nth = side.planned.append.selection.number or 1
    from_start = side.relation in (Relation.AFTER, Relation.IN_BETWEEN) and side.pick is not Pick.LAST
    is_last_before = side.relation is Relation.BEFORE
    if not side.cohort.has_one_row and not side.planned.has_conditions and (from_start or is_last_before):
        includes_own_time = not (is_last_before or side.planned.append.on_or_after)
        passed = positions(side.cohort, side.events, includes_own_time=includes_own_time)
        number = col(f"{prefix}passed") + lit(nth if from_start else 0)
        return passed.select(f"{prefix}of", f"{prefix}whose", number.alias(f"{prefix}picked"))
    of_row = _pairs(side).group_by(rows.id, rows.entity)
    number = max(side.events.number) if side.pick is Pick.LAST else min(side.events.number) + lit(nth - 1)
    found = of_row.agg(number.alias(f"{prefix}picked"))
    return found.select(rows.id.alias(f"{prefix}of"), rows.entity.alias(f"{prefix}whose"), f"{prefix}picked")


def _nth_of_pairs(side: _Side) -> DataFrame:
    """The nth occurrence where conditions leave gaps in the numbers."""
    events, prefix = side.events, side.events.prefix
    in_order = Window.partition_by(side.cohort.rows.id).order_by(events.number)
    ranked = _pairs(side).select("*", row_number().over(in_order).alias(f"{prefix}rank"))
    nth = ranked.filter(col(f"{prefix}rank") == lit(side.planned.append.selection.number))
    taken = [events.entity, events.ts, events.id, *[col(name) for name in events.values]]
    return nth.select(side.cohort.rows.id.alias(f"{prefix}of"), *taken)


def _aggregated(side: _Side, wanted: Mapping[str, Aggregation]) -> Part:
    """One value per row of the cohort and aggregation."""
    events, prefix, conditional = side.events, side.events.prefix, side.planned.has_conditions
    held = {f"{prefix}result_{i}": aggregation for i, aggregation in enumerate(wanted.values())}
    results = {
        alias: coalesce(col(name), lit(0)) if held[name].function in ZERO_FOR_NONE else col(name)
        for alias, name in zip(wanted, held, strict=True)
    }
    expressions = [aggregated(aggregation, events).alias(name) for name, aggregation in held.items()]
    if side.relation is Relation.EVER and not conditional:
        return Part(events.frame.group_by(events.entity).agg(*expressions), side.is_of_entity, results)
    if side.relation is Relation.IN_BETWEEN and side.cohort.period is not None and not conditional:
        return _per_period(side, expressions, results)
    one_sided = side.relation in (Relation.BEFORE, Relation.AFTER)
    if one_sided and not side.cohort.has_one_row and not conditional and all(map(can_run, wanted.values())):
        return Part(running_values(side.cohort, events, side.relation, held), side.is_of_row, results)
    grouped = _pairs(side).group_by(side.cohort.rows.id).agg(*expressions)
    named = grouped.select(side.cohort.rows.id.alias(f"{prefix}of"), *held)
    return Part(named, side.is_of_row, results)


def _per_period(side: _Side, expressions: Sequence[Expression], results: Mapping[str, Expression]) -> Part:
    """The occurrences of each period of a time spine, aggregated before its rows are looked at."""
    events, rows, period = side.events, side.cohort.rows, f"{side.events.prefix}period"
    begun = period_of(str(side.cohort.period), events.ts).cast(TIMESTAMP)
    kept = events.frame if side.planned.append.on_or_after else events.frame.filter(events.ts > begun)
    grouped = kept.select("*", begun.alias(period)).group_by(events.entity, col(period)).agg(*expressions)
    return Part(grouped, side.is_of_entity & (col(period) == rows.ts), results)


def _pairs(side: _Side) -> DataFrame:
    """Every row of the cohort with every occurrence of its set."""
    rows, events = side.cohort.rows, side.events
    frame, of_rows = events.frame, rows.frame
    conditions = [side.is_of_entity, *_window(side), *_conditions(side)]
    if side.planned.append.distance is not None and not side.cohort.has_one_row:
        of_rows, frame, is_near = _in_buckets(side, max_of(side.planned.append.distance // _MICROSECOND, 1))
        conditions.insert(1, is_near)
    if side.relation is Relation.IN_BETWEEN and side.cohort.period is not None:
        conditions.insert(1, period_of(str(side.cohort.period), events.ts).cast(TIMESTAMP) == rows.ts)
    elif side.relation is Relation.IN_BETWEEN and not side.cohort.has_one_row and side.planned.append.distance is None:
        frame = in_intervals(side.cohort, events)
        conditions.insert(1, col(f"{events.prefix}row") == rows.number)
    return of_rows.join(frame, on=_joined(*conditions), how="inner")


def _in_buckets(side: _Side, width: int) -> tuple[DataFrame, DataFrame, Expression]:
    """Both sides with the stretch of time that they are in, each as long as the distance, and when these meet.

    What is within the distance of a row is in the row's own stretch or in one beside it, so that the warehouse joins on
    equality and looks at neighbours only, where it would compare every row of an entity with every occurrence.

    Args:
        side: The append.
        width: Microseconds of the distance, at least one.
    """
    rows, events, prefix = side.cohort.rows, side.events, side.events.prefix
    beside = rows.frame.session.create_dataframe([[-1], [0], [1]], schema=[f"{prefix}beside"])
    near = (_bucket(rows.ts, width) + col(f"{prefix}beside")).alias(f"{prefix}near")
    of_rows = rows.frame.cross_join(beside).select(*[col(name) for name in _columns_of(rows)], near)
    of_events = events.frame.select("*", _bucket(events.ts, width).alias(f"{prefix}bucket"))
    return of_rows, of_events, col(f"{prefix}near") == col(f"{prefix}bucket")


def _columns_of(rows: Occurrences) -> list[str]:
    return [f"{rows.prefix}{name}" for name in ("entity", "ts", "id", "number", "next_ts")] + list(rows.values)


def _bucket(at: Expression, width: int) -> Expression:
    """The number of the stretch that a time is in; the division is of a multiple, so it is exact."""
    passed = datediff("microsecond", lit(_EPOCH), at)
    return ((passed - passed % lit(width)) / lit(width)).cast(INTEGER)


def _window(side: _Side) -> list[Expression]:
    """Whether an occurrence's time is in the relation to the cohort's row."""
    rows, at = side.cohort.rows, side.events.ts
    if side.relation is Relation.BEFORE:
        return [at < rows.ts]
    if side.relation is Relation.AT:
        return [at == rows.ts]
    if side.relation is Relation.AFTER:
        return [at > rows.ts]
    if side.relation is Relation.IN_BETWEEN:
        begun = at >= rows.ts if side.planned.append.on_or_after else at > rows.ts
        return [begun, rows.next_ts.is_null() | (at < rows.next_ts)]
    return []


def _conditions(side: _Side) -> list[Expression]:
    append, rows, events = side.planned.append, side.cohort.rows, side.events

    def column_of(value: Value) -> Expression:
        return col((rows if value.of_cohort else events).named(value.name))

    found = [] if append.condition is None else [expression_of(append.condition, column_of)]
    if append.distance is not None:
        distance = append.distance // _MICROSECOND
        nearest, farthest = (dateadd("microsecond", lit(sign * distance), rows.ts) for sign in (-1, 1))
        found += [events.ts >= nearest, events.ts <= farthest]
    return found


def _joined(*conditions: Expression) -> Expression:
    return reduce(and_, conditions)
