"""Viewing activity: the hours that a customer watched on a day, in hundredths."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

from deployments.sandbox.billing.customers import Customer
from deployments.sandbox.billing.records import seconds_of
from deployments.sandbox.world.rng import Dice, Topic
from deployments.sandbox.world.timestamps import DAY

_MOST: Final = 1_600
_DAYS_PER_THROW: Final = 4
_WEEKDAYS: Final = (0.85, 0.82, 0.84, 0.88, 1.0, 1.2, 1.22)


class Viewing(NamedTuple):
    """A row of viewing_activity.csv: what it shows, from when on, and what it was corrected to."""

    user_id: str
    hundredths: int
    seen_at: int
    corrected_at: int | None
    corrected: int

    def at(self, at: int) -> int | None:
        """Return the hundredths of an hour that an export of that time shows."""
        if at < self.seen_at:
            return None
        return self.corrected if self.corrected_at is not None and at >= self.corrected_at else self.hundredths


def viewing_of(dice: Dice, customer: Customer, day: int) -> Viewing | None:
    """Return what a customer watched on a day on which a subscription covers it."""
    habit = dice.throw(Topic.VIEWING, customer.index, -1)
    throw = dice.throw(Topic.VIEWING, customer.index, day // _DAYS_PER_THROW)
    place = day % _DAYS_PER_THROW * 2
    weekday = _WEEKDAYS[(day - 1) % 7]
    if throw[place] >= (0.15 + 0.75 * habit[0]) * weekday:
        return None
    length = throw[place + 1]
    hundredths = min(int(-math.log(1 - length) * (60 + 260 * habit[1]) * weekday), _MOST)
    luck = throw[place] * 4_096 % 1
    next_day = seconds_of(day + 1)
    if luck < 0.01:
        return Viewing(customer.user_id, hundredths, next_day + int(luck * 300 * DAY), None, 0)
    if luck < 0.03:
        more = min(hundredths + 25 + int(length * 150), _MOST)
        return Viewing(customer.user_id, hundredths, next_day, next_day + int(luck * 150 * DAY), more)
    return Viewing(customer.user_id, hundredths, next_day, None, 0)
