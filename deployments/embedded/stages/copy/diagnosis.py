"""Finds the rows that a table refuses: the INSERT is tried on halves until a row is alone, and always taken back."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

import duckdb
import pyarrow as pa

from deployments.embedded import errors
from deployments.embedded.context import StatementContext
from deployments.embedded.errors import unsupported
from deployments.embedded.stages.copy.outcome import Outcome
from deployments.embedded.stages.copy.statement import CopyStatement
from deployments.embedded.stages.copy.target import Target, column_selects
from deployments.embedded.stages.files.relation import ROW_NUMBER, Relation
from deployments.embedded.stages.files.rows import RowError
from deployments.embedded.stages.staged_file import StagedFile

# Errors that no row is to blame for.
NOT_OF_A_ROW = (duckdb.BinderException, duckdb.CatalogException, duckdb.InterruptException)


class Diagnosis:
    """Tries rows of one relation on one table."""

    def __init__(self, statement: CopyStatement, target: Target, relation: Relation, context: StatementContext) -> None:
        """Take over the COPY's statement, target and relation."""
        self.statement = statement
        self.target = target
        self.relation = relation
        self.context = context
        self.duck = context.duck_conn

    def fits(self, insert: str, rows: pa.Table) -> bool:
        """Whether the table takes these rows."""
        return self._refusal(insert, rows) is None

    def split(self, insert: str, rows: pa.Table) -> tuple[pa.Table, list[RowError]]:
        """The rows that the table takes, and the reasons for the others."""
        refused = list(self._find_refused(insert, rows, 0))
        bad = {at for at, _ in refused}
        kept = rows.take(pa.array([at for at in range(len(rows)) if at not in bad], pa.int64()))
        return kept, [self._row_error(rows, at, error) for at, error in refused]

    def first_refused(self, insert: str, rows: pa.Table) -> RowError | None:
        """The first row that the table refuses, if it refuses one."""
        if self._refusal(insert, rows) is None:
            return None
        at, error = next(self._find_refused(insert, rows, 0))
        return self._row_error(rows, at, error)

    def errors_table(self, outcomes: Sequence[tuple[StagedFile, Outcome]]) -> pa.Table:
        """What VALIDATION_MODE = RETURN_ERRORS answers with."""
        found = [(file, error) for file, outcome in outcomes for error in outcome.errors]
        text, number = pa.string(), pa.int64()
        return pa.table(
            {
                "ERROR": pa.array([error.message for _, error in found], text),
                "FILE": pa.array([file.shown_name for file, _ in found], text),
                "LINE": pa.array([error.line for _, error in found], number),
                "CHARACTER": pa.array([error.character for _, error in found], number),
                "CATEGORY": pa.array(["conversion" if error.column else "parsing" for _, error in found], text),
                "CODE": pa.array([error.code for _, error in found], number),
                "COLUMN_NAME": pa.array([error.column for _, error in found], text),
                "ROW_NUMBER": pa.array([error.row for _, error in found], number),
            }
        )

    def first_rows(self, mode: str, tables: Sequence[pa.Table]) -> pa.Table:
        """What VALIDATION_MODE = RETURN_<n>_ROWS answers with."""
        parts = mode.split("_")
        if len(parts) != 3 or not parts[1].isdigit() or not tables:
            raise unsupported(f"VALIDATION_MODE = {mode}")
        self.relation.show(pa.concat_tables(tables, promote_options="default"))
        columns = column_selects(self.statement, self.target, self.relation, self.context)
        found = {
            name: [row[0] for row in self.duck.execute(f"{sql} LIMIT {parts[1]}").fetchall()]
            for name, sql in columns.items()
        }
        return pa.table(found)

    def _find_refused(self, insert: str, rows: pa.Table, offset: int) -> Iterator[tuple[int, duckdb.Error]]:
        error = self._refusal(insert, rows)
        if error is None:
            return
        if len(rows) == 1:
            yield offset, error
            return
        half = len(rows) // 2
        yield from self._find_refused(insert, rows.slice(0, half), offset)
        yield from self._find_refused(insert, rows.slice(half), offset + half)

    def _refusal(self, insert: str, rows: pa.Table) -> duckdb.Error | None:
        with self._taking_back(rows) as duck:
            try:
                duck.execute(insert)
            except NOT_OF_A_ROW:
                raise
            except duckdb.Error as error:
                return error
        return None

    @contextlib.contextmanager
    def _taking_back(self, rows: pa.Table) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection that shows the rows and rolls back; not the session's own while that is in a transaction."""
        if not self.context.in_transaction:
            self.relation.show(rows)
            yield from self._roll_back(self.duck)
            return
        with self.duck.cursor() as apart:
            if self.context.database and self.context.schema:
                apart.execute(f'SET schema = \'"{self.context.database}"."{self.context.schema}"\'')
            self.relation.show_on(apart, rows)
            yield from self._roll_back(apart)

    @staticmethod
    def _roll_back(duck: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
        duck.begin()
        try:
            yield duck
        finally:
            with contextlib.suppress(duckdb.Error):
                duck.rollback()

    def _row_error(self, rows: pa.Table, at: int, error: duckdb.Error) -> RowError:
        number = int(rows.column(ROW_NUMBER)[at].as_py())
        column, told = self._column(rows.slice(at, 1))
        translated = errors.translate(told or error)
        message = str(translated.raw_msg if hasattr(translated, "raw_msg") else translated.msg)
        return RowError(message, number, number, 1, column, translated.errno or 100038)

    def _column(self, row: pa.Table) -> tuple[str | None, duckdb.Error | None]:
        """The column that refuses the row, and its reason."""
        self.relation.show(row)
        selects = column_selects(self.statement, self.target, self.relation, self.context)
        for place, (name, sql) in enumerate(selects.items(), start=1):
            try:
                with self.duck.cursor() as apart:
                    self.relation.show_on(apart, row)
                    apart.execute(sql).fetchall()
            except duckdb.Error as error:
                return f'"{self.target.key[2]}"["{name}":{place}]', error
        return None, None
