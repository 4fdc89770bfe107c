"""Snowpipe: landing files that a pipe loads, until each is accounted for.

A pipe and COPY have histories of their own: a file that both take is in RAW twice. What keeps them apart:

1. No pipe yet: what lies in the place already is loaded by COPY; then the pipe is made; from then on it loads.
2. The pipe is there: it loads, told by the cloud (auto-ingest) or by REFRESH, which takes what was written since the
   pipe was made, of the last seven days. The load history is watched until it names each file. What it does not name
   in time stays pending and is told; the next load watches on.
3. What a pipe cannot take, uploaded more than seven days ago or before the pipe was made, is loaded by COPY while the
   pipe is paused and its queue is empty, unless RAW has it.
4. The pipe's COPY is to be another one: as in 3 with all that was uploaded, then the pipe is made anew. Since when
   matters: the new pipe knows nothing of what the old one has loaded, and an unlimited REFRESH would load it again.
5. The settings say COPY again: the pipe is paused, its queue is waited for, and it is dropped.

Each COPY commits with its rows of OPS.LOADS before a pipe is changed. The pipe's comment tells which COPY it was made
for, since when, and whether it was paused here: a load that was killed between two steps is taken up by the next one.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from deployments.storage import Storage
from flows.errors import ConfigError
from flows.landing import LandedFile
from flows.load.copy import Copied, express_pipe, read_loaded_rows
from flows.load.pipe_state import ENDING, State
from flows.load.stage import IN_TURN, Targets, Uploads, internal, make_load_id
from flows.load.streaming import Streaming
from flows.settings import LandingTarget, Settings
from flows.warehouse.scripts import SCRIPTS, fill_places
from flows.warehouse.streaming import channel_opener
from transforms.contract import Table
from transforms.functions import Session

REFRESHED = timedelta(days=7)
_MARGIN = timedelta(hours=1)
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.2, 5.0
_FAILED = {"load failed", "load skipped"}

# Raw table -> the pipe that loads its files, or that did; None where COPY loads them from inside the warehouse.
PipeOf = Callable[["Session", "Table"], "Pipe | None"]


@dataclass(frozen=True)
class Landing:
    """Where and how landing files of each source go, the pipes that load them, and what streams messages instead."""

    targets: Targets = internal
    pipe_of: PipeOf | None = None
    streaming: Streaming | None = None
    uploads: Uploads = IN_TURN


INTERNAL_LANDING = Landing()


@dataclass(frozen=True)
class Outcome:
    """What became of files that a pipe is to load.

    Args:
        copied: What is in RAW, by relative path.
        waiting: What is not loaded yet.
        skipped: What the pipe has refused, with the reason.
    """

    copied: dict[str, Copied]
    waiting: tuple[str, ...] = ()
    skipped: tuple[tuple[str, str], ...] = ()


class Pipe:
    """The pipe of one raw table.

    Args:
        session: Logged in to the warehouse, outside a transaction.
        database: Holds RAW.
        table: The raw table.
        target: Where its landing files are.
        auto_ingest: Whether the cloud tells the pipe of new files.
        wait_seconds: How long its history is watched.
        is_wanted: Whether it is to load; one that is not wanted is dropped when its queue is empty.
    """

    def __init__(
        self,
        session: Session,
        database: str,
        table: Table,
        target: LandingTarget,
        *,
        auto_ingest: bool = False,
        wait_seconds: float = 120,
        is_wanted: bool = True,
    ) -> None:
        if target.place is None:
            raise ConfigError("A pipe reads a place outside the warehouse: set SNOWCAST_LANDING.")
        self._session, self._database, self._table = session, database, table
        self._storage = Storage(target.place)
        self.is_wanted = is_wanted
        self._auto_ingest, self._wait_seconds = auto_ingest, wait_seconds
        self.name = f"{table.full_name(database)}{ENDING}".upper()
        self._copy = express_pipe(database, table, target)
        made_of = json.dumps([self._copy, auto_ingest])
        self._state: State | None = None
        self._wanted = hashlib.sha256(made_of.encode()).hexdigest()[:16]

    def make_way(self, files: Sequence[LandedFile], state: State | None) -> list[LandedFile]:
        """Return the files that COPY has to load before `turn_on`; the pipe, if there is one, is then paused.

        Args:
            files: Files of this table that OPS.LOADS does not name, before the upload of those that are not uploaded.
            state: What is known of the pipe; None where there is none.

        Raises:
            ConfigError: The pipe has files under way that do not end.
        """
        self._state = state
        if not self.is_wanted:
            if state:
                self._pause(state)
                self._session.sql(f"DROP PIPE IF EXISTS {self.name}").collect()
            return []
        found = {one: self._storage.find(one.relative_path) for one in files}
        uploaded = {one: datetime.fromtimestamp(there.modified_ns / 1e9, UTC) for one, there in found.items() if there}
        if state is None:
            return list(uploaded)
        if state.copy == self._wanted:
            earliest = max(_now() - REFRESHED + _MARGIN, state.since)
            uploaded = {one: at for one, at in uploaded.items() if at < earliest}
            if not uploaded:
                return []  # also where it was paused by a load that was killed: `turn_on` resumes it
        self._pause(state)
        return list(uploaded)

    def turn_on(self) -> None:
        """Make the pipe, make it anew with another COPY, or resume it where it was paused."""
        state = self._state
        if not self.is_wanted:
            return
        if state is None or state.copy != self._wanted:
            self._make(State(self._wanted, _now()))
        elif state.is_paused:
            self._set(State(state.copy, state.since))

    def load(self, root: Path, files: Sequence[LandedFile], lines: Mapping[str, int]) -> Outcome:
        """See what became of uploaded files, once the pipe is turned on.

        Args:
            root: Root of the landing files.
            files: Files of this table that OPS.LOADS does not name.
            lines: Lines of each, by relative path.
        """
        if not self._auto_ingest:
            self._refresh(files)
        outcome = self._watch(root, files)
        if not outcome.waiting:
            return outcome
        # The history forgets after fourteen days, and RAW does not; a file that is under way has not all its rows yet.
        ids = {make_load_id(one): one.relative_path for one in files if one.relative_path in outcome.waiting}
        held = read_loaded_rows(self._session, self._database, self._table, list(ids))
        whole = {ids[load]: len(rows) for load, rows in held.items() if len(rows) == lines[ids[load]]}
        there = {path: Copied(rows, rows, None) for path, rows in whole.items()}
        waiting = tuple(path for path in outcome.waiting if path not in there)
        return Outcome(outcome.copied | there, waiting, outcome.skipped)

    def _watch(self, root: Path, files: Sequence[LandedFile]) -> Outcome:
        """Read the history until it names every file, or for as long as the settings say."""
        deadline = time.monotonic() + self._wait_seconds
        pause = _FIRST_PAUSE_SECONDS
        while files:
            told = self._read_history(root, files)
            if len(told) == len(files) or time.monotonic() > deadline:
                return _sort_out(files, told)
            time.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
        return Outcome({})

    def _read_history(self, root: Path, files: Sequence[LandedFile]) -> dict[str, Copied]:
        """Return what the load history of the table tells of the files, by relative path."""
        oldest = min((root / one.relative_path).stat().st_mtime for one in files)
        earliest = max(datetime.fromtimestamp(oldest, UTC), _now() - timedelta(days=13)) - _MARGIN
        by_name = {one.relative_path.rpartition("/")[2]: one.relative_path for one in files}
        rows = self._session.sql(
            "SELECT file_name, status, row_parsed, row_count, first_error_message "
            f"FROM TABLE({self._database}.INFORMATION_SCHEMA.COPY_HISTORY("
            f"TABLE_NAME => '{self._table.full_name(self._database)}', "
            f"START_TIME => '{earliest.isoformat()}'::TIMESTAMP_TZ)) ORDER BY last_load_time"
        ).collect()
        told: dict[str, Copied] = {}
        for name, status, parsed, loaded, error in rows:
            if path := by_name.get(str(name).rpartition("/")[2]):
                is_failed = str(status).lower() in _FAILED
                told[path] = Copied(int(parsed or 0), 0 if is_failed else int(loaded or 0), error, is_failed)
        return told

    def _refresh(self, files: Sequence[LandedFile]) -> None:
        """Tell the pipe to look for files: in the folder that the files share, written since it was made."""
        below = [one.relative_path.split("/", 2)[2] for one in files]
        shared = os.path.commonprefix(below).rpartition("/")[0]
        prefix = f" PREFIX = '{shared}/'" if shared else ""
        after = f" MODIFIED_AFTER = '{self._state.since.isoformat()}'" if self._state else ""
        self._session.sql(f"ALTER PIPE {self.name} REFRESH{prefix}{after}").collect()

    def _make(self, state: State) -> None:
        script = (SCRIPTS / "external" / "32_pipe.sql").read_text(encoding="utf-8")
        values = {
            "pipe": self.name,
            "auto_ingest": str(self._auto_ingest).upper(),
            "comment": state.comment,
            "copy": self._copy,
        }
        for statement in (f"DROP PIPE IF EXISTS {self.name}", *fill_places(script, values)):
            self._session.sql(statement).collect()
        self._state = state

    def _set(self, state: State) -> None:
        paused = "TRUE" if state.is_paused else "FALSE"
        self._session.sql(
            f"ALTER PIPE {self.name} SET PIPE_EXECUTION_PAUSED = {paused} COMMENT = '{state.comment}'"
        ).collect()
        self._state = state

    def _pause(self, state: State) -> None:
        """Pause the pipe and wait until nothing is under way: what it was given before is then loaded.

        Raises:
            ConfigError: Files stay in its queue; the pipe goes on, so that the next load finds them loaded.
        """
        paused = State(state.copy, state.since, is_paused=True)
        self._set(paused)
        deadline = time.monotonic() + self._wait_seconds
        while waiting := self._count_waiting():
            if time.monotonic() > deadline:
                self._set(State(state.copy, state.since))
                raise ConfigError(
                    f"Pipe {self.name} was paused and had {waiting} files in its queue after {self._wait_seconds:g} "
                    "seconds. It was resumed: load again when they are loaded."
                )
            time.sleep(_FIRST_PAUSE_SECONDS)

    def _count_waiting(self) -> int:
        (row,) = self._session.sql(f"SELECT SYSTEM$PIPE_STATUS('{self.name}')").collect()
        return int(json.loads(row[0]).get("pendingFileCount", 0))


def _sort_out(files: Sequence[LandedFile], told: dict[str, Copied]) -> Outcome:
    paths = [one.relative_path for one in files]
    skipped = {path: found.first_error for path, found in told.items() if found.is_skipped}
    return Outcome(
        {path: found for path, found in told.items() if path not in skipped},
        tuple(path for path in paths if path not in told),
        tuple((path, f"was skipped by its pipe: {reason or 'no reason is told'}") for path, reason in skipped.items()),
    )


def _now() -> datetime:
    return datetime.now(UTC)


def landing_of(settings: Settings) -> Landing:
    """Return where the settings let landing files go, and what loads them there."""

    def pipe_of(session: Session, table: Table) -> Pipe | None:
        target = settings.landing_of(str(table.source).partition("/")[0])
        if target.place is None:
            return None
        return Pipe(
            session,
            settings.database,
            table,
            target,
            auto_ingest=settings.snowpipe_auto_ingest,
            wait_seconds=settings.snowpipe_wait_seconds,
            is_wanted=settings.load_mode == "snowpipe",
        )

    is_streamed = settings.kafka_load_mode == "snowpipe-streaming"
    log_in = partial(channel_opener, settings, "RAW", "RAW_STREAM_SAMPLES")
    streaming = Streaming(log_in, settings.snowpipe_wait_seconds) if is_streamed else None
    return Landing(settings.landing_of, pipe_of, streaming)
