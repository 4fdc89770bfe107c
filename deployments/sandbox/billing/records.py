"""Rows of the billing system that change: what an export shows of them at a time."""

from __future__ import annotations

from bisect import bisect
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar

from deployments.sandbox.world.timestamps import DAY

Values = TypeVar("Values")
EPOCH_DAY = 719_163  # date(1970, 1, 1).toordinal()


def seconds_of(day: int, second: int = 0) -> int:
    """Return seconds since 1970 of a second of a day (an ordinal of `date`)."""
    return (day - EPOCH_DAY) * DAY + second


def day_of(at: int) -> int:
    """Return the day (an ordinal of `date`) that a time falls on."""
    return at // DAY + EPOCH_DAY


class Account(NamedTuple):
    """A row of users.csv."""

    country: str
    signup_day: int
    plan: int
    updated_at: int


class Terms(NamedTuple):
    """A row of subscriptions.csv; `end_day` None is open-ended, `updated_at` None is empty."""

    start_day: int
    end_day: int | None
    cents: int
    updated_at: int | None


@dataclass
class Shown(Generic[Values]):
    """The values that an export shows, each from a time on; nothing before the first."""

    since: list[int] = field(default_factory=list)
    values: list[Values] = field(default_factory=list)

    def show(self, since: int, values: Values) -> None:
        """Show other values from a time on; what was entered before is never shown later."""
        self.since.append(max(since, self.since[-1]) if self.since else since)
        self.values.append(values)

    @property
    def newest(self) -> Values:
        """The values entered last."""
        return self.values[-1]

    def at(self, at: int) -> Values | None:
        """Return what an export of that time shows."""
        place = bisect(self.since, at)
        return self.values[place - 1] if place else None


def stamp(shown: Shown[Terms], at: int) -> None:
    """Touch a row: from then on its `updated_at` is not older, with the same values."""
    place = bisect(shown.since, at)
    if not place:
        return
    shown.since.insert(place, at)
    shown.values.insert(place, shown.values[place - 1])
    for later in range(place, len(shown.values)):
        values = shown.values[later]
        shown.values[later] = values._replace(updated_at=max(values.updated_at or 0, at))
