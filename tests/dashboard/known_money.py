"""Rows of the known warehouse about customers, money, the product and the ledgers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from tests.dashboard.known_audience import BEFORE, NEWEST

JANUARY, FEBRUARY, MARCH = date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)
_MRR = ("opening", "new", "reactivation", "expansion", "contraction", "churned", "closing")


def movements(
    month: date, *amounts: int, active: int, nrr: float | None, grr: float | None, arpu: float
) -> dict[str, Any]:
    return {
        "grain": "customer",
        "year_month": month,
        **{f"{name}_mrr": amount for name, amount in zip(_MRR, amounts, strict=True)},
        "active_count": active,
        "nrr": nrr,
        "grr": grr,
        "arpu": arpu,
    }


def account(kind: str, start: date, active: int, new: int, retained: int, back: int, churned: int) -> dict[str, Any]:
    return {
        "customer_kind": "viewer",
        "period": kind,
        "period_start": start,
        "is_over": True,
        "active_count": active,
        "new_count": new,
        "retained_count": retained,
        "resurrected_count": back,
        "churned_count": churned,
        "quick_ratio": (new + back) / churned if churned else None,
    }


def active(kind: str, start: date, users: int, stickiness: float) -> dict[str, Any]:
    return {
        "period": kind,
        "period_start": start,
        "active_days": 1,
        "active_users": users,
        "stickiness": stickiness,
    }


TABLES: dict[str, Sequence[Mapping[str, Any]]] = {
    "mart_mrr_movements": [
        movements(JANUARY, 0, 30, 0, 0, 0, 0, 30, active=2, nrr=None, grr=None, arpu=15),
        movements(FEBRUARY, 30, 20, 0, 5, 3, 12, 40, active=3, nrr=20 / 30, grr=0.5, arpu=13.33),
    ],
    "mart_monthly_revenue": [
        {"year_month": month, "revenue": revenue, "payment_count": count, "refunded": refunded}
        for month, revenue, count, refunded in ((JANUARY, 30, 2, 0), (FEBRUARY, 44.5, 4, 5.5))
    ],
    "mart_monthly_active_users": [
        {"year_month": month, "definition": definition, "user_count": count}
        for month, definition, count in ((JANUARY, "paying", 2), (JANUARY, "watching", 5), (FEBRUARY, "watching", 6))
    ],
    "mart_growth_accounting": [
        account("day", date(2026, 3, 1), 3, 3, 0, 0, 0),
        account("day", date(2026, 3, 2), 4, 1, 2, 1, 1),
        account("week", date(2026, 2, 23), 3, 3, 0, 0, 0),
        account("week", date(2026, 3, 2), 4, 1, 2, 1, 1),
    ],
    "mart_retention_cohorts": [
        {
            "customer_kind": "viewer",
            "period": "week",
            "cohort_start": date(2026, 2, 23),
            "age": age,
            "cohort_size": 4,
            "customer_count": count,
            "retention_rate": None if count is None else count / 4,
        }
        for age, count in ((0, 4), (1, 3), (2, None))
    ],
    "viewer_activity": [
        {"activity_id": name, "ts": datetime(2026, 3, 2, 9), "activity": activity, "person": person}
        for name, activity, person in (("1", "watched", "v1"), ("2", "watched", "v1"), ("3", "gift_sent", "v2"))
    ],
    "mart_game_daily": [
        {
            "game_id": game,
            "date_day": date(2026, 3, 2),
            "hours_watched": hours,
            "peak_viewers": peak,
            "airtime_minutes": minutes,
            "streams_started": started,
            "covered_ms": minutes * 60_000,
        }
        for game, hours, peak, minutes, started in (("chess", 90.0, 210, 60, 2), ("golf", 15.0, 30, 30, 1))
    ],
    "product_active_users": [
        active("day", date(2026, 3, 1), 3, 1.0),
        active("day", date(2026, 3, 2), 5, 1.0),
        active("week", date(2026, 2, 23), 6, 0.5),
        active("month", date(2026, 3, 1), 8, 0.25),
    ],
    "product_sessions": [
        {
            "session_key": name,
            "user_key": name,
            "is_first_session": first,
            "started_at": datetime(2026, 3, 2, 8),
            "length_seconds": seconds,
        }
        for name, first, seconds in (("1", True, 60), ("2", False, 180), ("3", False, 600))
    ],
    "product_daily": [
        {"event_type": kind, "date_day": date(2026, 3, 2), "event_count": count, "first_time_user_count": first}
        for kind, count, first in (("page_viewed", 7, 2), ("opened", 9, 1), ("closed", 0, 0))
    ],
    "amplitude_round_trip": [
        {
            "destination": "amplitude",
            "activity": activity,
            "hour_at": datetime(2026, 3, 2, 7),
            "sent_count": 10,
            "accepted_count": 8,
            "deduplicated_count": 1,
            "missing_count": 1,
            "unexpected_count": 2,
        }
        for activity in ("gift_sent", "watched")
    ],
    "quarantine": [
        {
            "quarantine_id": name,
            "table_name": "stg_twitch_streams",
            "rule": "time",
            "reason": f"reason {name}",
            "record": "{}",
            "quarantined_at": datetime(2026, 3, 2, hour),
        }
        for name, hour in (("q1", 8), ("q2", 9))
    ],
    "heads": [{"table_name": "stg_billing_payments", "parameters": '{"currency": "EUR", "decimal_comma": "False"}'}],
    "redrives": [{"quarantine_id": "q1", "load_id": "again", "redriven_at": datetime(2026, 3, 2, 10)}],
    "validation_results": [
        {
            "run_id": run,
            "layer": "MARTS",
            "table_name": "dim_games",
            "rule": rule,
            "severity": severity,
            "success": success,
            "observed": f"{rule} in {run}",
            "validated_at": datetime(2026, 3, 2, hour),
        }
        for run, hour, rule, severity, success in (
            ("r1", 8, "key", "critical", False),
            ("r1", 8, "name", "warning", False),
            ("r2", 9, "key", "critical", True),
            ("r2", 9, "name", "warning", False),
        )
    ],
    "runs": [
        {
            "run_id": run,
            "flow": "pipeline",
            "state": state,
            "started_at": datetime(2026, 3, 2, hour),
            "ended_at": datetime(2026, 3, 2, hour, 1, 30),
            "summary": "done",
            "costs": json.dumps(costs),
        }
        for run, hour, state, costs in (
            ("r1", 8, "failed", []),
            (
                "r2",
                9,
                "completed",
                [
                    {"step": "load", "table": "", "statements": 6, "seconds": 0.5},
                    {"step": "build", "table": "dim_games", "statements": 9, "seconds": 1.25},
                ],
            ),
        )
    ],
    "publications": [
        {
            "destination": "amplitude",
            "activity_id": activity,
            "attempt": attempt,
            "status": status,
            "reason": reason,
            "recorded_at": datetime(2026, 3, 2, 9, attempt),
        }
        for activity, attempt, status, reason in (
            ("a1", 1, "pending", "429"),
            ("a1", 2, "sent", None),
            ("a2", 1, "rejected", "too large"),
        )
    ],
    "stream_positions": [
        {
            "load_id": f"{number}",
            "topic": "samples",
            "partition_number": partition,
            "last_offset": number,
            "messages": 100,
            "lag": lag,
            "recorded_at": datetime(2026, 3, 2, 9, number),
        }
        for number, (partition, lag) in enumerate(((0, 40), (0, 3), (1, 0)))
    ],
    "loads": [
        {
            "load_id": f"load-{number}",
            "table_name": table,
            "source_file": f"{table}/{number}.ndjson.gz",
            "snapshot_at": at,
            "rows_parsed": rows + rejected,
            "rows_loaded": rows,
            "rows_rejected": rejected,
            "loaded_at": at + timedelta(minutes=2),
        }
        for number, (table, at, rows, rejected) in enumerate(
            (
                ("raw_twitch_streams", BEFORE, 3, 0),
                ("raw_twitch_streams", NEWEST, 4, 1),
                ("raw_billing_payments", datetime(2026, 3, 1, 4), 10, 0),
            )
        )
    ],
}
