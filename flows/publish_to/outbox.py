"""The way of an activity to a destination as OPS.PUBLICATIONS tells it: queued, claimed, sent, and what became of it.

Nothing is sent before its pending row is committed: a process that is killed anywhere leaves pending rows, which the
next run sends again with the same insert_id.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from deployments import process
from flows.errors import ConfigError
from flows.publish_to.outgoing import Outgoing, Verdict
from transforms.activity import publications
from transforms.activity.publications import REJECTED
from transforms.engine import merge
from transforms.engine.ledgers import append_frame, append_new_frame, append_rows
from transforms.functions import DataFrame, Session
from transforms.ops import PUBLICATIONS

# Amplitude drops a repeated insert_id for seven days; the hour is for clocks that differ and for the run itself.
FORGETS_AFTER = timedelta(days=7) - timedelta(hours=1)
_CLAIMED_AT_ONCE = 10_000
_WRITTEN_AT_ONCE, _MOST_DELAY_SECONDS = 2_000, 1.0


@dataclass(frozen=True)
class Queue:
    """What a run sends: `total` events in a temporary table, claimed and handed out slice by slice."""

    total: int
    slices: Iterator[list[Outgoing]]


class Outbox:
    """Activities of some streams on their way to one destination.

    Args:
        session: Where streams and ledger are.
        database: Holds the ledger.
        streams: Contracts of the streams.
        activities: Names of the activities that are published.
        destination: How the ledger calls the destination.
        run_id: The run that publishes.
    """

    def __init__(
        self,
        session: Session,
        database: str,
        streams: Sequence[DataFrame],
        activities: Sequence[str],
        destination: str,
        run_id: str,
    ) -> None:
        self._session, self._database, self._run_id = session, database, run_id
        self._streams, self._activities, self._destination = streams, activities, destination
        self._ledger = session.table(PUBLICATIONS.full_name(database))

    def states(self) -> DataFrame:
        """Return the newest state of each activity that is not new."""
        return publications.find_newest_states(self._ledger, self._destination)

    def new_events(self) -> DataFrame:
        """Return the events that wait to be sent for the first time, or again after they were released."""
        return publications.find_unpublished(self._streams, self._activities, self.states())

    def counts(self) -> list[dict[str, Any]]:
        """Return how many activities are in which state, by activity: name, status, whether fresh, count."""
        rows = publications.count_by_status(self.states(), compute_forgotten_before()).collect()
        return [{"activity": r[0], "status": r[1], "is_fresh": bool(r[2]), "count": int(r[3])} for r in rows]

    def count_changed(self) -> tuple[int, int]:
        """Count the sent events that no longer are what their row says, and those that have no row any more."""
        frame = publications.find_changed(self._streams, self._activities, self._ledger, self._destination)
        rows = frame.group_by("is_gone").count().collect()
        found = {bool(row[0]): int(row[1]) for row in rows}
        return found.get(False, 0), found.get(True, 0)

    @contextmanager
    def queue(self, *, with_forgotten: bool = False) -> Iterator[Queue]:
        """What is to be sent, computed once; a slice is claimed when it is taken.

        Args:
            with_forgotten: Also what has been pending for longer than Amplitude remembers: it may arrive twice.
        """
        again = publications.find_unconfirmed(self._ledger, self._find_resendable(with_forgotten), self._destination)
        frame = publications.build_queue(again, self.new_events())
        with merge.materialize(self._session, frame) as kept:
            total = kept.count()
            yield Queue(total, self._claim_slices(kept, total))

    @contextmanager
    def recording(self) -> Iterator[Callable[[Sequence[Verdict]], None]]:
        """Gives what takes verdicts: they are written together, a second late at most, and however the block ends."""
        unwritten: list[Verdict] = []
        written_at = time.monotonic()

        def take(verdicts: Sequence[Verdict]) -> None:
            nonlocal written_at
            unwritten.extend(verdicts)
            if time.monotonic() - written_at > _MOST_DELAY_SECONDS or len(unwritten) >= _WRITTEN_AT_ONCE:
                self._write(unwritten)
                unwritten.clear()
                written_at = time.monotonic()

        try:
            yield take
        finally:
            self._write(unwritten)

    def release_rejected(self) -> int:
        """Let what was rejected be sent again, as its row is now; returns how many events that are."""
        released = publications.build_releases(self.states(), self._destination, REJECTED, self._run_id, _read_clock())
        return append_frame(self._session, PUBLICATIONS, released)

    def _write(self, verdicts: Sequence[Verdict]) -> None:
        now = datetime.now(UTC)
        rows = [
            {
                "destination": self._destination,
                "activity_id": one.outgoing.activity_id,
                "attempt": one.outgoing.attempt,
                "status": one.status,
                "activity": one.outgoing.activity,
                "reason": one.reason,
                "run_id": self._run_id,
                "recorded_at": now,
            }
            for one in verdicts
        ]
        append_rows(self._session, PUBLICATIONS, rows)

    def _find_resendable(self, with_forgotten: bool) -> DataFrame:
        from snowflake.snowpark.functions import col, lit

        states = self.states()
        return states if with_forgotten else states.filter(col("recorded_at") >= lit(compute_forgotten_before()))

    def _claim_slices(self, kept: DataFrame, total: int) -> Iterator[list[Outgoing]]:
        from snowflake.snowpark.functions import col

        for start in range(0, total, _CLAIMED_AT_ONCE):
            part = kept.filter((col("position") > start) & (col("position") <= start + _CLAIMED_AT_ONCE))
            claims = publications.build_claims(part, self._destination, self._run_id, _read_clock())
            append_new_frame(self._session, PUBLICATIONS, claims)
            rows = publications.format_events(part).collect()
            yield [Outgoing(row[0], row[1], int(row[2]), row[3]) for row in rows]


@contextmanager
def hold_lock(path: Path, doing: str) -> Iterator[None]:
    """Keep other processes of this home from doing the same meanwhile; the lock goes with the process.

    Raises:
        ConfigError: Another process does.
    """
    try:
        with process.hold_lock(path):
            yield
    except process.LockedError as locked:
        raise ConfigError(f"Process {locked.holder} {doing} at this moment. Wait until it is done.") from None


def _read_clock() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


def compute_forgotten_before() -> datetime:
    """Compute before which moment, UTC, what was sent may be forgotten, so that Amplitude would take it again."""
    return _read_clock() - FORGETS_AFTER
