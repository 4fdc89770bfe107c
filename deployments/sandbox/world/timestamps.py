"""Time in the sandbox: whole seconds since 1970 inside, datetimes at the edge."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

MINUTE: Final = 60
HOUR: Final = 3_600
DAY: Final = 86_400


def epoch(at: datetime | float) -> int:
    """Return seconds since 1970 of a datetime; one without zone is taken as UTC."""
    if isinstance(at, datetime):
        return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp())
    return int(at)


def moment(seconds: float) -> datetime:
    """Return the UTC datetime of seconds since 1970."""
    return datetime.fromtimestamp(seconds, UTC)


def iso(seconds: float) -> str:
    """Return a time as Helix writes it: `2026-11-01T18:00:00Z`."""
    return moment(seconds).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse(text: str) -> int:
    """Return seconds since 1970 of an ISO 8601 text; without zone it is UTC.

    Raises:
        ValueError: the text is no ISO 8601 time.
    """
    return epoch(datetime.fromisoformat(text))


HISTORY_BEGINS: Final = epoch(datetime(2020, 1, 1, tzinfo=UTC))
"""Renames and bans are drawn from here on."""
HISTORY_ENDS: Final = epoch(datetime(2040, 1, 1, tzinfo=UTC))
