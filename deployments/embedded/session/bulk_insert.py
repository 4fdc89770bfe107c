"""Many rows in one INSERT: the values go to DuckDB as one Arrow table, not row by row or literal by literal."""

from __future__ import annotations

import re

import duckdb
from sqlglot import exp

from deployments.embedded.session.cursor import EmbeddedCursor
from deployments.embedded.sql.rewrites.names import resolve_table
from deployments.embedded.wire.bindings import Binding, bind_table

ROWS = "_SNOWCAST_BOUND_ROWS"
LITERALS_FROM_LENGTH = 20_000
HEAD = re.compile(r"""\s*INSERT\s+INTO\s+(?:[\w$.]|"[^"]*")+\s*(?:\([^()']*\)\s*)?VALUES\s*(?=\()""", re.IGNORECASE)
CELL = re.compile(
    r"""\s*(?:'(?P<text>(?:[^'\\]|''|\\.)*)'|(?P<number>[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)
    |(?P<boolean>TRUE|FALSE)|(?P<null>NULL))\s*(?P<after>[,)])""",
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
BETWEEN = re.compile(r"\s*(?:,\s*\(|;?\s*$)")
ESCAPE = re.compile(r"''|\\(.)", re.DOTALL)
ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "b": "\b", "f": "\f"}


def insert_batch(cursor: EmbeddedCursor, text: str, bindings: dict[str, Binding]) -> int | None:
    """`INSERT INTO t (…) VALUES (?, ?)` with lists bound: `create_dataframe` of many rows, `executemany`.

    Row by row each would take 3 ms.

    Args:
        cursor: The statement's cursor; it holds the result afterwards.
        text: The statement.
        bindings: A list of values per placeholder.

    Returns:
        Rows inserted, or None where the statement is no such INSERT and nothing was done.
    """
    insert = cursor.context.parse(text)
    if not isinstance(insert, exp.Insert):
        return None
    cells = _cells(insert)
    placeholders = list(insert.find_all(exp.Placeholder, bfs=False))  # in the order in which they are written
    if cells is None or len(placeholders) != len(bindings):
        return None
    targets = _targets(cursor, insert, cells, len(bindings))
    for position, placeholder in enumerate(placeholders, start=1):
        number = placeholder.name if placeholder.name.isdigit() else str(position)
        column = exp.column(exp.to_identifier(f"P{number}", quoted=True))
        cells = [column if cell is placeholder else cell for cell in cells]
        placeholder.replace(column)
    insert.set("expression", exp.select(*cells).from_(exp.to_identifier(ROWS, quoted=True)))
    duck_conn = cursor.context.duck_conn
    duck_conn.register(ROWS, bind_table(bindings, targets))
    cursor.repeatable = False
    try:
        cursor.execute(insert.sql(dialect="snowflake"))
    finally:
        duck_conn.unregister(ROWS)
    return cursor.rowcount


def _cells(insert: exp.Insert) -> list[exp.Expr] | None:
    source = insert.expression
    if isinstance(source, exp.Values) and len(source.expressions) == 1:
        return list(source.expressions[0].expressions)
    if isinstance(source, exp.Select) and not source.args.get("from_"):
        return list(source.expressions)
    return None


def _targets(cursor: EmbeddedCursor, insert: exp.Insert, cells: list[exp.Expr], count: int) -> list[str | None]:
    """DuckDB's type of the column each placeholder goes to, None where it is part of an expression."""
    targets: list[str | None] = [None] * count
    target = insert.this
    table = target.this if isinstance(target, exp.Schema) else target
    try:
        described = cursor.context.duck_conn.execute(
            f"SELECT * FROM {resolve_table(table, cursor.context).sql(dialect='duckdb', comments=False)} LIMIT 0"
        ).description
    except duckdb.Error:
        return targets
    kinds = {name.upper(): str(kind) for name, kind, *_ in described or []}
    names = [column.name.upper() for column in target.expressions] if isinstance(target, exp.Schema) else list(kinds)
    position = 0
    for name, cell in zip(names, cells, strict=False):
        if isinstance(cell, exp.Placeholder):
            targets[position] = kinds.get(name)
        position += len(list(cell.find_all(exp.Placeholder)))
    return targets


def literals_as_bindings(text: str) -> tuple[str, dict[str, Binding]] | None:
    """A long `INSERT … VALUES` of literals only as a statement with placeholders, and the lists to bind.

    The connector's `executemany` writes all rows into one statement; parsing 100,000 of them takes minutes.

    Returns:
        None where the statement is short, or holds anything else than literals.
    """
    if len(text) < LITERALS_FROM_LENGTH or (head := HEAD.match(text)) is None:
        return None
    rows = _literal_rows(text, head.end())
    if rows is None or len({len(row) for row in rows}) != 1:
        return None
    columns = [_binding(column) for column in zip(*rows, strict=True)]
    marks = ", ".join("?" * len(columns))
    return f"{text[: head.end()]}({marks})", {str(n): column for n, column in enumerate(columns, start=1)}


Cell = tuple[str, str | None]


def _literal_rows(text: str, position: int) -> list[list[Cell]] | None:
    rows: list[list[Cell]] = []
    position += 1
    while True:
        row: list[Cell] = []
        while True:
            cell = CELL.match(text, position)
            if cell is None:
                return None
            row.append(_cell(cell))
            position = cell.end()
            if cell["after"] == ")":
                break
        rows.append(row)
        between = BETWEEN.match(text, position)
        if between is None:
            return None
        position = between.end()
        if not between[0].endswith("("):
            return rows


def _cell(match: re.Match[str]) -> Cell:
    if (written := match["text"]) is not None:
        return "TEXT", ESCAPE.sub(_unescape, written) if "'" in written or "\\" in written else written
    if match["number"] is not None:
        return "NUMBER", match["number"]
    return ("BOOLEAN", match["boolean"].lower()) if match["boolean"] else ("NULL", None)


def _unescape(match: re.Match[str]) -> str:
    letter = match[1]
    return "'" if letter is None else ESCAPED.get(letter, letter)


def _binding(column: tuple[Cell, ...]) -> Binding:
    kinds = {kind for kind, _ in column} - {"NULL"}
    declared = {"NUMBER": "FIXED", "BOOLEAN": "BOOLEAN"}.get(next(iter(kinds)), "TEXT") if len(kinds) == 1 else "TEXT"
    return {"type": declared, "value": [value for _, value in column]}
