"""Growth and retention in plain Python, from who was active on what day; nothing of the project's code is used."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Any

NO_ACTS = {"subscription_renewed", "subscription_cancelled", "gift_giver", "super_fan"}
Act = tuple[str, str, date]  # kind of customer, who, day
Cells = dict[tuple[Any, ...], tuple[Any, ...]]


def is_act(kind: str, activity: str, revenue: Any) -> bool:
    """Whether the activity is one that makes its customer active."""
    if kind == "streamer":
        return activity == "stream_started"
    return activity not in NO_ACTS and not (activity == "payment_made" and (revenue or 0) < 0)


def start(period: str, day: date) -> date:
    """The first day of the day's period."""
    if period == "month":
        return day.replace(day=1)
    return day - timedelta(days=day.weekday()) if period == "week" else day


def following(period: str, first: date) -> date:
    """The first day of the next period."""
    return start(period, first + timedelta(days={"day": 1, "week": 7, "month": 31}[period]))


def spans(period: str, first: date, last: date) -> Iterator[date]:
    """The first days of all periods from one to another, both included."""
    while first <= last:
        yield first
        first = following(period, first)


def growth(acts: Iterable[Act]) -> Cells:
    """(kind, period, period_start) -> the other columns of mart_growth_accounting, in order."""
    cells: Cells = {}
    for kind, period, active, newest_day in _active_of_each(acts):
        seen: set[str] = set()
        before: set[str] = set()
        for first in spans(period, min(active), max(active)):
            acting = set(active.get(first, ()))
            new, retained = acting - seen, acting & before
            back, churned = acting - new - retained, before - acting
            seen |= acting
            count = sum(active.get(first, {}).values())
            cells[kind, period, first] = (
                following(period, first) <= newest_day,
                *map(len, (acting, new, retained, back, churned, seen)),
                count if kind == "streamer" else None,
                count,
                (len(new) + len(back)) / len(churned) if churned else None,
            )
            before = acting
    return cells


def retention(acts: Iterable[Act]) -> Cells:
    """(kind, period, cohort_start, age) -> the other columns of mart_retention_cohorts, in order."""
    cells: Cells = {}
    for kind, period, active, newest_day in _active_of_each(acts):
        began: dict[str, date] = {}
        for first in sorted(active):
            for who in active[first]:
                began.setdefault(who, first)
        for cohort in sorted(set(began.values())):
            members = {who for who, first in began.items() if first == cohort}
            for age, first in enumerate(spans(period, cohort, max(active))):
                counts = [count for who, count in active.get(first, {}).items() if who in members]
                is_over = following(period, first) <= newest_day
                measured = (len(counts), len(counts) / len(members), sum(counts) if kind == "streamer" else None)
                measured = (*measured, sum(counts)) if is_over else (None, None, None, None)
                cells[kind, period, cohort, age] = (first, len(members), *measured)
    return cells


def _active_of_each(acts: Iterable[Act]) -> Iterator[tuple[str, str, dict[date, Counter[str]], date]]:
    """Per kind and period: who did how much in each period that somebody did something in; and the newest day."""
    days: dict[str, Counter[tuple[str, date]]] = defaultdict(Counter)
    for kind, who, day in acts:
        days[kind][who, day] += 1
    for kind, of_kind in days.items():
        for period in ("day", "week", "month"):
            active: dict[date, Counter[str]] = defaultdict(Counter)
            for (who, day), count in of_kind.items():
                active[start(period, day)][who] += count
            yield kind, period, active, max(day for _, day in of_kind)
