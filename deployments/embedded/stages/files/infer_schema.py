"""INFER_SCHEMA: names and types of the columns of staged files.

`SELECT * FROM TABLE(INFER_SCHEMA(LOCATION => '@S/in', FILE_FORMAT => 'F')) ORDER BY ORDER_ID`
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
from sqlglot import Expr, exp

from deployments.embedded.context import StatementContext
from deployments.embedded.errors import snowflake_error
from deployments.embedded.stages.files.file_format import FileFormat
from deployments.embedded.stages.files.named_formats import resolve_format
from deployments.embedded.stages.files.relation import Relation, forget_relations, parquet_columns, read_rows
from deployments.embedded.stages.files.rows import FileError
from deployments.embedded.stages.stage import locate
from deployments.embedded.stages.staged_file import StagedFile

_PARQUET_TYPES = {
    "BOOLEAN": "BOOLEAN",
    "FLOAT": "REAL",
    "DOUBLE": "REAL",
    "VARCHAR": "TEXT",
    "DATE": "DATE",
    "TIME": "TIME",
    "BLOB": "BINARY",
    "TIMESTAMP WITH TIME ZONE": "TIMESTAMP_LTZ",
    "JSON": "VARIANT",
}
_TEXT_TYPES = (
    ("BOOLEAN", re.compile(r"true|false", re.IGNORECASE)),
    ("NUMBER(38, 0)", re.compile(r"[+-]?\d{1,38}")),
    ("REAL", re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")),
    ("DATE", re.compile(r"\d{4}-\d\d-\d\d")),
    ("TIMESTAMP_NTZ", re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d+)?)?")),
)


@dataclass
class Inferred:
    """One column: its type, whether it may be NULL, and the files that have it."""

    kind: str | None = None
    nullable: bool = True
    files: list[str] = field(default_factory=list)

    def widen(self, kind: str | None) -> None:
        """Take in another value's type."""
        if kind is None or kind == self.kind:
            return
        both = {self.kind, kind}
        if self.kind is None:
            self.kind = kind
        elif both == {"NUMBER(38, 0)", "REAL"}:
            self.kind = "REAL"
        else:
            self.kind = "VARIANT" if both & {"OBJECT", "ARRAY", "VARIANT"} else "TEXT"


def infer_schema(expression: Expr, context: StatementContext) -> Expr:
    """Replace TABLE(INFER_SCHEMA(…)) by a relation with what was found."""
    for call in list(expression.find_all(exp.Anonymous)):
        table = call.find_ancestor(exp.TableFromRows, exp.Table)
        if str(call.this).upper() != "INFER_SCHEMA" or table is None:
            continue
        arguments = _arguments(call, expression, context)
        forget_relations(context)
        relation = Relation(context, "SCHEMA")
        relation.show(_schema_table(arguments, context))
        replacement = relation.table()
        replacement.set("alias", table.args.get("alias"))
        table.replace(replacement)
    return expression


def _arguments(call: exp.Anonymous, expression: Expr, context: StatementContext) -> dict[str, Any]:
    placeholders = list(expression.find_all(exp.Placeholder, bfs=False))
    used: list[int] = []
    found: dict[str, Any] = {}
    for argument in call.expressions:
        value = argument.expression
        if isinstance(value, exp.Placeholder) and isinstance(context.params, list):
            at = next(place for place, node in enumerate(placeholders) if node is value)
            used.append(at)
            found[argument.this.name.upper()] = context.params[at]
        elif isinstance(value, exp.Tuple | exp.Paren | exp.Array):
            found[argument.this.name.upper()] = [item.name for item in value.find_all(exp.Literal)]
        else:
            found[argument.this.name.upper()] = value.name
    if used and isinstance(context.params, list):
        context.params = [value for at, value in enumerate(context.params) if at not in used]
    return found


def _schema_table(arguments: dict[str, Any], context: StatementContext) -> pa.Table:
    location = locate(str(arguments.get("LOCATION", "")), context)
    chosen = resolve_format(arguments.get("FILE_FORMAT"), context, location.stage)
    names = arguments.get("FILES")
    files = (
        location.files()
        if names is None
        else [file for name in names if (file := location.file(str(name))) is not None]
    )
    found = infer_columns(files, chosen, context)
    items = list(found.items())
    ignore_case = str(arguments.get("IGNORE_CASE", "FALSE")).upper() == "TRUE"
    shown = [name.upper() if ignore_case else name for name, _ in items]
    text = pa.string()
    return pa.table(
        {
            "COLUMN_NAME": pa.array(shown, text),
            "TYPE": pa.array([column.kind or "TEXT" for _, column in items], text),
            "NULLABLE": pa.array([column.nullable for _, column in items], pa.bool_()),
            "EXPRESSION": pa.array(_expressions(items, chosen), text),
            "FILENAMES": pa.array([", ".join(column.files) for _, column in items], text),
            "ORDER_ID": pa.array(range(len(items)), pa.int64()),
        }
    )


def infer_columns(files: Sequence[StagedFile], chosen: FileFormat, context: StatementContext) -> dict[str, Inferred]:
    """The columns of the files, in the order in which they first appear.

    Raises:
        ProgrammingError: a file cannot be read.
    """
    found: dict[str, Inferred] = {}
    for file in files:
        try:
            described = _describe(file, chosen, context)
        except FileError as error:
            raise snowflake_error(f"{error.message}\n  File '{file.shown_name}'", error.code, "22000") from error
        for name, kinds in described:
            column = found.setdefault(name, Inferred())
            column.files.append(file.name)
            for kind in kinds:
                column.widen(kind)
    return found


def _describe(
    file: StagedFile, chosen: FileFormat, context: StatementContext
) -> Iterable[tuple[str, Iterable[str | None]]]:
    if chosen.kind == "PARQUET":
        types = parquet_columns(context.duck_conn, [str(file.local_path())])
        return [(name, [_parquet_type(kind)]) for name, kind in types.items()]
    rows = read_rows(file, chosen)
    if rows.errors:
        raise FileError(rows.errors[0].message, rows.errors[0].code)
    if chosen.kind == "JSON":
        return _json_columns(rows.columns[0].to_pylist())
    names = rows.header or [f"c{at}" for at in range(1, len(rows.columns) + 1)]
    columns = [column.to_pylist() for column in rows.columns] or [[] for _ in names]
    return [(name, [_column_type(values)]) for name, values in zip(names, columns, strict=False)]


def _json_columns(texts: Sequence[str]) -> list[tuple[str, list[str | None]]]:
    found: dict[str, list[str | None]] = {}
    for text in texts:
        value = json.loads(text)
        if isinstance(value, dict):
            for name, item in value.items():
                kinds = found.setdefault(name, [])
                if (kind := _json_type(item)) not in kinds:
                    kinds.append(kind)
    return list(found.items())


def _json_type(value: Any) -> str | None:
    if value is None:
        return None
    by_type = {bool: "BOOLEAN", int: "NUMBER(38, 0)", float: "REAL", str: "TEXT", list: "ARRAY", dict: "OBJECT"}
    return by_type[type(value)]


def _column_type(values: Sequence[str | None]) -> str | None:
    given = [value.strip() for value in values if value is not None]
    if not given:
        return None
    return next((kind for kind, pattern in _TEXT_TYPES if all(map(pattern.fullmatch, given))), "TEXT")


def _parquet_type(kind: str) -> str:
    if kind.startswith("DECIMAL"):
        return kind.replace("DECIMAL", "NUMBER").replace(",", ", ")
    if kind.endswith("INT") or kind == "INTEGER" or kind.startswith("U"):
        return "NUMBER(38, 0)"
    if kind.endswith("]"):
        return "ARRAY"
    if kind.startswith(("STRUCT", "MAP")):
        return "OBJECT"
    return "TIMESTAMP_NTZ" if kind.startswith("TIMESTAMP") and "ZONE" not in kind else _PARQUET_TYPES.get(kind, "TEXT")


def _expressions(items: Sequence[tuple[str, Inferred]], chosen: FileFormat) -> list[str]:
    if chosen.kind == "CSV":
        return [f"${at}::{column.kind or 'TEXT'}" for at, (_, column) in enumerate(items, start=1)]
    plain = re.compile(r"[A-Za-z_][\w$]*")
    return [
        f"$1:{name if plain.fullmatch(name) else chr(34) + name + chr(34)}::{column.kind or 'TEXT'}"
        for name, column in items
    ]
