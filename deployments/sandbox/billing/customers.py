"""The customers: accounts, their subscriptions one after the other, and when the system shows them at all."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

from deployments.sandbox.billing.plans import MONTHLY, OPENED, PLAN_WHEEL, YEARLY
from deployments.sandbox.billing.records import Account, Shown, Terms, day_of, seconds_of, stamp
from deployments.sandbox.billing.subscriptions import Career, PlanChange, Subscription
from deployments.sandbox.world.locales import ORIGIN_WHEEL, ORIGINS
from deployments.sandbox.world.rng import Dice, Topic
from deployments.sandbox.world.timestamps import DAY, HISTORY_ENDS

_MOST_SUBSCRIPTIONS: Final = 9
_OPENING_SHARE: Final = 0.15
_OPENING_DAYS: Final = 12
_GROWTH: Final = 1.2
_FIRST_SPAN: Final = 426 * DAY  # from OPENED to the sandbox's first day
_OPENED_AT: Final = seconds_of(OPENED.toordinal())
_MONTH: Final = 30 * DAY


@dataclass
class Customer:
    """One customer; what changes over time is asked for with a time (seconds since 1970).

    Attributes:
        index: number of the customer, from 0, in the order of joining.
        user_id: the id of the account.
        joined_at: when the account was made.
        account: what users.csv shows of it.
        subscriptions: all subscriptions there will ever be, in order.
        absences: half-open spans in which the system shows neither account nor subscriptions.
    """

    index: int
    user_id: str
    joined_at: int
    account: Shown[Account] = field(default_factory=Shown)
    subscriptions: list[Subscription] = field(default_factory=list)
    absences: list[tuple[int, int]] = field(default_factory=list)
    is_withheld: bool = False

    def account_at(self, at: int) -> Account | None:
        """Return the row of users.csv, if it is there."""
        return None if self.is_withheld or self.is_absent(at) else self.account.at(at)

    def terms_at(self, subscription: Subscription, at: int) -> Terms | None:
        """Return the row of a subscription of this customer, if it is there."""
        return None if self.is_absent(at) else subscription.shown.at(at)

    def is_absent(self, at: int) -> bool:
        """Whether the system shows nothing of the customer."""
        return any(start <= at < end for start, end in self.absences)

    def is_covered(self, day: int) -> bool:
        """Whether the customer may watch on a day."""
        return any(subscription.covers(day) for subscription in self.subscriptions)


def count_joined(at: int, customers: int) -> int:
    """Count those who have been given a place by then: a rush at the opening, then ever more a month."""
    elapsed = max(at - _OPENED_AT, 0) / _FIRST_SPAN
    return math.ceil(customers * (_OPENING_SHARE + (1 - _OPENING_SHARE) * math.pow(elapsed, _GROWTH))) + 1


def join(dice: Dice, index: int, customers: int) -> Customer:
    """Return the customer of that number, with everything that will ever happen to the account.

    Args:
        dice: chance.
        index: number of the customer.
        customers: how many have joined by the sandbox's first day; it sets how fast they come.
    """
    luck, plan, period, where, written, row_late, withheld, trial = dice.throw(Topic.SUBSCRIBER, index)
    share = (index / customers - _OPENING_SHARE) / (1 - _OPENING_SHARE)
    place = _FIRST_SPAN * share ** (1 / _GROWTH) if share > 0 else 0.0
    joined_at = _OPENED_AT + int(place + luck * DAY * (1.5 if share > 0 else _OPENING_DAYS))
    customer = Customer(index, f"U{index + 1:06}", joined_at, is_withheld=withheld < 0.003)
    first_day = day_of(joined_at) + (14 if trial < 0.08 else 0)
    changes = _subscribe(dice, customer, PLAN_WHEEL.pick(plan), YEARLY if period < 0.12 else MONTHLY, first_day)
    _leave_gaps(dice, customer)
    country = _spell_name(ORIGINS[ORIGIN_WHEEL.pick(where)].country, written)
    seen_at = joined_at + (int((1 + row_late * 60) * DAY) if row_late < 0.05 else 0)
    _keep_account(
        dice, customer, Account(country, day_of(joined_at), PLAN_WHEEL.pick(plan), joined_at), seen_at, changes
    )
    return customer


def _subscribe(dice: Dice, customer: Customer, plan: int, period: str, first_day: int) -> list[PlanChange]:
    """Return all subscriptions of a customer; the changes of plan that the account goes through."""
    changes: list[PlanChange] = []
    entered_at = customer.joined_at
    for number in range(_MOST_SUBSCRIPTIONS):
        own = Subscription(f"S{(customer.index + 1) * 10 + number:07}", number, period, first_day)
        career = Career(dice, customer.index, plan, own)
        ending = career.run(entered_at)
        customer.subscriptions.append(own)
        changes += career.plan_changes
        if ending is None:
            return changes
        if ending.next_plan is not None:
            plan, first_day, entered_at = ending.next_plan, ending.day + 1, ending.seen_at
            changes.append(PlanChange(ending.at, ending.seen_at, plan))
            continue
        plan = career.plan
        comes_back, days, second, erased, until_erased, *_ = dice.throw(Topic.REJOIN, customer.index, number)
        if comes_back < 0.25:
            first_day = ending.day + 5 + int(150 * days)
            entered_at = max(seconds_of(first_day, int(second * DAY)), ending.seen_at)
            continue
        if erased < 0.2:
            # some who left have everything about them deleted within weeks
            gone_at = max(seconds_of(ending.day + 1), ending.seen_at) + int((1 + 30 * until_erased) * DAY)
            customer.absences.append((gone_at, HISTORY_ENDS))
        return changes
    return changes


def _leave_gaps(dice: Dice, customer: Customer) -> None:
    """Accounts are suspended and vanish for days; what comes back is as it was, for some with a new `updated_at`."""
    gone_for_good = min((start for start, _ in customer.absences), default=HISTORY_ENDS)
    for number, at in enumerate(_choose_moments(dice, Topic.SUSPENSION, customer, 90)):
        length, *_ = dice.throw(Topic.SUSPENSION, customer.index, 1, number)
        back_at = at + int((1.1 + 5 * length) * DAY)
        if back_at < gone_for_good:
            customer.absences.append((at, back_at))


def _keep_account(
    dice: Dice, customer: Customer, account: Account, seen_at: int, plan_changes: list[PlanChange]
) -> None:
    """What users.csv shows: the plan follows the subscriptions, people move, a return may be stamped."""
    steps: list[tuple[int, int, dict[str, object]]] = [(c.at, c.seen_at, {"plan": c.plan}) for c in plan_changes]
    for number, at in enumerate(_choose_moments(dice, Topic.MOVE, customer, 160)):
        where, *_ = dice.throw(Topic.MOVE, customer.index, 1, number)
        steps.append((at, at, {"country": ORIGINS[ORIGIN_WHEEL.pick(where)].country}))
    for _, back_at in customer.absences:
        stamped, *_ = dice.throw(Topic.SUSPENSION, customer.index, 3, back_at)
        if back_at < HISTORY_ENDS and stamped < 0.4:
            steps.append((back_at, back_at, {}))
            for subscription in customer.subscriptions:
                stamp(subscription.shown, back_at)
    customer.account.show(seen_at, account)
    for at, step_seen_at, values in sorted(steps, key=lambda step: step[1]):
        account = account._replace(**values, updated_at=at)  # type: ignore[arg-type]
        customer.account.show(step_seen_at, account)


def _choose_moments(dice: Dice, topic: int, customer: Customer, mean_months: float) -> list[int]:
    """Times at random (exponential gaps) in the life of an account."""
    found: list[int] = []
    at = float(customer.joined_at + 2 * DAY)
    while True:
        chance, *_ = dice.throw(topic, customer.index, 2, len(found))
        at += max(10 * DAY, -math.log(1 - chance) * mean_months * _MONTH)
        if at >= HISTORY_ENDS:
            return found
        found.append(int(at))


def _spell_name(country: str, chance: float) -> str:
    """Mostly as it should be; some were typed by hand."""
    if chance < 0.015:
        return country.lower()
    if chance < 0.02:
        return f" {country}"
    return country.title() if chance < 0.025 else country
