"""The relation that SELECT and COPY read: `$1`, `$2`, … and METADATA$ columns over staged files, as a temporary view.

`SELECT $1:id::varchar, METADATA$FILENAME FROM @RAW.LANDING (FILE_FORMAT => 'F')`
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from sqlglot import exp

from deployments.embedded.context import StatementContext
from deployments.embedded.names import quote_identifier, quote_literal
from deployments.embedded.stages.files.bytes import decode, read_bytes
from deployments.embedded.stages.files.csv_reader import read_csv
from deployments.embedded.stages.files.file_format import FileFormat
from deployments.embedded.stages.files.json_reader import read_json
from deployments.embedded.stages.files.rows import FileRows
from deployments.embedded.stages.session_files import file_session
from deployments.embedded.stages.staged_file import StagedFile

if TYPE_CHECKING:
    import duckdb

_numbers = itertools.count(1)
FILENAME, ROW_NUMBER = "METADATA$FILENAME", "METADATA$FILE_ROW_NUMBER"
MODIFIED, CONTENT_KEY, SCAN_TIME = (
    "METADATA$FILE_LAST_MODIFIED",
    "METADATA$FILE_CONTENT_KEY",
    "METADATA$START_SCAN_TIME",
)
OF_FILE = frozenset({FILENAME, MODIFIED, CONTENT_KEY, SCAN_TIME})  # the same for all rows of a file


class Relation:
    """A temporary view of this session that shows rows of staged files.

    Attributes:
        kind: JSON, CSV or PARQUET.
        format: How the files are read, if it matters to who takes the rows.
        name: The view's name in the session's temporary schema.
        columns: The names it has.
    """

    def __init__(self, context: StatementContext, kind: str, chosen: FileFormat | None = None) -> None:
        """Name the view; it shows nothing yet."""
        self.kind = kind
        self.format = chosen
        self.name = f"_STAGED_{next(_numbers)}"
        self.columns: list[str] = []
        self.header: list[str] | None = None
        self._duck = context.duck_conn
        file_session(context).relations.append(self.name)

    def show(self, table: pa.Table) -> None:
        """Show these rows, as `rows_table` made them."""
        self.columns = table.column_names
        self.show_on(self._duck, table)

    def show_parquet(self, files: Sequence[StagedFile]) -> None:
        """Show the rows of Parquet files, with a column `$1:<name>` for each of theirs."""
        paths = [str(file.local_path()) for file in files]
        read = f"read_parquet({_list(paths)}, union_by_name = true, filename = true, file_row_number = true)"
        columns = {name: _value(name, kind) for name, kind in parquet_columns(self._duck, paths).items()}
        pairs = ", ".join(f"{quote_literal(name)}, {value}" for name, value in columns.items())
        metadata = {
            FILENAME: _by_path(paths, [file.metadata_name for file in files]),
            ROW_NUMBER: "file_row_number + 1",
            MODIFIED: _by_path(paths, [file.modified.replace(tzinfo=None).isoformat() for file in files], "TIMESTAMP"),
            CONTENT_KEY: _by_path(paths, [file.md5 for file in files]),
            SCAN_TIME: f"TIMESTAMPTZ {quote_literal(datetime.now(UTC).isoformat())}",
        }
        shown = [f'json_object({pairs}) AS "$1"']
        shown += [f"{value} AS {quote_identifier('$1:' + name)}" for name, value in columns.items()]
        shown += [f"{sql} AS {quote_identifier(name)}" for name, sql in metadata.items()]
        self.columns = ["$1", *(f"$1:{name}" for name in columns), *metadata]
        self._duck.execute(f'CREATE OR REPLACE TEMP VIEW "{self.name}" AS SELECT {", ".join(shown)} FROM {read}')

    def table(self) -> exp.Table:
        """The view as a node of a statement."""
        parts = {"this": self.name, "db": "main", "catalog": "temp"}
        return exp.Table(**{key: exp.to_identifier(value, quoted=True) for key, value in parts.items()})

    @property
    def keys(self) -> list[str]:
        """Names of what the rows hold: keys of JSON objects, columns of Parquet, the header of CSV."""
        if self.kind == "JSON":
            sql = f'SELECT DISTINCT unnest(json_keys("$1")) FROM temp.main."{self.name}"'
            return [row[0] for row in self._duck.execute(sql).fetchall()]
        if self.kind == "CSV":
            return self.header or []
        return [name.removeprefix("$1:") for name in self.columns if name.startswith("$1:")]

    def rows(self) -> pa.Table:
        """The rows it shows, in memory."""
        return self._duck.execute(f'SELECT * FROM temp.main."{self.name}"').to_arrow_table()

    def show_on(self, duck: duckdb.DuckDBPyConnection, table: pa.Table) -> None:
        """Show these rows on another connection."""
        duck.register(f"{self.name}_ROWS", table)
        first = ' REPLACE (json("$1") AS "$1")' if self.kind == "JSON" and "$1" in self.columns else ""
        duck.execute(f'CREATE OR REPLACE TEMP VIEW "{self.name}" AS SELECT *{first} FROM "{self.name}_ROWS"')


def forget_relations(context: StatementContext) -> None:
    """Drop what earlier statements of the session read; their rows leave the memory."""
    session = file_session(context)
    while session.relations:
        name = session.relations.pop()
        context.duck_conn.execute(f'DROP VIEW IF EXISTS temp.main."{name}"')
        context.duck_conn.unregister(f"{name}_ROWS")


def read_rows(file: StagedFile, chosen: FileFormat, expected_columns: int | None = None) -> FileRows:
    """The rows of a JSON or CSV file.

    Raises:
        FileError: the file cannot be read at all.
    """
    text = decode(read_bytes(file, chosen), chosen)
    return read_json(text, chosen) if chosen.kind == "JSON" else read_csv(text, chosen, expected_columns)


def rows_table(file: StagedFile, rows: FileRows) -> pa.Table:
    """The rows with their METADATA$ columns."""
    count = len(rows.numbers)
    columns: dict[str, Any] = {f"${at}": column for at, column in enumerate(rows.columns, start=1)}
    columns[FILENAME] = _repeat(file.metadata_name, pa.string(), count)
    columns[ROW_NUMBER] = rows.numbers
    columns[MODIFIED] = _repeat(file.modified.replace(tzinfo=None), pa.timestamp("us"), count)
    columns[CONTENT_KEY] = _repeat(file.md5, pa.string(), count)
    columns[SCAN_TIME] = _repeat(datetime.now(UTC), pa.timestamp("us", tz="UTC"), count)
    return pa.table(columns)


def parquet_columns(duck: Any, paths: Sequence[str]) -> dict[str, str]:
    """Names and DuckDB types of the columns of Parquet files."""
    described = duck.execute(f"DESCRIBE SELECT * FROM read_parquet({_list(paths)}, union_by_name = true)").fetchall()
    return {row[0]: row[1] for row in described}


def _value(name: str, kind: str) -> str:
    """A column of Parquet in the types that tables have: times to microseconds, what is nested as JSON."""
    value = quote_identifier(name)
    if kind in ("TIMESTAMPTZ_NS", "TIMESTAMP_NS"):
        return f"CAST({value} AS {kind.removesuffix('_NS')})"
    return f"to_json({value})" if kind.startswith(("STRUCT", "MAP")) or kind.endswith("]") else value


def _repeat(value: Any, kind: pa.DataType, count: int) -> pa.Array:
    return pa.repeat(pa.scalar(value, kind), count)


def _by_path(paths: Sequence[str], values: Sequence[str], kind: str = "VARCHAR") -> str:
    return f"CAST(map({_list(paths)}, {_list(values)})[filename] AS {kind})"


def _list(values: Sequence[str]) -> str:
    return f"[{', '.join(quote_literal(value) for value in values)}]"
