"""What a question means: its names checked against the known activities, every column typed and named.

Nothing here touches the warehouse. Every mistake that can be seen without the data is told here, at its word.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from snowflake.snowpark.types import DataType

from transforms.activity.columns import STREAM, activity_id, ts
from transforms.activity.condition_checking import checked_condition
from transforms.activity.conditions import Condition, Value, values_in
from transforms.activity.query import Aggregation, Append, Output, Pick, Query, Relation, Selection, Spine, count
from transforms.activity.query_errors import QueryError, unknown
from transforms.activity.value_types import type_of_aggregation
from transforms.contract import INTEGER, TEXT, Column, ContractError, checked_identifier

if TYPE_CHECKING:
    from transforms.activity.activities import Activity

ENTITY = Column("entity", TEXT, "whose row it is: customer, or anonymous_customer_id where that is NULL", nullable=False)
OCCURRENCE = Column("occurrence", INTEGER, "number of the row per entity, from 1", nullable=False, minimum=1)
COHORT_COLUMNS = (activity_id, ENTITY, ts, OCCURRENCE)
_STREAM_TYPES = {column.name: column.type for column in STREAM if column.name not in ("feature_json", "activity")}
Types = Mapping[str, DataType]


@dataclass(frozen=True)
class PlannedOutput:
    """A column of the dataset and what it holds."""

    of: Value | Aggregation
    column: Column


@dataclass(frozen=True)
class PlannedAppend:
    """An append whose names are known.

    Args:
        append: The append, its conditions with constants of the right type.
        types: The values of the appended activity that it uses.
        outputs: Its columns.
    """

    append: Append
    types: Types
    outputs: tuple[PlannedOutput, ...]

    @property
    def has_conditions(self) -> bool:
        """Whether an occurrence is taken depends on more than its place in time."""
        return self.append.condition is not None or self.append.distance is not None


@dataclass(frozen=True)
class Plan:
    """A question whose names are known.

    Args:
        stream: Name of the stream that it is asked of.
        cohort: The cohort, its condition with constants of the right type.
        types: The values of the cohort's activity that are taken, filtered by or compared with.
        outputs: The columns that are taken from the cohort's activity.
        appends: What is appended, in order.
    """

    stream: str
    cohort: Selection | Spine
    types: Types
    outputs: tuple[PlannedOutput, ...]
    appends: tuple[PlannedAppend, ...]

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns of the dataset, in order."""
        appended = [output.column for append in self.appends for output in append.outputs]
        return (*COHORT_COLUMNS, *[output.column for output in self.outputs], *appended)


def plan_of(query: Query, activities: Mapping[str, Activity]) -> Plan:
    """Check a question against the known activities.

    Raises:
        QueryError: It names what is not known, compares what cannot be compared, or names two columns alike.
    """
    activity = _known(query.cohort.activity, activities)
    known_types = _types_of(activity)
    offered = {ts.name: ts.type} if isinstance(query.cohort, Spine) else known_types
    cohort = replace(query.cohort, condition=_checked_filter(query.cohort.condition, known_types))
    outputs = () if isinstance(cohort, Spine) else _cohort_outputs(cohort, offered)
    appends = tuple(_planned(append, offered, activity, activities) for append in query.appends)
    used = [output.of.name for output in outputs if isinstance(output.of, Value)]
    used += [value.name for value in values_in(cohort.condition)]
    used += [value.name for a in appends for value in values_in(a.append.condition) if value.of_cohort]
    plan = Plan(activity.stream, cohort, {name: known_types[name] for name in used}, outputs, appends)
    _check_names([column.name for column in plan.columns])
    return plan


def _known(name: str, activities: Mapping[str, Activity]) -> Activity:
    if name not in activities:
        raise unknown(name, "activity", activities)
    return activities[name]


def _types_of(activity: Activity) -> dict[str, DataType]:
    """What an activity offers: the columns of the stream and its features."""
    return {**{feature.name: feature.type for feature in activity.features}, **_STREAM_TYPES}


def _checked_filter(condition: Condition | None, types: Types) -> Condition | None:
    for value in values_in(condition):
        if value.of_cohort:
            raise QueryError("a filter cannot look at the cohort's row; say that with `on`", value.name)
    return None if condition is None else checked_condition(condition, types, {})


def _cohort_outputs(cohort: Selection, types: Types) -> tuple[PlannedOutput, ...]:
    if cohort.pick is Pick.AGGREGATE:
        raise QueryError("a cohort has a row per occurrence: first, last, nth or all of an activity", cohort.pick)
    return tuple(_value_output(output, types, output.alias or _name_of(output), "") for output in cohort.outputs)


def _planned(
    append: Append, offered: Types, cohort_activity: Activity, activities: Mapping[str, Activity]
) -> PlannedAppend:
    selection = append.selection
    activity = _known(selection.activity, activities)
    if activity.stream != cohort_activity.stream:
        raise QueryError(
            f"{selection.activity} is of {activity.stream} and the cohort's {cohort_activity.name} of "
            f"{cohort_activity.stream}; a dataset is of one stream",
            selection.activity,
        )
    if selection.pick is Pick.ALL:
        raise QueryError("one value is appended to a row: say first, last, nth or aggregate", selection.pick)
    if append.distance is not None and append.distance.total_seconds() < 0:
        raise QueryError(f"within takes a positive length of time; found {append.distance}")
    types = _types_of(activity)
    condition = append.condition and checked_condition(append.condition, types, offered)
    checked = replace(selection, condition=_checked_filter(selection.condition, types))
    outputs = _outputs(append, types)
    used = [value.name for value in (*values_in(checked.condition), *values_in(condition)) if not value.of_cohort]
    used += [value.name for output in outputs for value in _values_of(output.of)]
    return PlannedAppend(
        replace(append, selection=checked, condition=condition), {name: types[name] for name in used}, outputs
    )


def _outputs(append: Append, types: Types) -> tuple[PlannedOutput, ...]:
    selection = append.selection
    is_aggregate = selection.pick is Pick.AGGREGATE
    outputs = selection.outputs or (Output(count() if is_aggregate else Value(ts.name)),)
    planned = []
    for output in outputs:
        alias = output.alias or _default_name(append, output)
        if is_aggregate and isinstance(output.of, Aggregation):
            planned.append(_aggregated_output(append, output.of, types, alias))
        elif is_aggregate:
            raise QueryError(
                f"aggregate takes functions; did you mean first_value({_name_of(output)})?", _name_of(output)
            )
        else:
            planned.append(_value_output(output, types, alias, _described(append)))
    return tuple(planned)


def _value_output(output: Output, types: Types, alias: str, of: str) -> PlannedOutput:
    if isinstance(output.of, Aggregation):
        raise QueryError(f"{output.of.function} needs many occurrences: say aggregate", output.of.function)
    if output.of.of_cohort:
        raise QueryError("values of the cohort's row are taken in the cohort", output.of.name)
    if output.of.name not in types:
        raise unknown(output.of.name, "feature of it", types)
    described = f"{output.of.name}{of}"
    return PlannedOutput(output.of, Column(_checked(alias), types[output.of.name], described))


def _aggregated_output(append: Append, aggregation: Aggregation, types: Types, alias: str) -> PlannedOutput:
    of = aggregation.of
    if isinstance(of, Condition):
        if aggregation.function not in ("any", "all"):
            raise QueryError(f"{aggregation.function} takes a feature, no condition", aggregation.function)
        condition = _checked_filter(of, types)
        aggregation = replace(aggregation, of=condition)
    data_type = None
    if isinstance(of, Value):
        if of.name not in types:
            raise unknown(of.name, "feature of it", types)
        data_type = types[of.name]
    elif isinstance(of, Condition):
        from transforms.contract import BOOLEAN

        data_type = BOOLEAN
    result = type_of_aggregation(aggregation.function, data_type, of.name if isinstance(of, Value) else "")
    name = f" of {of.name}" if isinstance(of, Value) else ""
    has_zero = aggregation.function in ("count", "count_distinct", "sum")
    described = f"{aggregation.function}{name}{_described(append)}"
    return PlannedOutput(aggregation, Column(_checked(alias), result, described, nullable=not has_zero))


def _values_of(of: Value | Aggregation) -> Sequence[Value]:
    if isinstance(of, Value):
        return [of]
    return [of.of] if isinstance(of.of, Value) else list(values_in(of.of))


def _described(append: Append) -> str:
    selection = append.selection
    which = f" {selection.number}" if selection.number else ""
    relation = f"{append.relation}{' (on or after)' if append.on_or_after else ''}"
    return f", {selection.pick}{which} {selection.activity} {relation}"


def _default_name(append: Append, output: Output) -> str:
    """Such as first_gift_received_after_points and sum_points_gift_received_ever."""
    selection = append.selection
    where = f"{selection.activity}_{append.relation}"
    if isinstance(output.of, Aggregation):
        return "_".join(part for part in (output.of.function, _name_of(output), where) if part)
    return f"{selection.pick}{selection.number or ''}_{where}_{_name_of(output)}"


def _name_of(output: Output) -> str:
    of = output.of.of if isinstance(output.of, Aggregation) else output.of
    return of.name if isinstance(of, Value) else ""


def _checked(alias: str) -> str:
    try:
        return checked_identifier(alias).lower()
    except ContractError:
        raise QueryError(f"{str(alias)!r} cannot name a column: give a name of letters, digits and _", alias) from None


def _check_names(names: Sequence[str]) -> None:
    repeated = [name for name, times in Counter(names).items() if times > 1]
    if repeated:
        raise QueryError(f"two columns are named {repeated[0]}; give one another name", repeated[0])


def is_windowed(relation: Relation) -> bool:
    """The relation takes a part of the entity's stream."""
    return relation is not Relation.EVER
