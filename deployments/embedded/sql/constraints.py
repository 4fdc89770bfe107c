"""Column definitions: what of them DuckDB enforces, and how it is told of the rest."""

from __future__ import annotations

import secrets

from sqlglot import Expr, exp

from deployments.embedded.context import StatementContext
from deployments.embedded.errors import unsupported
from deployments.embedded.names import quote_literal, quote_path
from deployments.embedded.sql.rewrites.trees import TEXT_TYPES

ZONED = "TIMESTAMP WITH TIME ZONE"
MAX_LENGTHS = {"16777216", "134217728"}
_NOT_ENFORCED = (
    exp.UniqueColumnConstraint,
    exp.Reference,
    exp.CommentColumnConstraint,
    exp.InlineLengthColumnConstraint,
)


def keep_enforced_constraints(definition: exp.ColumnDef) -> exp.ColumnDef:
    """Keep the constraints that Snowflake enforces of a column: NOT NULL, also by PRIMARY KEY, the text's length."""
    kept: list[Expr] = []
    for constraint in definition.args.get("constraints") or []:
        kind = constraint.args.get("kind")
        if isinstance(kind, exp.PrimaryKeyColumnConstraint):
            kept.append(exp.ColumnConstraint(kind=exp.NotNullColumnConstraint()))
        elif isinstance(kind, exp.CollateColumnConstraint) and kind.this.name not in ("", "utf8", "bin"):
            raise unsupported(f"a column with COLLATE '{kind.this.name}'", "Compare UPPER of both sides.")
        elif isinstance(kind, exp.CommentColumnConstraint):
            definition.args["comment"] = kind.this.name
        elif not isinstance(kind or constraint, (*_NOT_ENFORCED, exp.CollateColumnConstraint)):
            kept.append(constraint)
    kept += [check for check in (length_check(definition), type_check(definition)) if check]
    definition.set("constraints", kept)
    return definition


def number_sequences(tree: exp.Create, context: StatementContext) -> list[str]:
    """`ID INT AUTOINCREMENT` and `IDENTITY (10, 5)` take their default from a sequence; returns how to create it."""
    if not isinstance(tree.this, exp.Schema):
        return []
    table: exp.Table = tree.this.this
    home = [table.catalog or context.database or "", table.db or context.schema or ""]
    steps = []
    for constraint in list(
        tree.this.find_all(exp.AutoIncrementColumnConstraint, exp.GeneratedAsIdentityColumnConstraint)
    ):
        start, increment = (constraint.args.get(name) for name in ("start", "increment"))
        name = quote_path(*home, f"_numbers_{table.name}_{secrets.token_hex(4)}")
        first, by = (value.name if isinstance(value, Expr) else "1" for value in (start, increment))
        steps.append(f"CREATE SEQUENCE {name} START WITH {first} INCREMENT BY {by}")
        following = exp.Anonymous(this="nextval", expressions=[exp.Literal.string(name)])
        constraint.replace(exp.DefaultColumnConstraint(this=following))
    return steps


def length_check(definition: exp.ColumnDef) -> Expr | None:
    """VARCHAR(n) as a CHECK, because DuckDB ignores the length."""
    kind = definition.kind
    if kind is None or kind.this not in TEXT_TYPES:
        return None
    length = kind.expressions[0].this.name if kind.expressions else None
    if length is None and kind.this in {exp.DataType.Type.CHAR, exp.DataType.Type.NCHAR}:
        length = "1"
    kind.set("expressions", [])
    if length is None or length in MAX_LENGTHS:
        return None
    name = exp.column(definition.this.copy())
    check = exp.LTE(this=exp.Anonymous(this="length", expressions=[name]), expression=exp.Literal.number(length))
    return exp.ColumnConstraint(kind=exp.CheckColumnConstraint(this=check))


def type_check(definition: exp.ColumnDef) -> Expr | None:
    """ARRAY and OBJECT as a CHECK, because DuckDB has only JSON.

    TIMESTAMP_LTZ gets one that is always true, by which it is told from TIMESTAMP_TZ.
    """
    declared = definition.kind.meta.get("declared") if definition.kind is not None else None
    if not declared:
        return None
    function, value = ("json_type", declared) if declared != "TIMESTAMP_LTZ" else ("typeof", ZONED)
    asked = exp.Anonymous(this=function, expressions=[exp.column(definition.this.copy())])
    check = exp.EQ(this=asked, expression=exp.Literal.string(value))
    return exp.ColumnConstraint(kind=exp.CheckColumnConstraint(this=check))


def primary_key_columns(schema: exp.Schema) -> None:
    """A table-level PRIMARY KEY makes its columns NOT NULL; Snowflake enforces no more of it."""
    named = {
        column.name
        for item in schema.expressions
        for key in item.find_all(exp.PrimaryKey)
        for column in key.expressions
    }
    for item in schema.expressions:
        if isinstance(item, exp.ColumnDef) and item.name in named:
            item.append("constraints", exp.ColumnConstraint(kind=exp.NotNullColumnConstraint()))


def column_comments(tree: exp.Create) -> list[str]:
    """COMMENT ON COLUMN for each comment in a CREATE TABLE."""
    if not isinstance(tree.this, exp.Schema):
        return []
    table = tree.this.this.sql("duckdb")
    return [
        f"""COMMENT ON COLUMN {table}.{item.this.sql("duckdb")} IS {quote_literal(item.args["comment"])}"""
        for item in tree.this.expressions
        if isinstance(item, exp.ColumnDef) and item.args.get("comment")
    ]
