"""Hundreds of independent keys in a handful of deliveries: each key is a case of its own.

The keys share the times of the deliveries and nothing else. A snapshot comes in one or two files, some of which tell a
key other values than the rest; some files come again under another name, one holds refused records only, one nothing.
Random numbers come from a seed, not from hypothesis: a failing key is small by itself, and thousands of records are
more than hypothesis takes.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from itertools import pairwise
from typing import Any

from tests.feeding import LandingFile, minutes
from tests.properties.history_oracle import Seen

SOURCE = "probe"
KEYS = 520
RUNS = 4
SNAPSHOTS = tuple(minutes(30 * number) for number in range(8))
WITHOUT_RECORDS = minutes(75)
ONLY_REFUSED = minutes(105)
# A record's own time of change: before all snapshots, at one, a second beside one, between two, and in the future.
CHANGES = (
    *(minutes(offset) for offset in (-60, 0, 30, 45, 60, 75, 90, 105, 120, 150, 165, 200, 210, 400)),
    *(minutes(60) + timedelta(seconds=offset) for offset in (-1, 1)),
)
PLANS = ("a", "b", "", None)
SEATS = (0, 1, None)
NOTES = ("x", "y", None)
Key = tuple[str, str | None]


def key_of(number: int) -> Key:
    """Composite keys; some have no second part, and some spell alike."""
    return (f"k{number // 3}", ("", None, f"r{number % 7}")[number % 3])


@dataclass(frozen=True)
class Habit:
    """How one key behaves: how likely it is to be listed, changed, refused, and what it says of its time of change."""

    present: float
    changed: float
    refused: float
    timeless: float
    late: float


HABITS = (
    Habit(present=1.0, changed=0.0, refused=0.0, timeless=0.0, late=0.0),
    Habit(present=1.0, changed=0.5, refused=0.0, timeless=0.0, late=0.0),
    Habit(present=0.6, changed=0.4, refused=0.0, timeless=0.1, late=0.2),
    Habit(present=0.6, changed=0.2, refused=0.3, timeless=0.2, late=0.5),
    Habit(present=0.4, changed=0.0, refused=0.1, timeless=0.0, late=0.0),
    Habit(present=0.3, changed=0.9, refused=0.1, timeless=0.1, late=0.9),
    Habit(present=0.8, changed=0.7, refused=0.5, timeless=0.5, late=0.5),
)


class _Item:
    """One key as it lives through the snapshots."""

    def __init__(self, chance: random.Random, number: int) -> None:
        self.chance = chance
        self.key = key_of(number)
        self.habit = chance.choice(HABITS)
        self.values = self._other_values()
        self.updated_at: datetime | None = chance.choice(CHANGES[:3])

    def _other_values(self) -> dict[str, Any]:
        return {name: self.chance.choice(of) for name, of in (("plan", PLANS), ("seats", SEATS), ("note", NOTES))}

    def records(self, at: datetime) -> list[dict[str, Any]]:
        """What the source lists of the key at a snapshot: mostly one record, none, or two that disagree."""
        if self.chance.random() >= self.habit.present:
            return []
        listed = [self._record(at)]
        if self.chance.random() < 0.08:
            listed.append(self._record(at))
        return listed

    def _record(self, at: datetime) -> dict[str, Any]:
        if self.chance.random() < self.habit.changed:
            self.values |= {name: value for name, value in self._other_values().items() if self.chance.random() < 0.4}
            if self.chance.random() < 0.8:  # else the source forgets to say that it changed
                self.updated_at = at - timedelta(minutes=self.chance.choice((0, 1, 20)))
        if self.chance.random() < self.habit.late:
            self.updated_at = self.chance.choice(CHANGES)
        updated_at = None if self.chance.random() < self.habit.timeless else self.updated_at
        seats = "many" if self.chance.random() < self.habit.refused else self.values["seats"]
        name, region = self.key
        spelled = updated_at.isoformat() if updated_at else None
        return {"id": name, "region": region, **self.values, "seats": seats, "updated_at": spelled}


@dataclass(frozen=True)
class World:
    """Files, in runs, in the order in which they arrive."""

    seed: int
    runs: tuple[tuple[LandingFile, ...], ...]

    @property
    def files(self) -> tuple[LandingFile, ...]:
        return tuple(file for run in self.runs for file in run)


@cache
def world(seed: int, *, in_order: bool = False) -> World:
    """The world of a seed: always the same files in the same runs.

    Args:
        seed: For the random numbers.
        in_order: Snapshots arrive in the order of their times, a part of one and the copies later; else in any order.
    """
    chance = random.Random(seed)
    items = [_Item(chance, number) for number in range(KEYS)]
    files = [file for at in SNAPSHOTS for file in _files_of(chance, at, items)]
    files.append(
        _file(ONLY_REFUSED, "refused", [item._record(ONLY_REFUSED) | {"seats": "many"} for item in items[::9]])
    )
    files.append(_file(WITHOUT_RECORDS, "empty", []))
    copies = [_copied(chance, file) for file in chance.sample(files, 3)]
    return World(seed, _in_order(chance, files, copies) if in_order else _shuffled(chance, files + copies))


def _shuffled(chance: random.Random, files: list[LandingFile]) -> tuple[tuple[LandingFile, ...], ...]:
    chance.shuffle(files)
    cuts = sorted(chance.sample(range(1, len(files)), RUNS - 1))
    return tuple(tuple(files[begin:end]) for begin, end in pairwise([0, *cuts, len(files)]))


def _in_order(
    chance: random.Random, files: list[LandingFile], copies: list[LandingFile]
) -> tuple[tuple[LandingFile, ...], ...]:
    starts = [SNAPSHOTS[number] for number in sorted(chance.sample(range(1, len(SNAPSHOTS)), RUNS - 1))]
    runs: list[list[LandingFile]] = [[] for _ in range(RUNS)]
    late = chance.choice([file for file in files if file.name.endswith("part_1")])
    for file in [*files, *copies]:
        run = sum(start <= file.snapshot_at for start in starts)
        is_late = file is late or file in copies
        runs[chance.randint(run, RUNS - 1) if is_late else run].append(file)
    return tuple(tuple(run) for run in runs)


def _files_of(chance: random.Random, at: datetime, items: list[_Item]) -> list[LandingFile]:
    parts: tuple[list[Any], list[Any]] = ([], [])
    splits = chance.random() < 0.5
    for item in items:
        for record in item.records(at):
            parts[splits and chance.random() < 0.5].append(record)
    parts[0].append({"id": None, "plan": "of nobody"})
    return [_file(at, f"part_{number}", records) for number, records in enumerate(parts) if records]


def _file(at: datetime, part: str, records: list[Any]) -> LandingFile:
    return LandingFile("items", at, tuple(records), name=f"{SOURCE}/items/{at:%H%M%S}_{part}", source=SOURCE)


def _copied(chance: random.Random, file: LandingFile) -> LandingFile:
    """The same records of the same time under a name that sorts before or behind."""
    name = f"{SOURCE}/items/{chance.choice('0z')}_again_{file.name.rpartition('/')[2]}"
    return LandingFile(file.entity, file.snapshot_at, file.records, name=name, source=SOURCE)


def records_by_key(files: tuple[LandingFile, ...]) -> dict[Key, list[Seen]]:
    """What the oracle is told: every record under its key, refused ones without values."""
    found: dict[Key, list[Seen]] = {}
    for file in files:
        for row, record in enumerate(file.records, start=1):
            if record["id"] is None:
                continue
            is_refused = record["seats"] == "many"
            values = None if is_refused else {name: record[name] for name in ("plan", "seats", "note")}
            at = record["updated_at"]
            seen = Seen(file.snapshot_at, values, datetime.fromisoformat(at) if at else None, (file.path, row))
            found.setdefault((record["id"], record["region"]), []).append(seen)
    return found


def snapshots_of(files: tuple[LandingFile, ...]) -> set[datetime]:
    """The times at which the source was listed: those of its good records."""
    by_key = records_by_key(files)
    return {seen.at for of_key in by_key.values() for seen in of_key if seen.values is not None}
