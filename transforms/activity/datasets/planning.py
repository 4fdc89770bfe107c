"""What a question means: its names checked against the known activities, every column typed and named.

Nothing here touches the warehouse. Every mistake that can be seen without the data is told here, at its word.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from transforms.activity.columns import activity_id, ts
from transforms.activity.datasets.condition_checking import checked_condition
from transforms.activity.datasets.conditions import Combination, Condition, both, values_in
from transforms.activity.datasets.errors import QueryError, unknown
from transforms.activity.datasets.offers import NOTHING, Offer, offer_of, offer_of_spine
from transforms.activity.datasets.outputs import PlannedOutput, appended_outputs, cohort_outputs, values_of
from transforms.activity.query import Append, Pick, Query, Selection, Spine
from transforms.contract import INTEGER, TEXT, Column

if TYPE_CHECKING:
    from transforms.activity.definitions.activity import Activity
    from transforms.types import DataType

ENTITY = Column(
    "entity", TEXT, "whose row it is: customer, or anonymous_customer_id where that is NULL", nullable=False
)
OCCURRENCE = Column("occurrence", INTEGER, "number of the row per entity, from 1", nullable=False, minimum=1)
COHORT_COLUMNS = (activity_id, ENTITY, ts, OCCURRENCE)


@dataclass(frozen=True)
class PlannedAppend:
    """An append whose names are known.

    Args:
        append: The append, its conditions with constants of the right type. Extra conditions that look at the
            appended activity only are part of its filter.
        types: The values of the appended activity that it uses.
        outputs: Its columns.
    """

    append: Append
    types: Mapping[str, DataType]
    outputs: tuple[PlannedOutput, ...]

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
        outputs: The columns that are taken from the cohort's activity.
        appends: What is appended, in order.
    """

    stream: str
    cohort: Selection | Spine
    types: Mapping[str, DataType]
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
    activity = known_activity(query.cohort.activity, activities)
    offer = offer_of(activity)
    condition = _checked_filter(query.cohort.condition, offer)
    cohort = replace(query.cohort, activity=activity.name, condition=condition)
    is_spine = isinstance(cohort, Spine)
    outputs = () if isinstance(cohort, Spine) else cohort_outputs(cohort, offer)
    rows = offer_of_spine(activity) if is_spine else offer
    appends = tuple(_planned(append, rows, activity, activities) for append in query.appends)
    used = [value.name for output in outputs for value in values_of(output.of)]
    used += [value.name for value in values_in(cohort.condition)]
    used += [value.name for a in appends for value in values_in(a.append.condition) if value.of_cohort]
    plan = Plan(activity.stream, cohort, offer.chosen(used), outputs, appends)
    _check_names(plan)
    return plan


def known_activity(name: str, activities: Mapping[str, Activity]) -> Activity:
    """The activity of that name, in any writing.

    Raises:
        QueryError: There is none; the message names the nearest and all that are known.
    """
    found = activities.get(name) or activities.get(name.lower())
    if found is None:
        raise unknown(name, "activity", activities)
    return found


def _checked_filter(condition: Condition | None, offer: Offer) -> Condition | None:
    for value in values_in(condition):
        if value.of_cohort:
            raise QueryError("a filter cannot look at the cohort's row; say that with `on`", value.name)
    return None if condition is None else checked_condition(condition, offer, NOTHING)


def _planned(append: Append, rows: Offer, cohort: Activity, activities: Mapping[str, Activity]) -> PlannedAppend:
    selection = append.selection
    activity = known_activity(selection.activity, activities)
    if activity.stream != cohort.stream:
        raise QueryError(
            f"{selection.activity} is in {activity.stream} and {cohort.name} in {cohort.stream}: "
            f"a dataset is of one stream",
            selection.activity,
        )
    if selection.pick is Pick.ALL:
        raise QueryError("one value is appended to a row: say first, last, nth or aggregate", selection.pick)
    if append.distance is not None and append.distance.total_seconds() < 0:
        raise QueryError(f"within takes a positive length of time; found {append.distance}")
    offer = offer_of(activity)
    extra = None if append.condition is None else checked_condition(append.condition, offer, rows)
    own, related = _split(extra)
    condition = both(_checked_filter(selection.condition, offer), own)
    outputs = appended_outputs(append, offer)
    used = [value.name for value in (*values_in(condition), *values_in(related)) if not value.of_cohort]
    taken = [value.name for output in outputs for value in values_of(output.of)]
    used += [name for name in taken if name in offer.types]
    picked = replace(selection, activity=activity.name, condition=condition)
    checked = replace(append, selection=picked, condition=related)
    return PlannedAppend(checked, offer.chosen(used), outputs)


def _split(condition: Condition | None) -> tuple[Condition | None, Condition | None]:
    """The part of a condition that looks at the appended activity only, and the rest."""
    if isinstance(condition, Combination) and condition.operator == "and":
        (own, related), (other_own, other_related) = map(_split, condition.parts)
        return both(own, other_own), both(related, other_related)
    is_related = any(value.of_cohort for value in values_in(condition))
    return (None, condition) if is_related else (condition, None)


def _check_names(plan: Plan) -> None:
    names: Sequence[str] = [column.name for column in plan.columns]
    repeated = [name for name, times in Counter(names).items() if times > 1]
    if repeated:
        (*_, again) = (name for name in _as_written(plan) if name.lower() == repeated[0])
        raise QueryError(f"two columns are named {repeated[0]}: give one another name with `as`", again)


def _as_written(plan: Plan) -> list[str]:
    appended = [output for append in plan.appends for output in append.outputs]
    return [output.alias for output in (*plan.outputs, *appended)]
