"""Activities and active periods for the tests of growth and retention. The weeks of September 2023 begin on the 4th."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any


def september(day: int) -> date:
    """The day of September 2023; 0 and less are days of August, more than 30 of October."""
    return date(2023, 9, 1) + timedelta(days=day - 1)


def did(customer: str | None, activity: str, day: date, **values: Any) -> dict[str, Any]:
    """An activity at noon of the day, without features."""
    row = {"customer": customer, "activity": activity, "ts": datetime.combine(day, time(12)), "activity_occurrence": 1}
    row = row | values
    row["person"] = customer or row["anonymous_customer_id"]
    return {"activity_id": "/".join(str(row[name]) for name in ("person", "activity", "ts")), **row}


def was_active(person: str, period: str, *starts: date, kind: str = "streamer") -> list[dict[str, Any]]:
    """A customer's active periods of one kind as int_customer_periods has them: one act in each, one stream of each."""
    neighbours = zip([None, *starts], starts, [*starts[1:], None], strict=False)
    return [
        {
            "customer_kind": kind,
            "person": person,
            "period": period,
            "period_start": start,
            "cohort_start": starts[0],
            "previous_start": before,
            "next_start": after,
            "activity_count": 1,
            "stream_count": 1 if kind == "streamer" else None,
        }
        for before, start, after in neighbours
    ]
