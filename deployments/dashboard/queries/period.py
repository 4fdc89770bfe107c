"""What queries are given: something that runs statements, and the days they are about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

Run = Callable[..., pd.DataFrame]
_MOST_POINTS_HOURS, _HOURLY_DAYS = 72, 31


@dataclass(frozen=True)
class Period:
    """UTC days, the first and the last one included."""

    first: date
    last: date

    @property
    def bounds(self) -> tuple[date, date]:
        """The first moment included, and the first one not included."""
        return self.first, self.last + timedelta(days=1)

    @property
    def months(self) -> tuple[date, date]:
        """First days of the months of the first and of the last day."""
        return self.first.replace(day=1), self.last.replace(day=1)

    def begin_of(self, kind: str) -> date:
        """Return the first day of the day, week (from Monday) or month that the first day lies in."""
        if kind == "month":
            return self.first.replace(day=1)
        return self.first - timedelta(days=self.first.weekday()) if kind == "week" else self.first


def bucket(column: str, hours: float) -> str:
    """Return what to group times by, so that a chart has as many points as it can show.

    Args:
        column: A column of times, as these modules write it.
        hours: Length of what is shown: up to three days every time by itself, up to a month the hour, else the day.
    """
    if hours <= _MOST_POINTS_HOURS:
        return column
    return f"DATE_TRUNC('{'hour' if hours <= _HOURLY_DAYS * 24 else 'day'}', {column})"


def hours_of(period: Period) -> float:
    """Return the length of a period in hours."""
    first, end = period.bounds
    return (end - first).days * 24
