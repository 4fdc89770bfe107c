"""COPY INTO a table: each file of a stage once, all of a statement or nothing.

`COPY INTO ANALYTICS.RAW.T (RECORD, _SOURCE_FILE) FROM (SELECT $1, METADATA$FILENAME FROM @RAW.LANDING)
 FILES = ('twitch/streams/2026/11/21/x.ndjson.gz') FILE_FORMAT = (TYPE = JSON) ON_ERROR = CONTINUE`
"""

from __future__ import annotations

import contextlib
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator

import duckdb
import pyarrow as pa

from deployments.embedded import errors
from deployments.embedded.context import StatementContext
from deployments.embedded.errors import snowflake_error
from deployments.embedded.stages.copy.diagnosis import NOT_OF_A_ROW, Diagnosis
from deployments.embedded.stages.copy.load_history import LoadHistory, load_history
from deployments.embedded.stages.copy.outcome import Batch, Outcome, format_abort_message, result_table
from deployments.embedded.stages.copy.statement import CopyStatement, parse_copy
from deployments.embedded.stages.copy.target import Target, find_target, insert_sql, is_told_by_file
from deployments.embedded.stages.copy.turns import read_in_turns
from deployments.embedded.stages.files.file_format import FileFormat
from deployments.embedded.stages.files.named_formats import resolve_format
from deployments.embedded.stages.files.relation import Relation, forget_relations, read_rows, rows_table
from deployments.embedded.stages.files.rows import FileError, RowError
from deployments.embedded.stages.stage import Location, locate
from deployments.embedded.stages.staged_file import StagedFile

SQLSTATE = "22000"
FILE_NOT_FOUND = 91016


# Two sessions that load one table at a time: the second waits, and then sees which files the first has loaded.
_locks: defaultdict[tuple[str, str, str], threading.Lock] = defaultdict(threading.Lock)


def _lock(key: tuple[str, str, str]) -> threading.Lock:
    return _locks[key]


def load(statement_text: str, context: StatementContext) -> pa.Table:
    """Run COPY INTO <table> and say what became of each file."""
    statement = parse_copy(statement_text, context)
    copy = make_copy(statement, context)
    if statement.validation_mode:
        return copy.validate(statement.validation_mode)
    return result_table(copy.run())


def make_copy(statement: CopyStatement, context: StatementContext) -> Copy:
    """Find what a COPY names: its stage, its format and its table."""
    location = locate(statement.stage, context)
    forget_relations(context)
    chosen = resolve_format(statement.options.get("FILE_FORMAT"), context, location.stage)
    if statement.select is not None:
        chosen.require_no_patterns()
    return Copy(statement, context, location, chosen, find_target(statement, context))


class Copy:
    """One COPY statement at work."""

    def __init__(
        self,
        statement: CopyStatement,
        context: StatementContext,
        location: Location,
        chosen: FileFormat,
        target: Target,
    ) -> None:
        """Prepare; nothing is read or written yet."""
        self.statement = statement
        self.context = context
        self.location = location
        self.format = chosen
        self.target = target
        self.duck = context.duck_conn
        self.relation = Relation(context, chosen.kind, chosen)
        self.on_error = statement.on_error
        self.history: LoadHistory | None = None  # a pipe has its own
        self._insert: str | None = None

    def run(self) -> list[Outcome]:
        """Load the files that are not loaded yet."""
        with _lock(self.target.key):
            return self._run()

    def _run(self) -> list[Outcome]:
        history = self.history or load_history(self.context, self.target.key)
        missing, files = self._files(history)
        if not files:
            return missing
        groups = self._read_together(files)
        first = next(groups)  # a file that ends the statement does so before its transaction begins
        together = self._refuse_rows_of(first)
        done: list[Batch] = []
        with self.context.transaction():
            done += self._load_all(first, together)
            for batches in groups:
                done += self._load_all(batches, self._refuse_rows_of(batches))
            history.add(self.duck, [(batch.file, batch.outcome) for batch in done])
        if self.statement.purge:
            for batch in done:
                if batch.outcome.status == "LOADED":
                    batch.file.remove()
        return missing + [batch.outcome for batch in done]

    def _read_together(self, files: Iterable[StagedFile]) -> Iterator[Iterable[Batch]]:
        """Yield the files' rows: file by file where one may end the statement, else as many as are held at once."""
        batches: Iterator[Batch] = (self._read(file) for file in files)
        if not self.context.in_transaction:
            yield batches if self.on_error.kind == "ABORT_STATEMENT" else list(batches)
        elif self.on_error.kind == "ABORT_STATEMENT":
            yield list(batches)
        else:
            yield from read_in_turns(files, self._read)

    def validate(self, mode: str) -> pa.Table:
        """Say which rows would be refused, or show the first rows, and load nothing."""
        _, files = self._files(None)
        diagnosis = Diagnosis(self.statement, self.target, self.relation, self.context)
        batches = [self._read(file, tolerant=True) for file in files]
        if mode in ("RETURN_ERRORS", "RETURN_ALL_ERRORS"):
            for batch in batches:
                self._refuse_rows(batch)
            return diagnosis.errors_table([(batch.file, batch.outcome) for batch in batches])
        return diagnosis.first_rows(mode, [batch.rows for batch in batches if batch.rows is not None])

    def _files(self, history: LoadHistory | None) -> tuple[list[Outcome], list[StagedFile]]:
        missing: list[Outcome] = []
        # Files of storage outside are looked at while they are listed: only those to load are held.
        files: Iterable[StagedFile] = self.location.list_files(self.statement.pattern)
        if self.statement.files is not None:
            named = [(name, self.location.file(name)) for name in self.statement.files]
            missing = [self._missing(name) for name, file in named if file is None]
            files = [file for _, file in named if file is not None]
        if history is None or self.statement.force:
            return missing, list(files)
        loaded = history.find_loaded(self.duck, self.location.stage.label)
        return missing, [file for file in files if file.name not in loaded or loaded[file.name] != file.md5]

    def _missing(self, name: str) -> Outcome:
        message = (
            f"Remote file '{self.location.stage.label}/{self.location.prefix}{name}' was not found. There are several "
            "potential causes. The file might not exist. If using ON_ERROR=CONTINUE or SKIP_FILE the other files load."
        )
        if self.on_error.kind == "ABORT_STATEMENT":
            raise snowflake_error(message, FILE_NOT_FOUND, SQLSTATE)
        return Outcome(name, errors=[RowError(message, 0)], failed=True)

    def _read(self, file: StagedFile, *, tolerant: bool = False) -> Batch:
        outcome = Outcome(file.shown_name)
        if self.format.kind == "PARQUET":
            return Batch(file, outcome, None)
        expected = len(self.target.columns) if self.statement.select is None else None
        try:
            rows = read_rows(file, self.format, expected)
        except FileError as error:
            if self.on_error.kind == "ABORT_STATEMENT" and not tolerant:
                raise snowflake_error(f"{error.message}\n  File '{file.shown_name}'", error.code, SQLSTATE) from error
            outcome.errors, outcome.failed = [RowError(error.message, 1, 1, 1, code=error.code)], True
            return Batch(file, outcome, None)
        outcome.parsed, outcome.errors = rows.parsed, rows.errors
        if rows.errors and self.on_error.kind == "ABORT_STATEMENT" and not tolerant:
            raise self._abort(rows.errors[0], file)
        self.relation.header = rows.header
        return Batch(file, outcome, rows_table(file, rows), rows.is_plain)

    def _abort(self, error: RowError, file: StagedFile) -> Exception:
        return snowflake_error(format_abort_message(error, file.shown_name), error.code, SQLSTATE)

    def _show(self, batch: Batch) -> str:
        if batch.rows is None:
            self.relation.show_parquet([batch.file])
            return self._insert_of_shown()
        return self._show_rows(batch.rows)

    def _show_rows(self, rows: pa.Table) -> str:
        self.relation.show(rows)
        return self._insert_of_shown()

    def _insert_of_shown(self) -> str:
        if self._insert is None or self.statement.match_by or self.format.kind != "JSON":
            self._insert = insert_sql(self.statement, self.target, self.relation, self.context)
        return self._insert

    def _rows_together(self, batches: Iterable[Batch]) -> pa.Table | None:
        """The rows of all files that load, where one INSERT can take them: JSON rows, one result per row."""
        select = self.statement.select
        is_row_by_row = select is None or not any(select.args.get(part) for part in ("where", "joins", "laterals"))
        if self.format.kind != "JSON" or self.statement.match_by or not is_row_by_row:
            return None
        tables = [batch.rows for batch in batches if batch.rows is not None and not batch.outcome.failed]
        return pa.concat_tables(tables) if len(tables) > 1 else None

    def _refuse_rows_of(self, batches: Iterable[Batch]) -> pa.Table | None:
        """Take out the rows that the table refuses; gives the rows of all files where none was, to load at once."""
        if self.on_error.kind == "ABORT_STATEMENT":
            return None
        fits = self._fits_together(batches)
        for batch in batches:
            self._refuse_rows(batch, fits=fits)
        return self._rows_together(batches) if fits else None

    def _load_all(self, batches: Iterable[Batch], together: pa.Table | None) -> list[Batch]:
        done: list[Batch] = []
        if together is not None:
            self._load_together(batches, together)
        for batch in batches:
            if together is None:
                self._load(batch)
            batch.rows = None
            done.append(batch)
        return done

    def _fits_together(self, batches: Iterable[Batch]) -> bool:
        """Whether the table takes every row of several files: the usual case, tried at the cost of one file.

        Where a file tells what the table may refuse of its rows, one row of each is tried.
        """
        rows = self._rows_together(batches)
        if rows is None:
            return False
        if is_told_by_file(self.statement, self.target) and all(batch.is_plain for batch in batches):
            rows = pa.concat_tables([batch.rows.slice(0, 1) for batch in batches if batch.rows is not None])
        insert = self._show_rows(rows)
        return Diagnosis(self.statement, self.target, self.relation, self.context).fits(insert, rows)

    def _load_together(self, batches: Iterable[Batch], rows: pa.Table) -> None:
        self.duck.execute(self._show_rows(rows))
        for batch in batches:
            if batch.rows is not None and not batch.outcome.failed:
                batch.outcome.loaded = len(batch.rows)
                batch.outcome.parsed = batch.outcome.parsed or batch.outcome.loaded

    def _refuse_rows(self, batch: Batch, *, fits: bool = False) -> None:
        """Find the rows that the table refuses and take them out; `fits`: it is known that there are none."""
        outcome = batch.outcome
        if outcome.failed:
            return
        if not fits:
            self._take_out_refused(batch)
        if self.on_error.kind == "CONTINUE":
            outcome.error_limit = max(outcome.parsed, 1)
        elif self.on_error.kind == "SKIP_FILE":
            outcome.error_limit = self.on_error.limit
            outcome.failed = self.on_error.skips(len(outcome.errors), outcome.parsed)

    def _take_out_refused(self, batch: Batch) -> None:
        insert = self._show(batch)
        diagnosis = Diagnosis(self.statement, self.target, self.relation, self.context)
        rows = self.relation.rows() if batch.rows is None else batch.rows
        if not diagnosis.fits(insert, rows):
            kept, refused = diagnosis.split(insert, rows)
            batch.outcome.errors = sorted([*batch.outcome.errors, *refused], key=lambda error: error.row)
            batch.rows = kept
            batch.outcome.parsed = batch.outcome.parsed or len(rows)

    def _load(self, batch: Batch) -> None:
        if batch.outcome.failed:
            return
        insert = self._show(batch)
        try:
            rows = self.duck.execute(insert).fetchall()
        except duckdb.Error as error:
            raise self._explain(error, batch) from None
        batch.outcome.loaded = int(rows[0][0]) if rows else 0
        batch.outcome.parsed = batch.outcome.parsed or batch.outcome.loaded

    def _explain(self, error: duckdb.Error, batch: Batch) -> Exception:
        """The error of a refused row with its place in the file, where it can be found out."""
        if self.context.in_transaction or isinstance(error, NOT_OF_A_ROW):
            return errors.translate(error)
        with contextlib.suppress(duckdb.Error):
            self.duck.rollback()
            insert = self._show(batch)
            diagnosis = Diagnosis(self.statement, self.target, self.relation, self.context)
            rows = self.relation.rows() if batch.rows is None else batch.rows
            if first := diagnosis.first_refused(insert, rows):
                return self._abort(first, batch.file)
        return errors.translate(error)
