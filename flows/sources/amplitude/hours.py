"""The hours of a project: which have landed, which to ask for, and how far everything has landed (the cursor).

OPS.EXPORT_HOURS has a row for each state of each hour. The row of a landed hour is written before its landing file
becomes visible, and counts only while that file is loaded or under the landing root: whatever ends a run half-way, an
hour has landed once or is asked for again, and the cursor never passes one that has not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from transforms.engine.ledgers import append_rows
from transforms.ops import DELIVERIES, EXPORT_HOURS, LOADS

if TYPE_CHECKING:
    from pathlib import Path

    from snowflake.snowpark import Session

LANDED, EMPTY, TOO_LARGE, REFUSED, PENDING = "landed", "empty", "too_large", "refused", "pending"
HOUR = timedelta(hours=1)
READY_AFTER = timedelta(hours=2)
SOURCE = "amplitude"


@dataclass(frozen=True)
class Hour:
    """One state of one hour: a row of OPS.EXPORT_HOURS."""

    hour_at: datetime
    state: str
    files: int = 0
    events: int = 0
    bytes: int = 0
    attempts: int = 0
    landed_file: str | None = None
    note: str | None = None

    @property
    def is_done(self) -> bool:
        """Whether all that Amplitude has of it is here."""
        return self.state in (LANDED, EMPTY)


@dataclass(frozen=True)
class Asked:
    """Which hours somebody asks for, beside those that are due by themselves.

    Args:
        since: Every hour from this one on that has not landed; None: those after the newest one.
        until: No hour from this one on.
        fill_gaps: Also hours between the first and the newest that were left out, refused or too large.
    """

    since: datetime | None = None
    until: datetime | None = None
    fill_gaps: bool = False


def begin_of_hour(moment: datetime) -> datetime:
    """The full hour at or before a moment, UTC."""
    aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return aware.replace(minute=0, second=0, microsecond=0)


def ready_until(now: datetime) -> datetime:
    """The end of the hours that Amplitude gives whole: those that ended two hours ago."""
    return begin_of_hour(now - READY_AFTER)


def windows_of(hours: Sequence[datetime], most: int) -> Iterator[list[datetime]]:
    """Hours that follow each other, so many at most together."""
    window: list[datetime] = []
    for hour in hours:
        if window and (hour - window[-1] != HOUR or len(window) == most):
            yield window
            window = []
        window.append(hour)
    if window:
        yield window


class HourLedger:
    """The newest state of every hour of one project, and where new states are written.

    Args:
        session: Where OPS is.
        database: Of OPS.
        landing_root: Root of the landing files.
        project: Name of the project.
    """

    def __init__(self, session: Session, database: str, landing_root: Path, project: str) -> None:
        self._session, self._database, self._root, self._project = session, database, landing_root, project
        self._hours = {hour.hour_at: hour for hour in self._read()}

    def due(self, now: datetime, first_hours: int, asked: Asked) -> list[datetime]:
        """The hours to ask for, in order.

        Args:
            now: Only hours that Amplitude gives whole by then.
            first_hours: How far the first run looks back.
            asked: What else is asked for.
        """
        end = min(ready_until(now), begin_of_hour(asked.until)) if asked.until else ready_until(now)
        known = sorted(self._hours)
        begin = known[-1] + HOUR if known else end - first_hours * HOUR
        if asked.since is not None:
            begin = begin_of_hour(asked.since)
        elif asked.fill_gaps and known:
            begin = known[0]
        hours = {begin + number * HOUR for number in range(max(0, (end - begin) // HOUR))}
        again = {hour for hour, one in self._hours.items() if one.state == PENDING and hour < end}
        return sorted(hour for hour in hours | again if not self._is_done(hour))

    @property
    def cursor(self) -> datetime | None:
        """The first hour from the first one on that has not landed; None where none is known."""
        known = sorted(self._hours)
        if not known:
            return None
        hour = known[0]
        while self._is_done(hour):
            hour += HOUR
        return hour

    def gaps(self) -> list[datetime]:
        """Hours behind the cursor's that were never asked for or have not landed, before the newest that has."""
        done = [hour for hour in self._hours if self._is_done(hour)]
        cursor = self.cursor
        if cursor is None or not done or cursor > max(done):
            return []
        span = (max(done) - cursor) // HOUR
        return [hour for number in range(span) if not self._is_done(hour := cursor + number * HOUR)]

    def attempts(self, hour: datetime) -> int:
        """How often the hour was asked for so far."""
        return self._hours[hour].attempts if hour in self._hours else 0

    def record(self, hours: Sequence[Hour]) -> None:
        """Write states down; committed when it returns."""
        common = {"source": SOURCE, "project": self._project, "asked_at": datetime.now(UTC)}
        append_rows(self._session, EXPORT_HOURS, [{**common, **asdict(hour)} for hour in hours])
        self._hours |= {hour.hour_at: hour for hour in hours}

    def _is_done(self, hour: datetime) -> bool:
        return hour in self._hours and self._hours[hour].is_done

    def _read(self) -> Iterator[Hour]:
        """The newest states; an hour whose landing file is gone before it was loaded is pending.

        One that was too large has landed when a file of it was delivered: that is the way in which such hours come.
        """
        newest = (
            "SELECT h.*, ROW_NUMBER() OVER (PARTITION BY hour_at ORDER BY asked_at DESC) AS nth "
            f"FROM {EXPORT_HOURS.full_name(self._database)} h WHERE source = ? AND project = ?"
        )
        rows = self._session.sql(
            "SELECT n.hour_at, n.state, n.attempts, n.landed_file, l.source_file IS NOT NULL AS is_loaded, "
            "d.snapshot_at IS NOT NULL AS is_delivered "
            f"FROM ({newest}) n LEFT JOIN {LOADS.full_name(self._database)} l ON l.source_file = n.landed_file "
            f"LEFT JOIN (SELECT DISTINCT snapshot_at FROM {DELIVERIES.full_name(self._database)} "
            "WHERE source = ? AND rows_landed > 0) d ON d.snapshot_at = n.hour_at WHERE n.nth = 1",
            params=[SOURCE, self._project, SOURCE],
        ).collect()
        for hour_at, state, attempts, landed_file, is_loaded, is_delivered in rows:
            is_there = state != LANDED or is_loaded or (self._root / str(landed_file)).exists()
            known = LANDED if state == TOO_LARGE and is_delivered else state if is_there else PENDING
            yield Hour(hour_at.replace(tzinfo=UTC), known, attempts=int(attempts), landed_file=landed_file)


def has_others(session: Session, database: str, project: str) -> bool:
    """Whether events of another project are in this warehouse, by its export or by files."""
    rows = session.sql(
        f"SELECT 1 FROM {EXPORT_HOURS.full_name(database)} WHERE source = ? AND project <> ? "
        f"UNION ALL SELECT 1 FROM {DELIVERIES.full_name(database)} WHERE source = ? LIMIT 1",
        params=[SOURCE, project, SOURCE],
    ).collect()
    return bool(rows)
