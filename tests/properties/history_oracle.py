"""What a history must hold, computed key by key in plain Python from SEMANTICS §3, without looking at transforms/.

The oracle asks at every instant at which something may change: is the key there, and which values hold? Neighbouring
instants with the same answer are one version. It knows no batches, no stored rows and no order of arrival.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any

CHECK, TIMESTAMP = "check", "timestamp"
IGNORE, INVALIDATE, NEW_RECORD = "ignore", "invalidate", "new_record"
LONG_AGO = datetime.min


@dataclass(frozen=True)
class Seen:
    """One record of one key in one delivery; without values where it was refused."""

    at: datetime
    values: Mapping[str, Any] | None
    updated_at: datetime | None = None
    place: tuple[str, int] = ("", 0)


@dataclass(frozen=True)
class Rule:
    """What a history table declares."""

    strategy: str
    deletes: str
    tracked: tuple[str, ...]


@dataclass(frozen=True)
class Version:
    """One version of one key."""

    values: Mapping[str, Any]
    valid_from: datetime
    valid_to: datetime | None
    is_deleted: bool
    observed_at_last: datetime


@dataclass(frozen=True)
class _Event:
    """Values that hold from a time on, and the observation that said so."""

    time: datetime
    seen: Seen


@dataclass(frozen=True)
class _Absence:
    """The key was gone from `begin` on; `end` is when it existed again, `seen_again` when that was noticed."""

    begin: datetime
    end: datetime | None = None
    seen_again: datetime | None = None

    def holds(self, time: datetime) -> bool:
        return self.begin <= time and (self.end is None or time < self.end)


@dataclass(frozen=True)
class _Key:
    """Everything that is known of one key."""

    rule: Rule
    observations: Sequence[_Event]
    absences: Sequence[_Absence] = field(default=())

    def event_at(self, time: datetime) -> _Event | None:
        """The newest values at a time; of several with the same time, what was observed last."""
        known = [event for event in self.observations if event.time <= time]
        return max(known, key=lambda event: (event.time, event.seen.at), default=None)

    def is_deleted_at(self, time: datetime) -> bool:
        return any(absence.holds(time) for absence in self.absences)

    def state_at(self, time: datetime) -> tuple[Any, ...] | None:
        """What a version must be equal in: None where there is no version."""
        event = self.event_at(time)
        is_deleted = self.is_deleted_at(time)
        if event is None or event.seen.values is None or (is_deleted and self.rule.deletes == INVALIDATE):
            return None
        return (is_deleted, *[event.seen.values[name] for name in self.rule.tracked])

    def began_to_exist(self, time: datetime) -> datetime:
        """The begin of the stretch of existence that holds a time."""
        ends = [absence.end for absence in self.absences if absence.end is not None and absence.end <= time]
        return max(ends, default=LONG_AGO)


def history(records: Iterable[Seen], snapshots: Iterable[datetime], rule: Rule) -> list[Version]:
    """The versions of one key, in order of time.

    Args:
        records: Every record of the key, refused ones included.
        snapshots: Every time at which the whole source was listed.
        rule: What the table declares.
    """
    staged = _one_each_time(records := list(records))
    events = [_Event(_effective(seen, rule), seen) for seen in staged if _effective(seen, rule) is not None]
    absences = [] if rule.deletes == IGNORE else _absences(records, staged, sorted(set(snapshots)), rule)
    key = _Key(rule, events, absences)
    instants = {event.time for event in events}
    for absence in absences:
        instants |= {absence.begin} | ({absence.end} if absence.end else set())
    return _versions(key, sorted(instants))


def _one_each_time(records: Sequence[Seen]) -> list[Seen]:
    """Of the good records of one time one: the last of the fullest of each file, then the fullest of the files.

    Files that are as full are told apart by what they say, column by column, and at last by name and row.
    """
    of_files: dict[tuple[datetime, str], Seen] = {}
    for seen in sorted(records, key=lambda seen: (_filled(seen), seen.place[1])):
        if seen.values is not None:
            of_files[seen.at, seen.place[0]] = seen
    kept: dict[datetime, Seen] = {}
    for seen in sorted(of_files.values(), key=lambda seen: (_filled(seen), _said(seen), seen.place)):
        kept[seen.at] = seen
    return [kept[at] for at in sorted(kept)]


def _said(seen: Seen) -> list[tuple[bool, Any]]:
    """What a record says beside its key, in the order of its columns; NULL is less than any value."""
    values = [(seen.values or {}).get(name) for name in ("plan", "seats", "note")]
    return [(value is not None, value if value is not None else 0) for value in (*values, seen.updated_at)]


def _filled(seen: Seen) -> int:
    return sum(is_filled for is_filled, _ in _said(seen))


def _effective(seen: Seen, rule: Rule) -> Any:
    return seen.at if rule.strategy == CHECK else seen.updated_at


def _absences(
    records: Sequence[Seen], staged: Sequence[Seen], snapshots: Sequence[datetime], rule: Rule
) -> list[_Absence]:
    present = sorted({seen.at for seen in records})
    updated = {seen.at: seen.updated_at for seen in staged}
    found = []
    for last_seen, seen_again in pairwise([*present, None]):
        missed = [s for s in snapshots if s > last_seen and (seen_again is None or s < seen_again)]
        if not missed:
            continue
        again = seen_again
        if seen_again and rule.strategy == TIMESTAMP:
            said = updated.get(seen_again)
            again = said if said and missed[0] < said <= seen_again else seen_again
            if said and said > seen_again:
                again = _begins_later(updated, missed[0], seen_again, [s for s in snapshots if s not in present])
        found.append(_Absence(missed[0], again, seen_again))
    return found


def _begins_later(
    updated: Mapping[datetime, datetime | None], gone: datetime, seen_again: datetime, lacking: Sequence[datetime]
) -> datetime:
    """When a key is back whose first record says a time to come: the earliest that a record of this presence says."""
    gone_again = min((at for at in lacking if at > seen_again), default=datetime.max)
    said = {at: own for at, own in updated.items() if own is not None and seen_again <= at < gone_again}
    return min([own if own > gone else at for at, own in said.items()] + [gone_again])


def _versions(key: _Key, instants: Sequence[datetime]) -> list[Version]:
    begins = [
        (time, state)
        for before, time in pairwise([None, *instants])
        if (state := key.state_at(time)) != (key.state_at(before) if before else None)
    ]
    return [
        _version(key, begin, following[0] if following else None, is_deleted=state[0])
        for (begin, state), following in pairwise([*begins, None])
        if state is not None
    ]


def _version(key: _Key, begin: datetime, end: datetime | None, *, is_deleted: bool) -> Version:
    within = [event for event in key.observations if begin <= event.time and (end is None or event.time < end)]
    newest = key.event_at(max((event.time for event in within), default=begin))
    assert newest is not None
    assert newest.seen.values is not None
    values = {**newest.seen.values, "updated_at": newest.seen.updated_at}
    return Version(values, begin, end, is_deleted, _observed_last(key, begin, end, is_deleted=is_deleted))


def _observed_last(key: _Key, begin: datetime, end: datetime | None, *, is_deleted: bool) -> datetime:
    """The newest observation that the version rests on: what deleted it, told its values, or showed it again."""

    def holds(time: datetime) -> bool:
        return begin <= time and (end is None or time < end)

    if is_deleted:
        return max(absence.begin for absence in key.absences if absence.holds(begin) or holds(absence.begin))
    told = [event.seen.at for event in key.observations if holds(event.time)]
    shown = [
        event.seen.at
        for event in key.observations
        if event.time < key.began_to_exist(event.seen.at) and holds(key.began_to_exist(event.seen.at))
    ]
    revived = [
        absence.seen_again
        for absence in key.absences
        if absence.end is not None and absence.seen_again is not None and holds(absence.end)
    ]
    return max([*told, *shown, *revived])
