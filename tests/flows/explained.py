"""Numbers of marts computed once more from the raw records that an explanation names, without any of the tables."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

GAP_CAP = timedelta(minutes=45)  # three polls of the default interval
Record = Mapping[str, Any]
Key = Mapping[str, Any]


@dataclass(frozen=True)
class Case:
    """One number of one mart.

    Args:
        row: SQL condition on the mart; the first row that fulfils it is taken.
        expected: The number from raw records and the row's key.
    """

    row: str
    expected: Callable[[Sequence[Record], Key], Any]


def read_records(landing: Path, explanation: Mapping[str, Any]) -> list[Record]:
    """The records that an explanation names, each with its table and the time of its observation."""
    found: list[Record] = []
    for file in explanation["files"]:
        with gzip.open(landing / file["path"], "rt", encoding="utf-8") as lines:
            records = [json.loads(line) for line in lines]
        observed = {"_table": file["raw_table"], "_at": datetime.fromisoformat(file["snapshot_at"])}
        found += [{**records[row - 1], **observed} for row in file["rows"]]
    return found


def _hours(records: Sequence[Record], key: Key) -> float:
    """Viewer-hours of the samples, each holding until the stream's next one or the cap, within the key's day."""
    begin, end = datetime.min, datetime.max
    if "date_day" in key:
        begin = datetime.combine(datetime.fromisoformat(key["date_day"]), time())
        end = begin + timedelta(days=1)
    by_stream: dict[str, dict[datetime, Record]] = {}
    for record in records:
        by_stream.setdefault(record["id"], {})[record["_at"]] = record
    total = 0.0
    for samples in by_stream.values():
        moments = sorted(samples)
        for moment, following in zip(moments, moments[1:], strict=False):
            held = min(moment + GAP_CAP, following, end) - max(moment, begin)
            if held > timedelta() and key.get("game_id") in (None, samples[moment]["game_id"]):
                total += samples[moment]["viewer_count"] * held.total_seconds() / 3600
    return total


def _viewers(records: Sequence[Record], key: Key) -> int:
    return sum(
        record["viewer_count"] for record in records if record["_at"] == datetime.fromisoformat(key["snapshot_at"])
    )


def _revenue(records: Sequence[Record], key: Key) -> Decimal:
    newest: dict[str, Record] = {}
    for record in sorted(records, key=lambda one: one["_at"]):
        newest[record["payment_id"]] = record
    in_month = [one for one in newest.values() if one["payment_date"][:7] == key["year_month"][:7]]
    return sum((Decimal(one["amount"]) for one in in_month), Decimal(0))


def _watching_users(records: Sequence[Record], key: Key) -> int:
    watched = [one for one in records if one["_table"] == "raw_billing_viewing_activity"]
    return len({one["user_id"] for one in watched if one["watch_date"][:7] == key["year_month"][:7]})


def _new_mrr(records: Sequence[Record], key: Key) -> Decimal:
    """What the customers whose first subscription began in the month pay for a month of those that last to its end.

    Deliveries are younger than the month, so each subscription costs what the first one says.
    """
    month = datetime.fromisoformat(key["year_month"])
    last_day = ((month + timedelta(days=31)).replace(day=1) - timedelta(days=1)).date().isoformat()
    began, first, newest = dict[str, str](), dict[str, Record](), dict[str, Record]()
    for record in sorted(records, key=lambda one: one["_at"]):
        first.setdefault(record["subscription_id"], record)
        newest[record["subscription_id"]] = record
        began[record["user_id"]] = min(record["start_date"][:7], began.get(record["user_id"], "9999-99"))
    months = {"monthly": Decimal(1), "yearly": Decimal(12), "weekly": Decimal(12) / 52}
    return sum(
        (
            round(Decimal(first[name]["monthly_price"]) / months[first[name]["billing_period"]], 2)
            for name, one in newest.items()
            if began[one["user_id"]] == f"{month:%Y-%m}" and one["start_date"] <= last_day <= (one["end_date"] or "~")
        ),
        Decimal(0),
    )


def _first_starts(records: Sequence[Record]) -> dict[tuple[str, str], list[str]]:
    """Streamer -> days on which broadcasts began, by the polls and by the live logs."""
    days: dict[tuple[str, str], list[str]] = {}
    names = {"raw_twitch_streams": ("user_id", "started_at"), "raw_livelogs_streams": ("userID", "beginTime")}
    for record in records:
        if record["_table"] in names:
            streamer, began = (record[name] for name in names[record["_table"]])
            days.setdefault((record["_table"], streamer), []).append(began[:10])
    return days


def _active_streamers(records: Sequence[Record], key: Key) -> int:
    return sum(key["period_start"][:10] in days for days in _first_starts(records).values())


def _cohort(records: Sequence[Record], key: Key) -> int:
    return sum(min(days) == key["cohort_start"][:10] for days in _first_starts(records).values())


_STREAMERS_PER_DAY = "customer_kind = 'streamer' AND period = 'day'"
CASES = {
    "mart_streamer_daily.hours_watched": Case("hours_watched > 1", _hours),
    "mart_game_daily.hours_watched": Case("hours_watched > 1", _hours),
    "mart_top_streamers.hours_watched": Case("ranking_window = 'all_time' AND streamer_rank = 2", _hours),
    "mart_concurrent_viewers.viewers": Case("scope = 'all'", _viewers),
    "mart_monthly_revenue.revenue": Case("refund_count > 0", _revenue),
    "mart_monthly_active_users.user_count": Case("definition = 'watching'", _watching_users),
    "mart_mrr_movements.new_mrr": Case("grain = 'customer' AND new_count > 1", _new_mrr),
    "mart_growth_accounting.active_count": Case(f"{_STREAMERS_PER_DAY} AND active_count > 1", _active_streamers),
    "mart_retention_cohorts.cohort_size": Case(f"{_STREAMERS_PER_DAY} AND cohort_size > 1", _cohort),
}
