"""What billing's marts must hold, computed in plain Python from histories and staged rows, without transforms/.

Written from SEMANTICS §5, day by day and month by month: slow, and easy to follow.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

Row = Mapping[str, Any]
Series = dict[date, Decimal]
MONTHS = {None: 1, "monthly": 1, "quarterly": 3, "half-yearly": 6, "yearly": 12, "annual": 12, "weekly": 12}
NOTHING, CENT = Decimal(0), Decimal("0.01")


def next_month(month: date) -> date:
    """The first day of the month after."""
    return (month.replace(day=1) + timedelta(days=32)).replace(day=1)


def grouped(rows: Iterable[Row], *names: str) -> dict[Any, list[Row]]:
    """The rows by the values of those columns."""
    found: dict[Any, list[Row]] = defaultdict(list)
    for row in rows:
        found[row[names[0]] if len(names) == 1 else tuple(row[name] for name in names)].append(row)
    return found


def newest(rows: Iterable[Row], *key: str) -> list[Row]:
    """Of each key the row that was delivered last."""
    return [max(of_key, key=lambda row: row["snapshot_at"]) for of_key in grouped(rows, *key).values()]


def version_at(versions: list[Row], before: datetime) -> Row | None:
    """The version that held just before a time: the last that had begun, or the first of all."""
    begun = [version for version in versions if version["valid_from"] < before]
    if begun:
        return max(begun, key=lambda version: version["valid_from"])
    return min(versions, key=lambda version: version["valid_from"], default=None)


def subscription_months(history: Iterable[Row], current_month: date) -> dict[tuple[str, date], tuple[Any, ...]]:
    """(user, version key, mrr) of every subscription and month."""
    found = {}
    for subscription, versions in grouped(history, "subscription_id").items():
        there = [version for version in versions if not version["is_deleted"]]
        last = max(there, key=lambda version: version["valid_from"])
        for month in {day.replace(day=1) for day in _days_there(there, last, current_month)}:
            version = version_at(there, datetime.combine(next_month(month), time()))
            assert version is not None
            price = version["monthly_price"] * (52 if version["billing_period"] == "weekly" else 1)
            mrr = (price / MONTHS[version["billing_period"]]).quantize(CENT, ROUND_HALF_UP)
            if not _is_active_at_end(there, last, month, current_month):
                mrr = NOTHING.quantize(CENT)
            found[subscription, month] = (last["user_key"], version["version_key"], mrr)
    return found


def _is_active_at_end(there: list[Row], last: Row, month: date, current_month: date) -> bool:
    """Whether the subscription exists and its period runs at the month's end, of the newest month when seen last."""
    judged_on = next_month(month) - timedelta(days=1)
    before = datetime.combine(next_month(month), time())
    if month == current_month:
        judged_on = max(month, min(judged_on, last["observed_at_last"].date()))
    first = min(version["valid_from"] for version in there)
    exists = any(
        (version["valid_from"] == first or version["valid_from"] < before)
        and (version["valid_to"] is None or version["valid_to"] >= before)
        for version in there
    )
    return exists and last["start_date"] <= judged_on <= (last["end_date"] or date.max)


def _days_there(there: list[Row], last: Row, current_month: date) -> Iterable[date]:
    """Days of the subscription's period on which it existed for a moment at least."""
    first = min(version["valid_from"] for version in there)
    day, end = last["start_date"], min(last["end_date"] or date.max, next_month(current_month) - timedelta(days=1))
    while day <= end:
        midnight = datetime.combine(day, time())
        if any(
            (version["valid_from"] == first or version["valid_from"] < midnight + timedelta(days=1))
            and (version["valid_to"] is None or version["valid_to"] > midnight)
            for version in there
        ):
            yield day
        day += timedelta(days=1)


def movements(series: Series, current_month: date) -> dict[date, tuple[str, Decimal, Decimal]]:
    """(movement, opening, closing) of the months of one entity."""
    found: dict[date, tuple[str, Decimal, Decimal]] = {}
    opening, had_any = NOTHING, False
    month = min(series, default=next_month(current_month))
    while month <= current_month:
        closing = series.get(month, NOTHING)
        if closing and not opening:
            found[month] = ("reactivation" if had_any else "new", opening, closing)
        elif opening and not closing:
            found[month] = ("churn", opening, closing)
        elif opening:
            rose = "expansion" if closing > opening else "contraction"
            found[month] = (rose if closing != opening else "unchanged", opening, closing)
        opening, had_any, month = closing, had_any or closing > 0, next_month(month)
    return found


def series_of(months: Mapping[tuple[str, date], tuple[Any, ...]]) -> dict[tuple[str, str], Series]:
    """Revenue by month of every subscription and of every customer."""
    found: dict[tuple[str, str], Series] = defaultdict(lambda: defaultdict(Decimal))
    for (subscription, month), (user, _, mrr) in months.items():
        found["subscription", subscription][month] += mrr
        found["customer", user][month] += mrr
    return found


def balances(
    moved: Mapping[tuple[str, str], Mapping[date, tuple[str, Decimal, Decimal]]],
) -> dict[tuple[str, date], dict[str, Any]]:
    """Sums and counts per grain and month with movements."""
    found: dict[tuple[str, date], dict[str, Any]] = defaultdict(lambda: defaultdict(Decimal))
    names = {"churn": "churned"}
    for (grain, _), of_entity in moved.items():
        for month, (movement, opening, closing) in of_entity.items():
            cell = found[grain, month]
            cell["opening_mrr"] += opening
            cell["closing_mrr"] += closing
            cell["active_count"] += closing > 0
            if movement != "unchanged":
                cell[f"{names.get(movement, movement)}_mrr"] += abs(closing - opening)
                cell[f"{names.get(movement, movement)}_count"] += 1
    return found
