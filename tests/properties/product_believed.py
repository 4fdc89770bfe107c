"""What the tables of product events must hold, computed in plain Python from the records, without transforms/.

Written from SEMANTICS §6: an event is told by insert_id and device, else by uuid, and its newest upload counts; a
session is of a merged user; nothing happens after its upload; a user is new with their first event.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

Record = Mapping[str, Any]


def time_of(text: str) -> datetime:
    """A time as the export spells it."""
    return datetime.fromisoformat(text.removesuffix("Z").replace(" ", "T"))


def newest_events(records: Iterable[Record]) -> list[dict[str, Any]]:
    """The events, each once, with the time at which it counts."""
    found: dict[Any, dict[str, Any]] = {}
    for record in records:
        if record["event_type"] is None or not isinstance(record["amplitude_id"], int):
            continue
        insert_id = record["$insert_id"] or None
        if insert_id is None and record["uuid"] is None:
            continue
        key = ("id", insert_id, record["device_id"]) if insert_id else ("uuid", record["uuid"])
        uploaded = time_of(record["server_upload_time"])
        told = {**record, "happened": min(time_of(record["event_time"]), uploaded), "uploaded": uploaded}
        if key not in found or uploaded > found[key]["uploaded"]:
            found[key] = told
    return list(found.values())


def merged(events: Iterable[dict[str, Any]], merges: Mapping[int, int]) -> list[dict[str, Any]]:
    """The events with their user: the end of the merges of their amplitude_id."""

    def end(user: int) -> int:
        for _ in range(8):
            user = merges.get(user, user)
        return user

    return [{**event, "user": end(event["amplitude_id"])} for event in events]


def sessions(events: Iterable[dict[str, Any]]) -> dict[tuple[int, int], tuple[int, datetime, datetime, int]]:
    """(number, start, end, events) of every session by user and session id."""
    of_session: dict[tuple[int, int], list[datetime]] = defaultdict(list)
    for event in events:
        if event["session_id"] not in (None, -1):
            of_session[event["user"], event["session_id"]].append(event["happened"])
    by_user: dict[int, list[tuple[datetime, int]]] = defaultdict(list)
    for (user, session_id), times in of_session.items():
        by_user[user].append((min(times), session_id))
    found = {}
    for user, begun in by_user.items():
        for number, (start, session_id) in enumerate(sorted(begun), start=1):
            times = of_session[user, session_id]
            found[user, session_id] = (number, start, max(times), len(times))
    return found


def first_seen(events: Iterable[dict[str, Any]]) -> dict[int, datetime]:
    """The first event of every user."""
    found: dict[int, datetime] = {}
    for event in events:
        found[event["user"]] = min(found.get(event["user"], event["happened"]), event["happened"])
    return found


def daily(events: list[dict[str, Any]]) -> dict[tuple[str, date], tuple[int, int, int, int]]:
    """(events, users, new users, sessions) of every type and day, from the type's first day to the newest of any."""
    new_on = {user: at.date() for user, at in first_seen(events).items()}
    cells: dict[tuple[str, date], list[dict[str, Any]]] = defaultdict(list)
    for event in events:
        cells[event["event_type"], event["happened"].date()].append(event)
    newest = max((day for _, day in cells), default=date.min)
    found = {}
    for name in {name for name, _ in cells}:
        day = min(day for other, day in cells if other == name)
        while day <= newest:
            of_cell = cells.get((name, day), [])
            users = {event["user"] for event in of_cell}
            in_sessions = {(e["user"], e["session_id"]) for e in of_cell if e["session_id"] not in (None, -1)}
            new = [user for user in users if new_on[user] == day]
            found[name, day] = (len(of_cell), len(users), len(new), len(in_sessions))
            day += timedelta(days=1)
    return found


def active_users(events: Iterable[dict[str, Any]], period: str) -> dict[tuple[date, int], tuple[int, int, int]]:
    """(active, exactly, at least) users of every period by number of days."""
    days: dict[date, dict[int, set[date]]] = defaultdict(lambda: defaultdict(set))
    for event in events:
        day = event["happened"].date()
        days[_begin(day, period)][event["user"]].add(day)
    found = {}
    for start, by_user in days.items():
        numbers = [len(of_user) for of_user in by_user.values()]
        length = (
            1 if period == "day" else 7 if period == "week" else ((start + timedelta(31)).replace(day=1) - start).days
        )
        for number in range(1, length + 1):
            exactly, at_least = numbers.count(number), sum(one >= number for one in numbers)
            found[start, number] = (len(numbers), exactly, at_least)
    return found


def _begin(day: date, period: str) -> date:
    if period == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if period == "month" else day
