"""Datasets by brute force: for each row of the cohort every event is looked at, in plain Python."""

from __future__ import annotations

import operator
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from statistics import mean, median
from typing import Any

from tests.properties.dataset_world import Event
from transforms.activity.datasets.conditions import (
    Absence,
    Combination,
    Comparison,
    Condition,
    Membership,
    Negation,
    Value,
)
from transforms.activity.query import Aggregation, Append, Pick, Query, Relation, Selection, Spine

COMPARE = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


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
        found += [row.value(output.of.name) for output in query.cohort.outputs]
    for append in query.appends:
        found += appended(append, row, events)
    return found


def cohort_rows(cohort: Selection | Spine, entity: str, events: Sequence[Event], newest: datetime) -> list[Row]:
    """The rows of one entity."""
    of_activity = passing(events, cohort.activity, cohort.condition)
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


def passing(events: Sequence[Event], activity: str, condition: Condition | None) -> list[Event]:
    """The events of an activity of which a condition holds, in order."""
    kept = [e for e in events if e.activity == activity and (condition is None or truth(condition, e, None) is True)]
    return sorted(kept, key=lambda event: (event.ts, event.activity_id))


def appended(append: Append, row: Row, events: Sequence[Event]) -> list[Any]:
    """The columns of one append for one row."""
    selection = append.selection
    found = [
        event
        for event in passing(events, selection.activity, selection.condition)
        if _is_related(append, row, event)
        and (append.condition is None or truth(append.condition, event, row) is True)
        and (append.distance is None or abs(event.ts - row.ts) <= append.distance)
    ]
    if selection.pick is Pick.AGGREGATE:
        return [aggregated(output.of, found) for output in selection.outputs]  # type: ignore[arg-type]
    place = {Pick.FIRST: 0, Pick.LAST: len(found) - 1}.get(selection.pick, (selection.number or 1) - 1)
    picked = found[place] if found and place < len(found) else None
    return [_told(output.of.name, picked, row) if picked else None for output in selection.outputs]


def _told(name: str, event: Event, row: Row) -> Any:
    if name == "days_between":
        return (event.ts - row.ts) / timedelta(days=1)
    return (event.ts - row.ts).total_seconds() if name == "seconds_between" else event.value(name)


def _is_related(append: Append, row: Row, event: Event) -> bool:
    if append.relation is Relation.IN_BETWEEN:
        begun = event.ts >= row.ts if append.on_or_after else event.ts > row.ts
        return begun and (row.following is None or event.ts < row.following)
    return {
        Relation.EVER: True,
        Relation.BEFORE: event.ts < row.ts,
        Relation.AT: event.ts == row.ts,
        Relation.AFTER: event.ts > row.ts,
    }[append.relation]


def aggregated(aggregation: Aggregation, events: Sequence[Event]) -> Any:
    """A function of the events, which are in order."""
    of = aggregation.of
    if of is None:
        return len(events)
    if isinstance(of, Condition):
        told: list[Any] = [truth(of, event, None) for event in events]
    else:
        told = [event.value(of.name) for event in events]
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
        "listagg": lambda: ", ".join(map(str, values)) if values else None,
        "any": lambda: any(values) if values else None,
        "all": lambda: all(values) if values else None,
    }
    return functions[aggregation.function]()


def truth(condition: Condition, event: Event, row: Row | None) -> bool | None:
    """Whether a condition holds; None where that is unknown, as in SQL."""

    def said(value: Value) -> Any:
        return row.value(value.name) if value.of_cohort and row else event.value(value.name)

    if isinstance(condition, Comparison):
        left = said(condition.left)
        right = said(condition.right) if isinstance(condition.right, Value) else condition.right
        return None if left is None or right is None else COMPARE[condition.operator](left, right)
    if isinstance(condition, Membership):
        value = said(condition.value)
        return None if value is None else value in condition.options
    if isinstance(condition, Absence):
        return said(condition.value) is None
    if isinstance(condition, Negation):
        holds = truth(condition.condition, event, row)
        return None if holds is None else not holds
    assert isinstance(condition, Combination)
    first, second = (truth(part, event, row) for part in condition.parts)
    decisive = condition.operator == "or"
    if decisive in (first, second):
        return decisive
    return None if None in (first, second) else not decisive
