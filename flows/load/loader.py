"""Landing files -> stage -> COPY -> RAW, with one row of OPS.LOADS per file.

A file counts as loaded when OPS.LOADS names it, and that row commits together with the rows that COPY wrote. Whatever
was landed and is not named there is loaded next time, so a crash between any two steps loses and repeats nothing.
Completeness records of polls go from their landing files to OPS.POLLS in the same way.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from flows.errors import SourceError
from flows.landing import POLLS_ENTITY, DamagedFile, LandedFile, count_rows, hold_landing_lock, sweep_unfinished
from flows.load.copy import Copied, copy_files, find_rejected_lines, read_loaded_rows
from flows.load.pending import find_pending_files, has_target, name_kind, read_poll_records
from flows.load.pipe_state import read_states
from flows.load.pipes import INTERNAL_LANDING, Landing, Pipe, PipeOf
from flows.load.positions import KIND as MESSAGES, Positions
from flows.load.report import LoadReport, LoadResult
from flows.load.stage import make_load_id, put_files
from transforms.contract import Table
from transforms.engine.ledgers import append_rows, transaction
from transforms.functions import Session
from transforms.ops import LOADS, POLLS, QUARANTINE

logger = logging.getLogger(__name__)

# Snowflake takes at most 1,000 names in the FILES of one COPY.
FILES_PER_COPY = 1000
_COUNTED_AT_ONCE = 4

Progress = Callable[[int, int], None]


def load_pending(
    session: Session,
    database: str,
    root: Path,
    tables: Iterable[Table],
    *,
    source: str | None = None,
    on_progress: Progress | None = None,
    lags: Mapping[tuple[str, int], int] | None = None,
    landing: Landing = INTERNAL_LANDING,
) -> LoadReport:
    """Load every landing file that is not loaded yet; one transaction per thousand files.

    Args:
        session: Logged in to the warehouse, outside a transaction.
        database: Holds RAW, OPS and the stages.
        root: Root of the landing files.
        tables: Raw tables; `source` of their contract says whose files they take.
        source: Only files of this source, e.g. twitch; None: of all.
        on_progress: Called with (files done, files in all).
        lags: Messages behind each partition of a topic's incarnation, for OPS.STREAM_POSITIONS.
        landing: Where landing files go, and what loads them there.

    Raises:
        TransientError: Another process has been loading for ten minutes.
    """
    raw_tables = {table.source: table for table in tables if table.source}
    reports: list[LoadReport] = []
    batch = partial(_Batch, session, database, root, raw_tables, landing, lags)
    with hold_landing_lock(root, "loading"):
        sweep_unfinished(root)
        pending = [one for one in find_pending_files(session, database, root, source) if has_target(one, raw_tables)]
        pipes = _find_pipes(session, pending, raw_tables, landing.pipe_of)
        pending = _turn_on(session, database, pipes, pending, lambda part: reports.append(batch({}).load(part)))
        for done, part in _split(pending):
            reports.append(batch({kind: pipe for kind, pipe in pipes.items() if pipe.is_wanted}).load(part))
            if on_progress:
                on_progress(done, len(pending))
    return LoadReport.join(reports)


def _split(files: Sequence[LandedFile]) -> Iterator[tuple[int, Sequence[LandedFile]]]:
    """Yield the files a thousand at a time, with the number of those that are then done."""
    for start in range(0, len(files), FILES_PER_COPY):
        yield min(start + FILES_PER_COPY, len(files)), files[start : start + FILES_PER_COPY]


def _find_pipes(
    session: Session, pending: Iterable[LandedFile], raw_tables: Mapping[str, Table], pipe_of: PipeOf | None
) -> dict[str, Pipe]:
    """Return pipes of what is pending, by kind; none of messages, which commit with their positions."""
    kinds = dict.fromkeys(name_kind(one) for one in pending) if pipe_of else {}
    found = {kind: pipe_of(session, raw_tables[kind]) for kind in kinds if pipe_of and kind in raw_tables}
    return {kind: pipe for kind, pipe in found.items() if pipe and kind != MESSAGES}


def _turn_on(
    session: Session,
    database: str,
    pipes: Mapping[str, Pipe],
    pending: list[LandedFile],
    load: Callable[[Sequence[LandedFile]], None],
) -> list[LandedFile]:
    """Load by COPY what comes before the pipes, and turn them on; returns what is then pending."""
    states = read_states(session, database) if pipes else {}
    for kind, pipe in pipes.items():
        first = pipe.make_way([one for one in pending if name_kind(one) == kind], states.get(pipe.name))
        for _, part in _split(first):
            load(part)
        pipe.turn_on()
        pending = [one for one in pending if one not in first]
    return pending


@dataclass
class _Batch:
    """At most a thousand files, loaded in one transaction."""

    session: Session
    database: str
    root: Path
    raw_tables: dict[str, Table]
    landing: Landing
    lags: Mapping[tuple[str, int], int] | None
    pipes: Mapping[str, Pipe]
    loaded_at: datetime = field(default_factory=lambda: datetime.now(UTC).replace(tzinfo=None))
    lines: dict[str, int] = field(default_factory=dict)
    streamed: dict[str, Copied] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.positions = Positions(self.session, self.root, self.lags)

    def load(self, files: Sequence[LandedFile]) -> LoadReport:
        """Load the files; damaged ones are left out and reported."""
        if self.landing.streaming and any(name_kind(one) == MESSAGES for one in files):
            self.landing.streaming.begin(self.root)
        damaged: list[tuple[str, str]] = []
        for one, counted in self._count_rows(files):
            if isinstance(counted, int):
                self.lines[one.relative_path] = counted
            else:
                logger.error("%s %s and is not loaded: restore it, or move it away", one.relative_path, counted)
                damaged.append((one.relative_path, str(counted)))
        whole = self.positions.only_new([one for one in files if one.relative_path in self.lines])
        self.lines |= {one.relative_path: count_rows(self.root, one) for one in whole if one not in files}
        if self.landing.streaming and (sent := [one for one in whole if name_kind(one) == MESSAGES]):
            places = (self.session, self.database, self.raw_tables[MESSAGES], self.root)
            self.streamed = self.landing.streaming.send(*places, sent, self.loaded_at)
        staged = [one for one in whole if one.entity != POLLS_ENTITY and one.relative_path not in self.streamed]
        put_files(self.session, self.database, self.root, staged, self.landing.targets, self.landing.uploads)
        with self.positions.explain_conflicts():
            loaded = self._load_staged(whole)
        return replace(loaded, damaged=(*damaged, *loaded.damaged))

    def _count_rows(self, files: Sequence[LandedFile]) -> Iterator[tuple[LandedFile, int | DamagedFile]]:
        """Yield each file with its rows, or what is wrong with it; unpacking and hashing leave Python to itself."""

        def count(one: LandedFile) -> int | DamagedFile:
            try:
                return count_rows(self.root, one)
            except DamagedFile as fault:
                return fault

        with ThreadPoolExecutor(_COUNTED_AT_ONCE) as pool:
            yield from zip(files, pool.map(count, files), strict=True)

    def _load_staged(self, files: Sequence[LandedFile]) -> LoadReport:
        by_kind: dict[str, list[LandedFile]] = defaultdict(list)
        for one in files:
            by_kind[POLLS_ENTITY if one.entity == POLLS_ENTITY else name_kind(one)].append(one)
        poll_files = by_kind.pop(POLLS_ENTITY, [])
        piped = {
            kind: pipe.load(self.root, by_kind[kind], self.lines)
            for kind, pipe in self.pipes.items()
            if kind in by_kind
        }
        polls = [record for one in poll_files for record in read_poll_records(self.root, one)]
        with transaction(self.session):
            loads = [
                load
                for kind, part in by_kind.items()
                for load in (
                    self._enter(self.raw_tables[kind], part, piped[kind].copied)
                    if kind in piped
                    else self._copy(self.raw_tables[kind], part)
                )
            ]
            append_rows(self.session, POLLS, polls)
            taken = [self._load(POLLS.name, one, self.lines[one.relative_path], 0) for one in poll_files]
            self.positions.record(by_kind.get(MESSAGES, []), self.loaded_at)
            append_rows(self.session, LOADS, [asdict(load) for load in (*loads, *taken)])
        skipped = tuple(fault for outcome in piped.values() for fault in outcome.skipped)
        waiting = tuple(path for outcome in piped.values() for path in outcome.waiting)
        return LoadReport(tuple(loads), len(polls), skipped, waiting)

    def _copy(self, table: Table, files: list[LandedFile]) -> list[LoadResult]:
        copied = {one.relative_path: known for one in files if (known := self.streamed.get(one.relative_path))}
        copied |= self._find_held(table, files) if self.landing.targets(files[0].source).place else {}
        rest = [one for one in files if one.relative_path not in copied]
        copied |= self._copy_files(table, rest) if rest else {}
        unsaid = [one for one in files if one.relative_path not in copied]
        copied |= self._settle_known_to_history(table, unsaid)
        return self._enter(table, files, {one.relative_path: copied.get(one.relative_path) for one in files})

    def _enter(
        self, table: Table, files: Sequence[LandedFile], outcomes: Mapping[str, Copied | None]
    ) -> list[LoadResult]:
        """Make ledger rows of files with an outcome, and quarantine the lines of them that RAW does not hold."""
        known = [one for one in files if one.relative_path in outcomes]
        loads = [self._make_load(table, one, outcomes[one.relative_path]) for one in known]
        copied = {path: outcome for path, outcome in outcomes.items() if outcome}
        rejected = {load.load_id: copied[load.source_file] for load in loads if load.rows_rejected}
        if rejected:
            held = read_loaded_rows(self.session, self.database, table, list(rejected))
            rows = [
                row
                for load in loads
                if load.load_id in rejected
                for row in find_rejected_lines(self.root, load, held.get(load.load_id, set()), rejected[load.load_id])
            ]
            append_rows(self.session, QUARANTINE, rows)
        return loads

    def _settle_known_to_history(self, table: Table, files: list[LandedFile]) -> dict[str, Copied]:
        """Return outcome of files that the load history knows and OPS.LOADS does not.

        RAW decides: where it holds rows of the file the ledger is all that is missing; where it holds none, the
        history remembers a COPY that was rolled back, and the file is loaded all the same.
        """
        if not files:
            return {}
        outcome = self._find_held(table, files)
        absent = [one for one in files if one.relative_path not in outcome]
        if absent:
            outcome |= self._copy_files(table, absent, force=True)
        return outcome

    def _find_held(self, table: Table, files: Sequence[LandedFile]) -> dict[str, Copied]:
        """Return outcome of files that RAW holds rows of. COPY does not know what a pipe has loaded from outside."""
        held = read_loaded_rows(self.session, self.database, table, [make_load_id(one) for one in files])
        return {
            one.relative_path: Copied(self.lines[one.relative_path], len(rows), None)
            for one in files
            if (rows := held.get(make_load_id(one)))
        }

    def _copy_files(self, table: Table, files: Sequence[LandedFile], *, force: bool = False) -> dict[str, Copied]:
        target = self.landing.targets(files[0].source)
        return copy_files(
            self.session, self.database, table, files, loaded_at=self.loaded_at, force=force, target=target
        )

    def _make_load(self, table: Table, landed: LandedFile, copied: Copied | None) -> LoadResult:
        lines = self.lines[landed.relative_path]
        # A file without one good line may count as a single broken document; one that was not read counts as none.
        is_whole = copied is not None and copied.rows_parsed and (copied.first_error or copied.rows_parsed == lines)
        if copied is None or not is_whole:
            found = f"{copied.rows_parsed} lines ({copied.first_error or 'no error'})" if copied else "nothing"
            raise SourceError(
                f"{table.name}: COPY read {found} of {landed.relative_path}, expected {lines}; nothing was loaded. "
                "Likely the file on the stage was removed or replaced meanwhile. Load again: it is uploaded anew."
            )
        return self._load(table.name, landed, lines, lines - copied.rows_loaded)

    def _load(self, table_name: str, landed: LandedFile, parsed: int, rejected: int) -> LoadResult:
        return LoadResult(
            load_id=make_load_id(landed),
            table_name=table_name,
            source_file=landed.relative_path,
            content_hash=landed.content_hash,
            snapshot_at=landed.snapshot_at,
            rows_parsed=parsed,
            rows_loaded=parsed - rejected,
            rows_rejected=rejected,
            loaded_at=self.loaded_at,
        )
