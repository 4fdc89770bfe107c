"""From a parsed statement to its plan, by the kind of statement."""

from __future__ import annotations

from collections.abc import Callable

from fakesnow.dialect import parse_one
from sqlglot import Expr, exp

from deployments.embedded.context import StatementContext
from deployments.embedded.errors import snowflake_error, unsupported
from deployments.embedded.sql import ddl, dml, schemas
from deployments.embedded.sql import known_names as dialect
from deployments.embedded.sql.plan import Plan

Planner = Callable[..., Plan]

_CHANGES: dict[type[Expr], Planner] = {
    exp.Insert: dml.insert,
    exp.MultitableInserts: dml.insert,
    exp.Update: dml.update,
    exp.Delete: dml.delete,
    exp.Merge: dml.merge,
    exp.TruncateTable: dml.truncate,
    exp.Comment: ddl.comment_on,
}
_REFUSED = (exp.Command, exp.Undrop, exp.Grant, exp.Revoke)
_BY_FAKESNOW = {"DATABASE", "SCHEMA", "SEQUENCE", "TAG"}


def parse(command: str) -> Expr:
    """Parse the one statement of a request.

    Raises:
        ProgrammingError: there are several statements, or the text is no SQL.
    """
    tree = parse_one(command)
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


def plan(tree: Expr, context: StatementContext) -> Plan | None:
    """The DuckDB statements for a statement, or None where fakesnow runs it.

    Raises:
        ProgrammingError: the statement is one that the embedded warehouse cannot do; the error names it.
    """
    if isinstance(tree, _REFUSED):
        raise unsupported(_words(tree))
    if isinstance(tree, (exp.Create, exp.Drop, exp.Alter)):
        return _definition(tree, context)
    if isinstance(tree, exp.Use):
        return schemas.use(tree, context)
    if isinstance(tree, (exp.Set, exp.Show)):
        return None
    if isinstance(tree, (exp.Transaction, exp.Commit, exp.Rollback)):
        return dml.transaction(tree, context)
    _needs_schema(context)
    tree = context.rewrite(tree)
    if change := _CHANGES.get(type(tree)):
        return change(tree, context)
    return Plan([tree])


def _words(tree: Expr) -> str:
    """The words that name what a statement asks for."""
    if isinstance(tree, exp.Command):
        return " ".join(f"{tree.name} {getattr(tree.expression, 'name', tree.expression) or ''}".split()[:2]).upper()
    return type(tree).__name__.upper()


def _definition(tree: exp.Create | exp.Drop | exp.Alter, context: StatementContext) -> Plan | None:
    kind = (tree.kind or "").upper()
    if kind == "SCHEMA" and isinstance(tree, exp.Create):
        return schemas.create_schema(tree, context)
    if kind in _BY_FAKESNOW and not isinstance(tree, exp.Alter):
        return None
    planner: Planner | None = None
    if isinstance(tree, exp.Create):
        planner = {"TABLE": ddl.create_table, "VIEW": ddl.create_view}.get(kind)
    elif isinstance(tree, exp.Drop):
        planner = {"TABLE": ddl.drop, "VIEW": ddl.drop}.get(kind)
    elif kind in {"TABLE", "VIEW"}:
        planner = ddl.alter_table
    if planner is None:
        raise unsupported(f"{tree.key.upper()} {kind}")
    _needs_schema(context)
    return planner(context.rewrite(tree), context)


def _needs_schema(context: StatementContext) -> None:
    """Unqualified names need a current database; a login without one can only use full names."""
    if context.database is None and context.connection.database_set:
        raise snowflake_error("This session does not have a current database. Call 'USE DATABASE'.", 90105, "22000")
