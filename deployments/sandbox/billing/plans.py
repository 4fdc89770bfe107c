"""What a subscription costs, and on which days it is paid; money in whole cents, days as ordinals of `date`."""

from __future__ import annotations

import calendar
from datetime import date
from typing import Final, NamedTuple

from deployments.sandbox.world.rng import Wheel

OPENED: Final = date(2025, 9, 1)
"""The day on which the platform began to sell subscriptions: 14 months before the sandbox's first day."""

MONTHLY: Final = "monthly"
YEARLY: Final = "yearly"
_MONTHS_PAID_OF_A_YEAR: Final = 10


class Plan(NamedTuple):
    """A plan, its first monthly price and by how much that rises every May."""

    name: str
    cents: int
    rise_cents: int
    weight: float


PLANS: Final = (
    Plan("basic", 999, 100, 45),
    Plan("standard", 1399, 150, 38),
    Plan("premium", 1799, 200, 17),
)
PLAN_WHEEL: Final = Wheel([plan.weight for plan in PLANS])


def list_price(plan: int, period: str, day: int) -> int:
    """Return what a plan costs those who begin, or whose price is fixed anew, on a day."""
    on = date.fromordinal(day)
    rises = max(on.year - OPENED.year - (on.month < 5), 0)
    monthly = PLANS[plan].cents + rises * PLANS[plan].rise_cents
    return monthly if period == MONTHLY else monthly * _MONTHS_PAID_OF_A_YEAR


def months_later(day: int, months: int) -> int:
    """Return the same day of a later month, or the last day of a month that is too short."""
    on = date.fromordinal(day)
    years, month = divmod(on.month - 1 + months, 12)
    year = on.year + years
    return date(year, month + 1, min(on.day, calendar.monthrange(year, month + 1)[1])).toordinal()


def months_between(first: int, last: int) -> int:
    """Return how many calendar months lie between two days."""
    one, other = date.fromordinal(first), date.fromordinal(last)
    return (other.year - one.year) * 12 + other.month - one.month
