"""What is appended to the rows of a cohort: for each append a frame with at most one row per row of the cohort.

The set of an append are the occurrences of its activity that pass its filter, stand in its relation to the cohort's row
(or to what an earlier append picked) and pass its extra conditions; what is picked or aggregated is of that set.

An entity with one row is compared with its occurrences directly. Where it has many, occurrences are related by one
ordered pass (windows.py). Each is compared with each only where nothing else tells the answer: extra conditions, values
of the row in a function, and count_distinct, median and lists of what is before or after.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace

from transforms.activity.columns import ts
from transforms.contract import TIMESTAMP
from transforms.datasets.analysis.plan import PlannedAppend
from transforms.datasets.analysis.projection import looks_at_row, values_of
from transforms.datasets.analysis.scope import MICROSECONDS_IN
from transforms.datasets.analysis.types import ZERO_FOR_NONE
from transforms.datasets.frames.aggregates import PICKING, aggregate_events, can_run
from transforms.datasets.frames.cohort import Cohort, pick_events
from transforms.datasets.frames.expressions import ColumnOf, value_of
from transforms.datasets.frames.occurrences import occurrences_of
from transforms.datasets.frames.pairs import Part, Side, join_conditions, pairs, time_between
from transforms.datasets.frames.windows import positions, running_values
from transforms.datasets.syntax.conditions import Operand, Value, values_in
from transforms.datasets.syntax.query import Aggregation, Function, Pick, Relation
from transforms.formulas.periods import period_of
from transforms.functions import DataFrame, Expression, Window, coalesce, col, lit, max, min, row_number, when

_BACKWARD = (Relation.BEFORE, Relation.ON_OR_BEFORE)
_FORWARD = (Relation.AFTER, Relation.ON_OR_AFTER)


def parts_of(
    stream: DataFrame, cohort: Cohort, planned: PlannedAppend, prefix: str, in_dataset: ColumnOf
) -> list[Part]:
    """The columns of one append, in one part or several.

    Args:
        stream: The stream.
        cohort: The rows that they are related to.
        planned: The append.
        prefix: Begin of the names of columns that no other part has.
        in_dataset: Gives the dataset's column of a value of the cohort's row or of an earlier append.
    """
    selection = planned.append.selection

    def side(pick: Pick, suffix: str) -> Side:
        events = occurrences_of(stream, selection.activities, selection.condition, planned.types, f"{prefix}{suffix}_")
        append = replace(planned.append, selection=replace(selection, pick=pick))
        return Side(cohort, events, replace(planned, append=append))

    if selection.pick is not Pick.AGGREGATE:
        values = {output.column.name: output.of for output in planned.projection if isinstance(output.of, Operand)}
        return [_pick(side(selection.pick, "p"), values, in_dataset)]
    wanted = {output.column.name: output.of for output in planned.projection if isinstance(output.of, Aggregation)}
    parts = []
    for function, pick, suffix in ((Function.FIRST_VALUE, Pick.FIRST, "f"), (Function.LAST_VALUE, Pick.LAST, "l")):
        values = {
            name: one.of for name, one in wanted.items() if one.function is function and isinstance(one.of, Operand)
        }
        if values:
            parts.append(_pick(side(pick, suffix), values, in_dataset))
    others = {name: one for name, one in wanted.items() if one.function not in PICKING}
    if others:
        parts.append(_aggregate(side(Pick.AGGREGATE, "a"), others))
    return parts


def _pick(side: Side, wanted: Mapping[str, Operand], in_dataset: ColumnOf) -> Part:
    """What one occurrence per row of the cohort gives, by the columns of the dataset that hold it."""
    names = {value.name for operand in wanted.values() for value in values_in(operand) if value.of is None}
    is_computed = any(not isinstance(operand, Value) for operand in wanted.values())
    needed = {ts.name if name in MICROSECONDS_IN else str(name) for name in names} | set(side.planned.named)
    part = _pick_values(side, needed | {ts.name} if is_computed else needed)

    def column_of(value: Value) -> Expression:
        if value.of is not None:
            return in_dataset(value)
        if value.name in MICROSECONDS_IN:
            return time_between(value.name, side.cohort.at_in_dataset, part.columns[ts.name])
        return part.columns[value.name]

    def result_of(operand: Operand) -> Expression:
        given = value_of(operand, column_of)
        return given if isinstance(operand, Value) else when(part.columns[ts.name].is_not_null(), given)

    named = {name: part.columns[name] for name in side.planned.named}
    return replace(part, columns={alias: result_of(operand) for alias, operand in wanted.items()}, named=named)


def _pick_values(side: Side, names: Set[str]) -> Part:
    """The values of that name of one occurrence per row of the cohort."""
    events, selection = side.events, side.planned.append.selection
    columns = {name: col(events.name_column(name)) for name in names}
    has_conditions = side.planned.has_conditions
    if has_conditions and side.pick is Pick.NTH:
        return Part(_nth_of_pairs(side), side.is_of_row, columns)
    number_says_all = (
        side.relation is Relation.EVER
        or (side.relation in _BACKWARD and side.pick is not Pick.LAST)
        or (side.relation in _FORWARD and side.pick is Pick.LAST)
    )
    if number_says_all and not has_conditions:
        is_in_relation = join_conditions(side.is_of_entity, *side.window_of_dataset)
        return Part(pick_events(events, selection).frame, is_in_relation, columns, needs=side.planned.append.anchor)
    if side.pick is not Pick.NTH and names <= {ts.name}:
        function = Function.MIN if side.pick is Pick.FIRST else Function.MAX
        return _aggregate(side, {ts.name: Aggregation(function, Value(ts.name), operand_type=ts.type)})
    same = (col(f"{events.prefix}whose") == events.entity) & (col(f"{events.prefix}picked") == events.number)
    return Part(_numbers(side).join(events.frame, on=same, how="inner"), _is_of_row_in_time(side), columns)


def _is_of_row_in_time(side: Side) -> Expression:
    """Whether what was found is of the dataset's row: where a number was counted on, it may lie behind the next row."""
    is_counted_on = side.relation is Relation.IN_BETWEEN
    return join_conditions(side.is_of_row, *(side.window_of_dataset if is_counted_on else []))


def _numbers(side: Side) -> DataFrame:
    """The number of the occurrence that is picked for each row of the cohort, where it may have one."""
    prefix, rows = side.events.prefix, side.cohort.rows
    nth = side.planned.append.selection.number or 1
    from_start = side.relation in (*_FORWARD, Relation.IN_BETWEEN) and side.pick is not Pick.LAST
    is_last_before = side.relation in _BACKWARD
    if not side.cohort.has_one_row and not side.planned.has_conditions and (from_start or is_last_before):
        passed = positions(side.cohort, side.events, includes_own_time=_has_passed_own_time(side))
        number = col(f"{prefix}passed") + lit(nth if from_start else 0)
        return passed.select(f"{prefix}of", f"{prefix}whose", number.alias(f"{prefix}picked"))
    of_row = pairs(side).group_by(rows.id, rows.entity)
    least = min(side.events.number)
    number = max(side.events.number) if side.pick is Pick.LAST else least + lit(nth - 1)
    found = of_row.agg(number.alias(f"{prefix}picked"), max(side.events.number).alias(f"{prefix}greatest"))
    within = found.filter(col(f"{prefix}picked") <= col(f"{prefix}greatest"))
    return within.select(rows.id.alias(f"{prefix}of"), rows.entity.alias(f"{prefix}whose"), f"{prefix}picked")


def _has_passed_own_time(side: Side) -> bool:
    """Whether occurrences at the very time of a row are behind it where the number of the picked one is counted."""
    if side.relation is Relation.IN_BETWEEN:
        return not side.planned.append.on_or_after
    return side.relation in (Relation.AFTER, Relation.ON_OR_BEFORE)


def _nth_of_pairs(side: Side) -> DataFrame:
    """The nth occurrence where conditions leave gaps in the numbers."""
    events, prefix = side.events, side.events.prefix
    in_order = Window.partition_by(side.cohort.rows.id).order_by(events.number)
    ranked = pairs(side).select("*", row_number().over(in_order).alias(f"{prefix}rank"))
    nth = ranked.filter(col(f"{prefix}rank") == lit(side.planned.append.selection.number))
    taken = [events.entity, events.ts, events.id, *[col(name) for name in events.values]]
    return nth.select(side.cohort.rows.id.alias(f"{prefix}of"), *taken)


def _aggregate(side: Side, wanted: Mapping[str, Aggregation]) -> Part:
    """One value per row of the cohort and aggregation."""
    events, prefix = side.events, side.events.prefix
    of_pairs = side.planned.has_conditions or any(map(_looks_at_row, wanted.values()))
    held = {f"{prefix}result_{i}": aggregation for i, aggregation in enumerate(wanted.values())}
    results = {
        alias: coalesce(col(name), lit(0)) if held[name].function in ZERO_FOR_NONE else col(name)
        for alias, name in zip(wanted, held, strict=True)
    }
    expressions = [aggregate_events(one, events, side.column_of).alias(name) for name, one in held.items()]
    if side.relation is Relation.EVER and not of_pairs:
        return Part(events.frame.group_by(events.entity).agg(*expressions), side.is_of_entity, results)
    if side.relation is Relation.IN_BETWEEN and side.cohort.period is not None and not of_pairs:
        return _per_period(side, expressions, results)
    is_one_sided = side.relation in (*_BACKWARD, *_FORWARD)
    if is_one_sided and not side.cohort.has_one_row and not of_pairs and all(map(can_run, wanted.values())):
        found = running_values(side.cohort, events, side.relation, held, side.column_of)
        return Part(found, side.is_of_row, results)
    grouped = pairs(side).group_by(side.cohort.rows.id).agg(*expressions)
    named = grouped.select(side.cohort.rows.id.alias(f"{prefix}of"), *held)
    return Part(named, side.is_of_row, results)


def _looks_at_row(aggregation: Aggregation) -> bool:
    return any(map(looks_at_row, values_of(aggregation)))


def _per_period(side: Side, expressions: Sequence[Expression], results: Mapping[str, Expression]) -> Part:
    """The occurrences of each period of a time spine, aggregated before its rows are looked at."""
    events, rows, period = side.events, side.cohort.in_dataset, f"{side.events.prefix}period"
    begun = period_of(str(side.cohort.period), events.ts).cast(TIMESTAMP)
    kept = events.frame if side.planned.append.on_or_after else events.frame.filter(events.ts > begun)
    grouped = kept.select("*", begun.alias(period)).group_by(events.entity, col(period)).agg(*expressions)
    return Part(grouped, side.is_of_entity & (col(period) == rows.ts), results)
