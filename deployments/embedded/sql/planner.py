"""From a parsed statement to its plan, by the kind of statement."""

from __future__ import annotations

import re
from collections.abc import Callable

import sqlglot
from sqlglot import Expr, exp

from deployments.embedded.context import StatementContext
from deployments.embedded.errors import snowflake_error, unsupported
from deployments.embedded.names import normalise_name
from deployments.embedded.scanner import Scanner, unquote
from deployments.embedded.sql import ddl, dml, known_names as dialect, multi_insert, schemas
from deployments.embedded.sql.plan import Plan

_COMMENTS = re.compile(
    r"""\s*ALTER\s+(?:TABLE|VIEW)\s+(?:IF\s+EXISTS\s+)?\S+\s+(?:ALTER|MODIFY)\s*\(?\s*(?:COLUMN\s+)?(?:"[^"]*"|\w+)\s+COMMENT\b""",
    re.IGNORECASE,
)
Planner = Callable[..., Plan]

_CHANGES: dict[type[Expr], Planner] = {
    exp.Insert: dml.insert,
    exp.MultitableInserts: multi_insert.insert_into_several,
    exp.Update: dml.update,
    exp.Delete: dml.delete,
    exp.Merge: dml.merge,
    exp.TruncateTable: dml.truncate,
    exp.Comment: ddl.comment_on,
}
_WITHOUT_REWRITES: dict[tuple[type[Expr], str], Planner] = {
    (exp.Create, "SCHEMA"): schemas.create_schema,
    (exp.Drop, "SCHEMA"): schemas.drop_schema,
    (exp.Create, "SEQUENCE"): schemas.create_sequence,
    (exp.Drop, "SEQUENCE"): schemas.drop_sequence,
}
_DEFINITIONS: dict[tuple[type[Expr], str], Planner] = {
    (exp.Create, "TABLE"): ddl.create_table,
    (exp.Create, "VIEW"): ddl.create_view,
    **{(exp.Drop, kind): ddl.drop for kind in ("TABLE", "VIEW")},
    **{(exp.Alter, kind): ddl.alter_table for kind in ("TABLE", "VIEW")},
}
_REFUSED = (exp.Command, exp.Undrop, exp.Grant, exp.Revoke)


def parse(command: str) -> Expr:
    """Parse the one statement of a request.

    Raises:
        ProgrammingError: there are several statements, or the text is no SQL.
    """
    tree = _column_comments(command) or sqlglot.parse_one(command, read="snowflake")
    dialect.check_text(command, tree)
    if not isinstance(tree, exp.Block):
        dialect.check(tree)
        return tree
    statements = [item for item in tree.expressions if item is not None and not isinstance(item, exp.Semicolon)]
    if len(statements) != 1:
        message = f"Actual statement count {len(statements)} did not match the desired statement count 1."
        raise snowflake_error(message, 8, "0A000")
    statement: Expr = statements[0].copy()
    dialect.check(statement)
    return statement


def _column_comments(command: str) -> exp.Alter | None:
    """`ALTER TABLE t ALTER "A" COMMENT $$…$$, "B" COMMENT $$…$$`, of dbt's persist_docs; the parser takes one."""
    if not _COMMENTS.match(command):
        return None
    scanner = Scanner(command)
    scanner.expect("ALTER")
    kind = scanner.next().text
    scanner.take("IF", "EXISTS")
    table = scanner.name()
    actions: list[Expr] = []
    while scanner.peek() is not None:
        if scanner.take("ALTER") or scanner.take("MODIFY") or scanner.take("COLUMN") or any(map(scanner.take, ",()")):
            continue
        name = exp.to_identifier(normalise_name(scanner.name()), quoted=True)
        scanner.expect("COMMENT")
        comment = exp.Literal.string(unquote(scanner.next().text))
        actions.append(exp.AlterColumn(this=name, comment=comment))
    return exp.Alter(this=exp.to_table(table, dialect="snowflake"), kind=kind.upper(), actions=actions)


def plan(tree: Expr, context: StatementContext) -> Plan:
    """The DuckDB statements for a statement.

    Raises:
        ProgrammingError: the statement is one that the embedded warehouse cannot do; the error names it.
    """
    if isinstance(tree, _REFUSED):
        raise unsupported(_words(tree))
    if isinstance(tree, (exp.Create, exp.Drop, exp.Alter)):
        return _definition(tree, context)
    if isinstance(tree, exp.Use):
        return schemas.use(tree, context)
    if isinstance(tree, (exp.Transaction, exp.Commit, exp.Rollback)):
        return dml.transaction(tree, context)
    _needs_database(tree, context)
    tree = context.rewrite(tree)
    if change := _CHANGES.get(type(tree)):
        return change(tree, context)
    return Plan([tree])


def _words(tree: Expr) -> str:
    """The words that name what a statement asks for."""
    if isinstance(tree, exp.Command):
        return " ".join(f"{tree.name} {getattr(tree.expression, 'name', tree.expression) or ''}".split()[:2]).upper()
    return type(tree).__name__.upper()


def _definition(tree: exp.Create | exp.Drop | exp.Alter, context: StatementContext) -> Plan:
    kind = (tree.kind or "").upper()
    if planner := _WITHOUT_REWRITES.get((type(tree), kind)):
        return planner(tree, context)
    planner = _DEFINITIONS.get((type(tree), kind))
    if planner is None:
        raise unsupported(f"{tree.key.upper()} {kind}")
    _needs_database(tree, context)
    return planner(context.rewrite(tree), context)


def _needs_database(tree: Expr, context: StatementContext) -> None:
    """Names without a database need a current one; a login without one can only use full names."""
    if context.database is not None:
        return
    common = {cte.alias for cte in tree.find_all(exp.CTE)}
    for table in tree.find_all(exp.Table):
        is_shown = table.name.startswith("_SNOWCAST_") or table.name in common  # rows that the session holds
        if isinstance(table.this, exp.Identifier) and not table.catalog and not is_shown:
            message = "This session does not have a current database. Call 'USE DATABASE', or use a qualified name."
            raise snowflake_error(message, 90105, "22000")
