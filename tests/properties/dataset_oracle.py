"""Datasets by brute force: for each row of the cohort every event is looked at, in plain Python."""

from __future__ import annotations

import operator
import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import mean, median
from typing import Any

from tests.properties.dataset_world import Event
from transforms.datasets.syntax.conditions import (
    COHORT,
    Absence,
    Arithmetic,
    Case,
    Combination,
    Comparison,
    Condition,
    Likeness,
    Membership,
    Negation,
    Value,
)
from transforms.datasets.syntax.query import Aggregation, Append, Pick, Query, Relation, Selection, Spine

COMPARE = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


COMPUTE = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}


class Row:
    """One row of a cohort: its event or period, the entity's events, and when the next one begins."""

    def __init__(self, entity: str, ts: datetime, number: int, following: datetime | None, event: Event | None) -> None:
        self.entity, self.ts, self.number, self.following, self.event = entity, ts, number, following, event

    def value(self, name: str) -> Any:
        return self.event.value(name) if self.event else self.ts


def answer(query: Query, events: Sequence[Event]) -> list[tuple[Any, ...]]:
    """The rows of the dataset: entity, ts, occurrence, then every column in order; the id is left out."""
    by_entity: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        by_entity[event.entity].append(event)
    newest = max(event.ts for event in events)
    rows = [row for entity, own in by_entity.items() for row in cohort_rows(query.cohort, entity, own, newest)]
    return [tuple(_columns(query, row, by_entity[row.entity])) for row in rows]


def _columns(query: Query, row: Row, events: Sequence[Event]) -> list[Any]:
    found = [row.entity, row.ts, row.number]
    if isinstance(query.cohort, Selection):
        found += [computed(output.of, Pair(row.event, row, row.ts, {})) for output in query.cohort.outputs]
    earlier: dict[str, Event | None] = {}
    for append in query.appends:
        found += appended(append, row, events, earlier)
    return found


@dataclass(frozen=True)
class Pair:
    """An event as an append of a row sees it: at which time it hangs, and what earlier appends picked."""

    event: Event | None
    row: Row | None
    at: datetime | None
    earlier: Mapping[str, Event | None]

    def value(self, value: Value) -> Any:
        if value.of == COHORT:
            return self.row.value(value.name) if self.row else None
        if value.of is not None:
            picked = self.earlier[value.of]
            return picked.value(value.name) if picked else None
        if self.event is None:
            return None
        if value.name in ("days_between", "seconds_between"):
            passed = self.event.ts - self.at if self.at else None
            unit = timedelta(days=1) if value.name == "days_between" else timedelta(seconds=1)
            return None if passed is None else passed / unit
        return self.event.value(value.name)


def computed(operand: Any, pair: Pair) -> Any:
    """What a value, a computed value or a constant is."""
    if isinstance(operand, Value):
        return pair.value(operand)
    if isinstance(operand, Arithmetic):
        left, right = (computed(side, pair) for side in (operand.left, operand.right))
        if left is None or right is None or (operand.operator == "/" and right == 0):
            return None
        exact = [float(side) if isinstance(left, float) or isinstance(right, float) else side for side in (left, right)]
        return COMPUTE[operand.operator](*exact)
    if isinstance(operand, Case):
        for condition, result in operand.branches:
            if truth(condition, pair) is True:
                return computed(result, pair)
        return computed(operand.otherwise, pair)
    return operand


def cohort_rows(cohort: Selection | Spine, entity: str, events: Sequence[Event], newest: datetime) -> list[Row]:
    """The rows of one entity."""
    of_activity = passing(events, cohort.activities, cohort.condition)
    if isinstance(cohort, Spine):
        return _periods(cohort, entity, of_activity[0].ts, newest) if of_activity else []
    rows = []
    for place, event in enumerate(of_activity):
        following = of_activity[place + 1].ts if place + 1 < len(of_activity) else None
        rows.append(Row(entity, event.ts, place + 1, following, event))
    if cohort.pick is Pick.ALL:
        return rows
    if cohort.pick is Pick.LAST:
        return rows[-1:]
    wanted = 1 if cohort.pick is Pick.FIRST else cohort.number
    return [row for row in rows if row.number == wanted]


def _periods(spine: Spine, entity: str, begun: datetime, newest: datetime) -> list[Row]:
    day = datetime(begun.year, begun.month, begun.day)
    if spine.period == "week":
        day -= timedelta(days=day.weekday())
    if spine.period == "month":
        day = day.replace(day=1)
    rows: list[Row] = []
    while (day.date() < spine.end) if spine.end else (day <= newest):
        following = _after(str(spine.period), day)
        if spine.start is None or day.date() >= spine.start:
            rows.append(Row(entity, day, len(rows) + 1, following, None))
        day = following
    return rows


def _after(period: str, day: datetime) -> datetime:
    if period == "month":
        return datetime(day.year + day.month // 12, day.month % 12 + 1, 1)
    return day + timedelta(days=7 if period == "week" else 1)


def passing(events: Sequence[Event], activities: Sequence[str], condition: Condition | None) -> list[Event]:
    """The events of an activity of which a condition holds, in order."""
    kept = [
        e
        for e in events
        if e.activity in activities and (condition is None or truth(condition, Pair(e, None, None, {})) is True)
    ]
    return sorted(kept, key=lambda event: (event.ts, event.activity_id))


def appended(append: Append, row: Row, events: Sequence[Event], earlier: dict[str, Event | None]) -> list[Any]:
    """The columns of one append for one row; what it picks is kept under its name."""
    selection = append.selection
    at = row.ts
    if append.anchor is not None:
        anchor = earlier[append.anchor]
        at = anchor.ts if anchor else None

    def pair(event: Event) -> Pair:
        return Pair(event, row, at, earlier)

    found = [
        event
        for event in passing(events, selection.activities, selection.condition)
        if at is not None
        and _is_related(append, row, at, event)
        and (append.condition is None or truth(append.condition, pair(event)) is True)
        and (append.distance is None or abs(event.ts - at) <= append.distance)
    ]
    if selection.pick is Pick.AGGREGATE:
        return [aggregated(output.of, [pair(event) for event in found]) for output in selection.outputs]  # type: ignore[arg-type]
    place = {Pick.FIRST: 0, Pick.LAST: len(found) - 1}.get(selection.pick, (selection.number or 1) - 1)
    picked = found[place] if found and place < len(found) else None
    if selection.name is not None:
        earlier[selection.name] = picked
    return [computed(output.of, pair(picked)) if picked else None for output in selection.outputs]


def _is_related(append: Append, row: Row, at: datetime, event: Event) -> bool:
    if append.relation is Relation.IN_BETWEEN:
        begun = event.ts >= at if append.on_or_after else event.ts > at
        return begun and (row.following is None or event.ts < row.following)
    return {
        Relation.EVER: True,
        Relation.BEFORE: event.ts < at,
        Relation.ON_OR_BEFORE: event.ts <= at,
        Relation.AT: event.ts == at,
        Relation.ON_OR_AFTER: event.ts >= at,
        Relation.AFTER: event.ts > at,
    }[append.relation]


def aggregated(aggregation: Aggregation, pairs: Sequence[Pair]) -> Any:
    """A function of the events, which are in order."""
    of = aggregation.of
    if of is None:
        return len(pairs)
    told: list[Any] = [truth(of, one) if isinstance(of, Condition) else computed(of, one) for one in pairs]
    values = [value for value in told if value is not None]
    functions: dict[str, Callable[[], Any]] = {
        "count": lambda: len(values),
        "count_distinct": lambda: len(set(values)),
        "sum": lambda: sum(values),
        "avg": lambda: mean(values) if values else None,
        "median": lambda: median(values) if values else None,
        "min": lambda: min(values, default=None),
        "max": lambda: max(values, default=None),
        "first_value": lambda: told[0] if told else None,
        "last_value": lambda: told[-1] if told else None,
        "listagg": lambda: aggregation.separator.join(map(str, _in_order(aggregation, pairs, told))),
        "listagg_distinct": lambda: aggregation.separator.join(sorted({str(value) for value in values})),
        "any": lambda: any(values) if values else None,
        "all": lambda: all(values) if values else None,
    }
    if str(aggregation.function).startswith("listagg") and not values:
        return None
    return functions[aggregation.function]()


def _in_order(aggregation: Aggregation, pairs: Sequence[Pair], told: Sequence[Any]) -> list[Any]:
    """The values that are no NULL in the order of the list: NULLs of what it is ordered by come last."""
    listed = [(pair, value) for pair, value in zip(pairs, told, strict=True) if value is not None]
    order = aggregation.order
    if order is not None:
        ordered = [one for one in listed if computed(order.by, one[0]) is not None]
        ordered.sort(key=lambda one: computed(order.by, one[0]), reverse=order.is_descending)  # stable either way
        listed = [*ordered, *[one for one in listed if computed(order.by, one[0]) is None]]
    return [value for _, value in listed]


def truth(condition: Condition, pair: Pair) -> bool | None:
    """Whether a condition holds; None where that is unknown, as in SQL."""
    if isinstance(condition, Comparison):
        left, right = computed(condition.left, pair), computed(condition.right, pair)
        return None if left is None or right is None else COMPARE[condition.operator](left, right)
    if isinstance(condition, Membership):
        value = computed(condition.value, pair)
        return None if value is None else value in condition.options
    if isinstance(condition, Likeness):
        value = computed(condition.value, pair)
        pattern = "".join({"%": ".*", "_": "."}.get(sign) or re.escape(sign) for sign in condition.pattern)
        return None if value is None else re.fullmatch(pattern, value, flags=re.DOTALL) is not None
    if isinstance(condition, Absence):
        return computed(condition.value, pair) is None
    if isinstance(condition, Negation):
        holds = truth(condition.condition, pair)
        return None if holds is None else not holds
    assert isinstance(condition, Combination)
    told = [truth(part, pair) for part in condition.parts]
    decisive = condition.operator == "or"
    if decisive in told:
        return decisive
    return None if None in told else not decisive
