"""The billing system's daily deliveries: four CSV files that show it as it is at midnight.

Users and subscriptions are whole in each delivery. Payments and viewing activity are those of the last seven days, with
what was corrected in them since; a first delivery can hold all of them.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Final

from deployments.sandbox.billing.customers import Customer, count_joined, join
from deployments.sandbox.billing.payments import payments_of
from deployments.sandbox.billing.plans import OPENED, PLANS
from deployments.sandbox.billing.records import day_of, seconds_of
from deployments.sandbox.billing.viewing import Viewing, viewing_of
from deployments.sandbox.world.rng import Dice
from deployments.sandbox.world.timestamps import epoch, iso
from deployments.sandbox.world.world import World

DEFAULT_CUSTOMERS: Final = 2_000
WINDOW_DAYS: Final = 7
"""So many days before a delivery are in its payments and viewing activity."""

_USERS: Final = ("user_id", "country", "signup_date", "plan_type", "updated_at")
_SUBSCRIPTIONS: Final = (
    *("subscription_id", "user_id", "start_date", "end_date", "monthly_price", "billing_period", "updated_at"),
)
_PAYMENTS: Final = ("payment_id", "user_id", "payment_date", "amount")
_VIEWING: Final = ("user_id", "watch_date", "hours_watched")
Row = tuple[str, ...]


class BillingView:
    """The billing system of a world, which follows from the world's seed and the number of customers.

    Args:
        world: its seed is what counts.
        customers: how many have joined by 2026-11-01; the platform opened on 2025-09-01 and keeps growing.

    Raises:
        ValueError: there would be no customer.
    """

    def __init__(self, world: World, customers: int = DEFAULT_CUSTOMERS) -> None:
        if customers < 1:
            raise ValueError(f"customers is how many there are, at least 1; found {customers}")
        self._dice = Dice(world.seed)
        self._count = customers
        self._customers: list[Customer] = []
        self._watched = lru_cache(maxsize=WINDOW_DAYS * 2)(self._watch)

    def files(self, at: datetime, *, everything: bool = False) -> dict[str, str]:
        """Return the delivery of a day.

        Args:
            at: a time of the day; a delivery shows the system at its midnight, so that all it holds is of days before.
            everything: all payments and viewing activity since the opening instead of those of seven days.

        Returns:
            The text of each file by its name, `users_20261101.csv` and so on.

        Raises:
            ValueError: the platform had not opened before that day.
        """
        day = day_of(epoch(at))
        if day <= OPENED.toordinal():
            raise ValueError(f"the billing system opened on {OPENED}: its first delivery is of the day after")
        first = OPENED.toordinal() if everything else max(day - WINDOW_DAYS, OPENED.toordinal())
        midnight, stamp = seconds_of(day), f"{date.fromordinal(day):%Y%m%d}"
        return {
            f"users_{stamp}.csv": _to_csv(_USERS, self._list_users(midnight)),
            f"subscriptions_{stamp}.csv": _to_csv(_SUBSCRIPTIONS, self._list_subscriptions(midnight)),
            f"payments_{stamp}.csv": _to_csv(_PAYMENTS, self._list_payments(midnight, first, day - 1)),
            f"viewing_activity_{stamp}.csv": _to_csv(_VIEWING, self._list_viewing(midnight, first, day - 1)),
        }

    def customers(self, at: int) -> list[Customer]:
        """Return the customers that may have joined by a time."""
        count = count_joined(at, self._count)
        while len(self._customers) < count:
            self._customers.append(join(self._dice, len(self._customers), self._count))
        return self._customers[:count]

    def _list_users(self, at: int) -> Iterator[Row]:
        for customer in self.customers(at):
            account = customer.account_at(at)
            if account:
                signup_date, plan = _format_date(account.signup_day), PLANS[account.plan].name
                yield customer.user_id, account.country, signup_date, plan, iso(account.updated_at)

    def _list_subscriptions(self, at: int) -> Iterator[Row]:
        for customer in self.customers(at):
            for own in customer.subscriptions:
                terms = customer.terms_at(own, at)
                if terms:
                    yield (
                        own.subscription_id,
                        customer.user_id,
                        _format_date(terms.start_day),
                        "" if terms.end_day is None else _format_date(terms.end_day),
                        _format_amount(terms.cents),
                        own.period,
                        "" if terms.updated_at is None else iso(terms.updated_at),
                    )

    def _list_payments(self, at: int, first: int, last: int) -> Iterator[Row]:
        found = [
            (payment.day, payment.payment_id, payment.user_id, cents)
            for customer in self.customers(at)
            for payment in payments_of(self._dice, customer, first, last)
            if (cents := payment.cents.at(at)) is not None
        ]
        for day, payment_id, user_id, cents in sorted(found):
            yield payment_id, user_id, _format_date(day), _format_amount(cents)

    def _list_viewing(self, at: int, first: int, last: int) -> Iterator[Row]:
        for day in range(first, last + 1):
            watched = self._watched(day) if last - day < WINDOW_DAYS else self._watch(day)
            watch_date = _format_date(day)
            for viewing in watched:
                hundredths = viewing.at(at)
                if hundredths is not None:
                    yield viewing.user_id, watch_date, _format_amount(hundredths)

    def _watch(self, day: int) -> list[Viewing]:
        covered = (customer for customer in self.customers(seconds_of(day + 1)) if customer.is_covered(day))
        found = (viewing_of(self._dice, customer, day) for customer in covered)
        return [viewing for viewing in found if viewing]


def write_billing_deliveries(
    world: World,
    folder: Path,
    first: date,
    days: int,
    *,
    customers: int = DEFAULT_CUSTOMERS,
    everything_first: bool = True,
    on_day: Callable[[int], None] = lambda day: None,
) -> list[Path]:
    """Write daily deliveries into a folder.

    Args:
        world: whose billing system.
        folder: where the files go; made if it is not there. A file that is there is replaced in one step.
        first: the day of the first delivery.
        days: how many.
        customers: see BillingView.
        everything_first: the first one holds all payments and viewing activity since the opening.
        on_day: called with the number of each delivery that is written, from 0.

    Returns:
        The files, in the order of their days.

    Raises:
        ValueError: the platform had not opened before the first day.
    """
    folder.mkdir(parents=True, exist_ok=True)
    view = BillingView(world, customers)
    written: list[Path] = []
    for number in range(days):
        at = datetime(first.year, first.month, first.day, tzinfo=UTC) + timedelta(days=number)
        delivery = view.files(at, everything=everything_first and number == 0)
        written += [_write(folder / name, text) for name, text in delivery.items()]
        on_day(number)
    return written


def _write(path: Path, text: str) -> Path:
    part = path.with_name(f".{path.name}.part")
    part.write_text(text, encoding="utf-8", newline="")
    return part.replace(path)


def _to_csv(header: Row, rows: Iterable[Row]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()


@lru_cache(maxsize=4_096)
def _format_date(day: int) -> str:
    return date.fromordinal(day).isoformat()


def _format_amount(hundredths: int) -> str:
    sign, amount = ("-", -hundredths) if hundredths < 0 else ("", hundredths)
    return f"{sign}{amount // 100}.{amount % 100:02}"
