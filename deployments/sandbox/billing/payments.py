"""Payments of a subscription: one on its day of each month (or year), with what goes wrong in a billing department."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from deployments.sandbox.billing.customers import Customer
from deployments.sandbox.billing.plans import MONTHLY, months_between, months_later
from deployments.sandbox.billing.records import Shown, seconds_of
from deployments.sandbox.billing.subscriptions import Subscription
from deployments.sandbox.world.rng import Dice, Topic
from deployments.sandbox.world.timestamps import DAY

LONGEST_DELAY_DAYS: Final = 14
"""No payment or refund is dated later than so many days after the day on which it was due."""


class Payment(NamedTuple):
    """A payment or, if negative, a refund; `cents` is what the export shows from a time on."""

    payment_id: str
    user_id: str
    day: int
    cents: Shown[int]


def payments_of(dice: Dice, customer: Customer, first: int, last: int) -> Iterator[Payment]:
    """Yield the payments and refunds of a customer that are dated from one day to another, both included."""
    for subscription in customer.subscriptions:
        if subscription.first_day > last:
            return
        due_until = last if subscription.last_day is None else min(subscription.last_day, last)
        due_from = max(first - LONGEST_DELAY_DAYS, subscription.first_day)
        step = 1 if subscription.period == MONTHLY else 12
        month = months_between(subscription.first_day, due_from) // step * step
        while (due := months_later(subscription.first_day, month)) <= due_until:
            for payment in _settle(dice, customer, subscription, month, due):
                if first <= payment.day <= last:
                    yield payment
            month += step


def _settle(dice: Dice, customer: Customer, own: Subscription, month: int, due: int) -> Iterator[Payment]:
    """Yield what comes of one due payment: nothing, a payment, or a payment and its refund."""
    kind, second, delay, wrong, days, refund, part, nobody = dice.throw(
        Topic.PAYMENT, customer.index, own.number, month
    )
    if kind < 0.012:
        return
    number = f"{own.subscription_id[1:]}{month:03}"
    day = due + (1 + int(4 * delay) if kind < 0.022 else 0)
    price = own.prices.at(due) or own.prices.values[0]
    user_id = "" if nobody < 0.006 else customer.user_id
    entered_at = seconds_of(day, int(second * DAY)) + (int((1 + 3 * delay) * DAY) if kind > 0.98 else 0)
    cents: Shown[int] = Shown()
    if wrong < 0.012:
        cents.show(entered_at, price + (100 if wrong < 0.006 else -99))
        cents.show(entered_at + int((1 + days) * DAY), price)
    else:
        cents.show(entered_at, price)
    yield Payment(f"P{number}", user_id, day, cents)
    if refund < 0.012:
        refunded: Shown[int] = Shown()
        refund_day = day + 1 + int(8 * days)
        refunded.show(seconds_of(refund_day, int(part * DAY)), -(price if part < 0.7 else price // 2))
        yield Payment(f"R{number}", user_id, refund_day, refunded)
