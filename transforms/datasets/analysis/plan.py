"""What a question means: its names checked against the known activities, every column typed and named.

Nothing here touches the warehouse. Every mistake that can be seen without the data is told here, at its word.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from transforms.activity.columns import activity_id, ts
from transforms.activity.definitions.activity import Activity
from transforms.contract import INTEGER, TEXT, Column
from transforms.datasets.analysis.check import Scopes, check_condition
from transforms.datasets.analysis.projection import (
    ProjectedColumn,
    looks_at_row,
    project_append,
    project_cohort,
    values_of,
)
from transforms.datasets.analysis.scope import BETWEEN, Scope, scope_of, scope_of_spine
from transforms.datasets.syntax.conditions import COHORT, Combination, Condition, Value, both, combine, values_in
from transforms.datasets.syntax.errors import QueryError, unknown, unknown_append
from transforms.datasets.syntax.query import Append, Pick, Query, Relation, Selection, Spine
from transforms.types import DataType

ENTITY = Column(
    "entity", TEXT, "whose row it is: customer, or anonymous_customer_id where that is NULL", nullable=False
)
OCCURRENCE = Column("occurrence", INTEGER, "number of the row per entity, from 1", nullable=False, minimum=1)
COHORT_COLUMNS = (activity_id, ENTITY, ts, OCCURRENCE)
_FARTHEST_DAYS = 100_000
_HANGING = (Relation.BEFORE, Relation.ON_OR_BEFORE, Relation.AT, Relation.ON_OR_AFTER, Relation.AFTER)


@dataclass(frozen=True)
class PlannedAppend:
    """An append whose names are known.

    Args:
        append: The append, its conditions with constants of the right type. Extra conditions that look at the
            appended activity only are part of its filter.
        types: The values of the appended activity that it uses, and those that later appends name of it.
        projection: Its columns.
        named: The values of what it picks that later appends name.
        referred: The values of earlier appends that it names, and the time of the one that it hangs on, each with its
            type.
    """

    append: Append
    types: Mapping[str, DataType]
    projection: tuple[ProjectedColumn, ...]
    named: tuple[str, ...] = ()
    referred: Mapping[tuple[str, str], DataType] = field(default_factory=dict)

    @property
    def has_conditions(self) -> bool:
        """Whether an occurrence is taken depends on more of the cohort's row than the relation."""
        return self.append.condition is not None or self.append.distance is not None


@dataclass(frozen=True)
class Plan:
    """A question whose names are known.

    Args:
        stream: Name of the stream that it is asked of.
        cohort: The cohort, its condition with constants of the right type.
        types: The values of the cohort's activity that are taken, filtered by or compared with.
        projection: The columns that are taken from the cohort's activity.
        appends: What is appended, in order.
    """

    stream: str
    cohort: Selection | Spine
    types: Mapping[str, DataType]
    projection: tuple[ProjectedColumn, ...]
    appends: tuple[PlannedAppend, ...]

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns of the dataset, in order."""
        appended = [output.column for append in self.appends for output in append.projection]
        return (*COHORT_COLUMNS, *[output.column for output in self.projection], *appended)


def plan_of(query: Query, activities: Mapping[str, Activity]) -> Plan:
    """Check a question against the known activities.

    Raises:
        QueryError: It names what is not known, compares what cannot be compared, or names two columns alike.
    """
    of_cohort = _find_known_activities(query.cohort.activities, activities)
    scope = scope_of(of_cohort)
    condition = _check_filter(query.cohort.condition, scope)
    cohort = replace(query.cohort, activities=tuple(one.name for one in of_cohort), condition=condition)
    outputs = () if isinstance(cohort, Spine) else project_cohort(cohort, {None: scope})
    rows = scope_of_spine(of_cohort) if isinstance(cohort, Spine) else scope
    appends = _plan_appends(query.appends, rows, of_cohort[0], activities)
    used = [value.name for output in outputs for value in values_of(output.of)]
    used += [value.name for value in values_in(cohort.condition)]
    used += [value.name for append in appends for value in _list_named(append) if value.of == COHORT]
    plan = Plan(of_cohort[0].stream, cohort, scope.pick_types(used), outputs, appends)
    _check_names(plan)
    return plan


def require_activity(name: str, activities: Mapping[str, Activity]) -> Activity:
    """Require the activity of that name, in any writing.

    Raises:
        QueryError: There is none; the message names the nearest and all that are known.
    """
    found = activities.get(name) or activities.get(name.lower())
    if found is None:
        raise unknown(name, "activity", activities)
    return found


def _find_known_activities(names: Sequence[str], activities: Mapping[str, Activity]) -> list[Activity]:
    """The activities that are meant together, which are of one stream."""
    if not names:
        raise QueryError("name an activity")
    found = [require_activity(name, activities) for name in names]
    for name, activity in zip(names, found, strict=True):
        _refuse_other_stream(name, activity, found[0])
    return found


def _refuse_other_stream(name: str, activity: Activity, first: Activity) -> None:
    if activity.stream != first.stream:
        raise QueryError(
            f"{name} is in {activity.stream} and {first.name} in {first.stream}: a dataset is of one stream", name
        )


def _check_filter(condition: Condition | None, scope: Scope) -> Condition | None:
    for value in values_in(condition):
        if value.of is not None:
            raise QueryError("a filter cannot look at the cohort's row; say that with `on`", value.name)
        if value.name in BETWEEN and value.name not in scope.types:
            raise QueryError(f"a filter cannot look at the cohort's row; say {value.name} with `on`", value.name)
    return None if condition is None else check_condition(condition, {None: scope})


def _plan_appends(
    appends: Sequence[Append], rows: Scope, first: Activity, activities: Mapping[str, Activity]
) -> tuple[PlannedAppend, ...]:
    """The appends in order, each told which of its values later ones name."""
    earlier: dict[str | None, Scope] = {COHORT: rows}
    planned: list[PlannedAppend] = []
    for append in appends:
        of_append = _find_known_activities(append.selection.activities, activities)
        _refuse_other_stream(append.selection.activities[0], of_append[0], first)
        _check_anchor(append, earlier, [one.append for one in planned])
        scope = scope_of(of_append)
        planned.append(_plan(append, of_append, {**earlier, None: scope.between()}, scope))
        name = append.selection.name
        if name is not None:
            _check_append_name(name, earlier)
            earlier[str(name)] = scope
    return tuple(_with_references(planned, earlier))


def _check_append_name(name: str, earlier: Scopes) -> None:
    if name in earlier:
        raise QueryError(f"{name} is a name already: that of the cohort or of an earlier append", name)


def _check_anchor(append: Append, earlier: Scopes, before: Sequence[Append]) -> None:
    anchor = append.anchor
    if anchor is None:
        return
    if append.relation not in _HANGING:
        raise QueryError(
            f"{append.relation} is of the cohort's row; an append hangs on another with after, say", anchor
        )
    if anchor == COHORT or anchor not in earlier:
        raise unknown_append(anchor, [str(name) for name in earlier if name != COHORT])
    if any(one.selection.name == anchor and one.selection.pick is Pick.AGGREGATE for one in before):
        raise QueryError(f"{anchor} is made of many events: an append hangs on a first, last or nth one", anchor)


def _plan(append: Append, of_append: Sequence[Activity], scopes: Scopes, scope: Scope) -> PlannedAppend:
    selection = append.selection
    if selection.pick is Pick.ALL:
        raise QueryError("one value is appended to a row: say first, last, nth or aggregate", selection.pick)
    if append.distance is not None and not 0 <= append.distance.total_seconds() <= _FARTHEST_DAYS * 86_400:
        raise QueryError(
            f"within takes a positive length of time, {_FARTHEST_DAYS:,} days at most; found {append.distance}"
        )
    extra = None if append.condition is None else check_condition(append.condition, scopes)
    own, related = _split(extra)
    condition = both(_check_filter(selection.condition, scope), own)
    outputs = project_append(append, scopes)
    used = [*values_in(condition), *values_in(related), *[v for output in outputs for v in values_of(output.of)]]
    own_names = [value.name for value in used if value.of is None and value.name in scope.types]
    picked = replace(selection, activities=tuple(one.name for one in of_append), condition=condition)
    planned = PlannedAppend(replace(append, selection=picked, condition=related), scope.pick_types(own_names), outputs)
    referred = {
        (value.of, str(value.name)): scopes[value.of].type_of(value.name)
        for value in _list_named(planned)
        if value.of not in (None, COHORT)
    }
    if append.anchor is not None:
        referred[str(append.anchor), ts.name] = ts.type
    return replace(planned, referred=referred)


def _list_named(planned: PlannedAppend) -> Iterable[Value]:
    """The values of its own, of the cohort's row and of earlier appends that an append names outside its filter."""
    yield from values_in(planned.append.condition)
    for output in planned.projection:
        yield from values_of(output.of)


def _with_references(planned: Sequence[PlannedAppend], scopes: Scopes) -> Iterable[PlannedAppend]:
    referred = [place for one in planned for place in one.referred]
    for one in planned:
        names = tuple(dict.fromkeys(name for of, name in referred if of == one.append.selection.name))
        if not names:
            yield one
            continue
        if one.append.selection.pick is Pick.AGGREGATE:
            raise QueryError(f"{one.append.selection.name} is made of many events and has no {names[0]}", names[0])
        types = {**one.types, **scopes[one.append.selection.name].pick_types(list(names))}
        yield replace(one, types=types, named=(ts.name, *[name for name in names if name != ts.name]))


def _split(condition: Condition | None) -> tuple[Condition | None, Condition | None]:
    """The part of a condition that looks at the appended activity only, and the rest."""
    if condition is None:
        return None, None
    if isinstance(condition, Combination) and condition.operator == "and":
        kinds: tuple[list[Condition], list[Condition]] = ([], [])
        for part in condition.parts:
            kinds[any(map(looks_at_row, values_in(part)))].append(part)
        own, related = (combine("and", parts) if parts else None for parts in kinds)
        return own, related
    is_related = any(map(looks_at_row, values_in(condition)))
    return (None, condition) if is_related else (condition, None)


def _check_names(plan: Plan) -> None:
    names: Sequence[str] = [column.name for column in plan.columns]
    repeated = [name for name, times in Counter(names).items() if times > 1]
    if repeated:
        (*_, again) = (name for name in _as_written(plan) if name.lower() == repeated[0])
        raise QueryError(f"two columns are named {repeated[0]}: give one another name with `as`", again)


def _as_written(plan: Plan) -> list[str]:
    appended = [output for append in plan.appends for output in append.projection]
    return [output.alias for output in (*plan.projection, *appended)]
