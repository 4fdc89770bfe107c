"""Turns a SELECT that reads from a stage into one that reads a relation.

`SELECT t.$1:a::int, METADATA$FILENAME FROM @RAW.LANDING/twitch (FILE_FORMAT => 'F', PATTERN => '.*') t`
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from sqlglot import Expr, exp

from deployments.embedded.context import StatementContext
from deployments.embedded.errors import snowflake_error, unsupported
from deployments.embedded.stages.files.named_formats import resolve_format
from deployments.embedded.stages.files.relation import Relation, forget_relations, read_rows, rows_table
from deployments.embedded.stages.files.rows import FileError
from deployments.embedded.stages.stage import locate


def read_staged_files(expression: Expr, context: StatementContext) -> Expr:
    """Replace every stage in a FROM by a relation with the rows of its files."""
    tables = [table for table in expression.find_all(exp.Table) if stage_reference(table)]
    if not tables:
        return expression
    if isinstance(expression, exp.Create) and expression.kind == "VIEW":
        raise unsupported("view over staged files", "Create a table from the SELECT, or COPY the files into one.")
    forget_relations(context)
    for table in tables:
        select = table.find_ancestor(exp.Select)
        relation = _relation(table, context)
        if select is not None:
            bind(select, relation)
        replace(table, relation)
    return expression


def stage_reference(table: exp.Table) -> str | None:
    """The stage that a table of a FROM names, or None if it is a table."""
    this = table.this
    text = str(this.this) if isinstance(this, exp.Var) else this.this if isinstance(this, exp.Literal) else ""
    return text if text.startswith("@") else None


def replace(table: exp.Table, relation: Relation) -> None:
    """Put the relation where the stage was, under the same alias."""
    replacement = relation.table()
    replacement.set("alias", table.args.get("alias"))
    replacement.set("joins", table.args.get("joins"))
    table.replace(replacement)


def bind(select: exp.Select, relation: Relation) -> None:
    """Make `$1`, `$1:path` and METADATA$ columns of this SELECT name the relation's columns."""
    if any(isinstance(item, exp.Star) for item in select.expressions):
        raise unsupported("SELECT * from a stage", "Name the columns: SELECT $1, $2, … FROM @stage.")
    for node in list(select.walk()):
        if node.find_ancestor(exp.Select) is not select:
            continue
        if isinstance(node, exp.JSONExtract) and relation.kind == "PARQUET":
            _bind_parquet_path(node, relation)
        elif _is_dollar(node):
            parameter = node.this if isinstance(node, exp.Column) else node
            node.replace(_column(f"${parameter.name}", node, relation))
        elif isinstance(node, exp.Column) and node.name.upper().startswith("METADATA$"):
            _bind_metadata(node, relation)


def _relation(table: exp.Table, context: StatementContext) -> Relation:
    location = locate(str(stage_reference(table)), context)
    pattern, named = table.args.get("pattern"), table.args.get("format")
    chosen = resolve_format(_format_spec(named), context, location.stage)
    chosen.require_no_patterns()
    files = location.files(pattern.name if pattern is not None else None)
    relation = Relation(context, chosen.kind)
    if chosen.kind == "PARQUET" and files:
        relation.show_parquet(files)
        return relation
    tables = []
    for file in files:
        try:
            rows = read_rows(file, chosen)
        except FileError as error:
            raise snowflake_error(f"{error.message}\n  File '{file.shown_name}'", error.code, "22000") from error
        if rows.errors:
            first = rows.errors[0]
            where = f"File '{file.shown_name}', line {first.line}, character {first.character}"
            raise snowflake_error(f"{first.message}\n  {where}\n  Row {first.row}", first.code, "22P02")
        tables.append(rows_table(file, rows))
    relation.show(pa.concat_tables(tables, promote_options="default") if tables else _no_rows())
    return relation


def _no_rows() -> pa.Table:
    schema = {"$1": pa.string(), "METADATA$FILENAME": pa.string(), "METADATA$FILE_ROW_NUMBER": pa.int64()}
    return pa.table({name: pa.array([], kind) for name, kind in schema.items()})


def _format_spec(node: Any) -> Any:
    if node is None:
        return None
    if isinstance(node, exp.Literal | exp.Var | exp.Identifier):
        return node.name
    return node.sql(dialect="snowflake")


def _is_dollar(node: Expr) -> bool:
    if isinstance(node, exp.Column):
        return isinstance(node.this, exp.Parameter)
    return isinstance(node, exp.Parameter) and not isinstance(node.parent, exp.Column) and node.this.is_int


def _bind_metadata(node: exp.Column, relation: Relation) -> None:
    name = node.name.upper()
    if name not in relation.columns:
        raise snowflake_error(
            f"SQL compilation error: error line 1 at position 0\ninvalid identifier '{name}'", 904, "42000"
        )
    node.replace(_column(name, node, relation))


def _bind_parquet_path(node: exp.JSONExtract, relation: Relation) -> None:
    first = node.this
    path = node.expression
    if not _is_dollar(first) or not isinstance(path, exp.JSONPath) or len(path.expressions) < 2:
        return
    key, rest = path.expressions[1], path.expressions[2:]
    if not isinstance(key, exp.JSONPathKey):
        return
    column = _column(f"$1:{key.name}", first, relation)
    if rest:
        path.set("expressions", [path.expressions[0], *rest])
        first.replace(exp.Anonymous(this="to_json", expressions=[column]))
    else:
        node.replace(column)


def _column(name: str, node: Expr, relation: Relation) -> Expr:
    if name not in relation.columns:
        return exp.cast(exp.null(), "VARCHAR")
    table = node.args.get("table") if isinstance(node, exp.Column) else None
    return exp.Column(this=exp.to_identifier(name, quoted=True), table=table)
