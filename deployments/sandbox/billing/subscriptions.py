"""The life of one subscription: its terms as they are entered, changed, corrected and ended.

A month is the time between two renewals. What happens in a month happens once: the price moves at its beginning, then
the subscriber leaves, changes the plan or stays. The clerks are human: some changes are entered days later with the
time at which they took effect, and some starts are corrected, half of them without a new `updated_at`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, NamedTuple

from deployments.sandbox.billing.plans import MONTHLY, PLANS, YEARLY, list_price, months_later
from deployments.sandbox.billing.records import Shown, Terms, day_of, seconds_of
from deployments.sandbox.world.rng import Dice, Topic
from deployments.sandbox.world.timestamps import DAY, HISTORY_ENDS

_LAST_DAY: Final = day_of(HISTORY_ENDS)
_INTRODUCTION_MONTHS: Final = 3
_PRICE_HOLDS_MONTHS: Final = 12


@dataclass
class Subscription:
    """One subscription from beginning to end.

    Attributes:
        subscription_id: its id, never used again.
        number: which one of the customer's, from 0.
        period: `monthly` or `yearly`.
        first_day: the day of its first payment, whatever is corrected later.
        last_day: the last day it covers; None if it never ends.
        shown: what the export shows of it.
        prices: cents, each from a day on.
    """

    subscription_id: str
    number: int
    period: str
    first_day: int
    last_day: int | None = None
    shown: Shown[Terms] = field(default_factory=Shown)
    prices: Shown[int] = field(default_factory=Shown)

    def covers(self, day: int) -> bool:
        """Whether it is paid for on a day."""
        return self.first_day <= day and (self.last_day is None or day <= self.last_day)


class Ending(NamedTuple):
    """Why a subscription is over: the plan that follows at once (None: nothing), and when that was entered."""

    day: int
    at: int
    seen_at: int
    next_plan: int | None


class PlanChange(NamedTuple):
    """Another plan within the same subscription."""

    at: int
    seen_at: int
    plan: int


class _Throws(NamedTuple):
    """What chance says about one month."""

    leaves: float
    changes: float
    when: float
    second: float
    late: float
    how: float
    takes_back: float
    direction: float


@dataclass
class Career:
    """A subscription under way: `run` takes it through its months."""

    dice: Dice
    index: int
    plan: int
    subscription: Subscription
    plan_changes: list[PlanChange] = field(default_factory=list)

    def run(self, entered_at: int) -> Ending | None:
        """Enter the subscription and live it to its end; None if it never ends."""
        self._begin(entered_at)
        own, month = self.subscription, 0
        while (renewal := months_later(own.first_day, month + 1)) < _LAST_DAY:
            begins = months_later(own.first_day, month)
            self._move_price(month, begins)
            throws = _Throws(*self.dice.throw(Topic.RENEWAL, self.index, own.number, month))
            ending = self._live_month(month, begins, renewal, throws)
            if ending:
                own.last_day = ending.day
                return ending
            month += 1
        return None

    def _begin(self, entered_at: int) -> None:
        own = self.subscription
        introduced, unstamped, corrected, days, by, silent, *_ = self.dice.throw(
            Topic.START_CORRECTION, self.index, own.number
        )
        self.is_introduced = own.period == MONTHLY and introduced < 0.12
        full = list_price(self.plan, own.period, own.first_day)
        cents = (full + 1) // 2 if self.is_introduced else full
        updated_at = None if unstamped < 0.002 else entered_at
        own.prices.show(own.first_day, cents)
        own.shown.show(entered_at, Terms(own.first_day, None, cents, updated_at))
        if corrected < 0.06:
            at = entered_at + int((1 + 20 * days) * DAY)
            terms = own.shown.newest._replace(start_day=own.first_day - 1 - int(3 * by))
            own.shown.show(at, terms if silent < 0.5 else terms._replace(updated_at=at))

    def _move_price(self, month: int, begins: int) -> None:
        """The introduction ends after three months; a price holds for a year, then it is the list's."""
        ends_introduction = self.is_introduced and month == _INTRODUCTION_MONTHS
        if ends_introduction or (month and month % _PRICE_HOLDS_MONTHS == 0):
            price_of = self.subscription.first_day if ends_introduction else begins
            self._set_price(begins, list_price(self.plan, self.subscription.period, price_of), 1_800, 0)

    def _set_price(self, day: int, cents: int, second: int, days_late: int) -> None:
        own = self.subscription
        if cents == own.prices.newest:
            return
        at = seconds_of(day, second)
        own.prices.show(day, cents)
        own.shown.show(at + days_late * DAY, own.shown.newest._replace(cents=cents, updated_at=at))

    def _live_month(self, month: int, begins: int, renewal: int, throws: _Throws) -> Ending | None:
        day = begins + 1 + int(throws.when * (renewal - begins - 1))
        second = int(throws.second * DAY)
        days_late = 1 + int(throws.late * 40) if throws.late < 0.12 else 0
        if throws.leaves < self._chance_to_leave(month):
            return self._cancel(day, second, days_late, renewal - 1, throws)
        if self.subscription.period == MONTHLY and throws.changes < 0.035:
            return self._change_plan(day, second, days_late, throws)
        return None

    def _chance_to_leave(self, month: int) -> float:
        if self.subscription.period == YEARLY:
            return 0.3 if month % 12 == 11 else 0.0
        return 0.055 if month < 3 else 0.035

    def _cancel(self, day: int, second: int, days_late: int, paid_until: int, throws: _Throws) -> Ending | None:
        """Most leave at the end of what they paid for, some at once; some think better of it within days."""
        own, at = self.subscription, seconds_of(day, second)
        end_day = day if throws.how < 0.2 else paid_until
        seen_at = at + days_late * DAY
        own.shown.show(seen_at, own.shown.newest._replace(end_day=end_day, updated_at=at))
        if throws.takes_back < 0.25 and end_day - day > 4:
            back_at = own.shown.since[-1] + int((1 + throws.direction * 2) * DAY)
            own.shown.show(back_at, own.shown.newest._replace(end_day=None, updated_at=back_at))
            return None
        return Ending(end_day, at, own.shown.since[-1], None)

    def _change_plan(self, day: int, second: int, days_late: int, throws: _Throws) -> Ending | None:
        """Another plan: mostly in the same subscription, for some by ending it and beginning another the next day."""
        plan = min(max(self.plan + (1 if throws.direction < 0.62 else -1), 0), len(PLANS) - 1)
        if plan == self.plan:
            return None
        own, at = self.subscription, seconds_of(day, second)
        if throws.how < 0.25:
            own.shown.show(at + days_late * DAY, own.shown.newest._replace(end_day=day, updated_at=at))
            return Ending(day, at, own.shown.since[-1], plan)
        self.plan = plan
        self._set_price(day, list_price(plan, own.period, day), second, days_late)
        self.plan_changes.append(PlanChange(at, own.shown.since[-1], plan))
        return None
