"""INSERT, UPDATE, DELETE, MERGE and TRUNCATE as DuckDB statements."""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import Expr, exp

from deployments.embedded.context import StatementContext
from deployments.embedded.errors import snowflake_error, unsupported
from deployments.embedded.sql.ddl import table_exists
from deployments.embedded.sql.plan import Outcome, Plan
from deployments.embedded.sql.rewrites.names import full_name, upper_case_unquoted
from deployments.embedded.sql.rewrites.trees import gives_text

MERGE_COLUMNS = {
    "INSERT": "number of rows inserted",
    "UPDATE": "number of rows updated",
    "DELETE": "number of rows deleted",
}


@dataclass(frozen=True)
class Changed:
    """The target of a statement that changes rows.

    Attributes:
        name: Database, schema and name; None for a table that only this session sees.
    """

    name: tuple[str, str, str] | None


def changed_table(tree: Expr, context: StatementContext) -> Changed | None:
    """The table whose rows a statement changes, before its names are rewritten; None where it changes no rows."""
    if not isinstance(tree, (exp.Insert, exp.Update, exp.Delete, exp.Merge, exp.TruncateTable)):
        return None
    target = tree.expressions[0] if isinstance(tree, exp.TruncateTable) else tree.this
    target = target.this if isinstance(target, exp.Schema) else target
    if not isinstance(target, exp.Table):
        return Changed(None)
    named = target.copy()
    upper_case_unquoted(named, context)
    name = full_name(named, context)
    return Changed(None if name in context.session.temporary_tables else name)


def insert(tree: Expr, context: StatementContext) -> Plan:
    """`INSERT [OVERWRITE] INTO t (columns) SELECT …`; OVERWRITE empties the table in the same transaction."""
    if isinstance(tree, exp.MultitableInserts):
        raise unsupported("INSERT ALL / INSERT FIRST", "Write one INSERT per table.")
    _check_types(tree, context)
    steps: list[Expr | str] = [tree]
    if tree.args.get("overwrite"):
        target = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
        tree.set("overwrite", None)
        steps.insert(0, f"DELETE FROM {target.sql('duckdb')}")
    return Plan(steps, Outcome.INSERTED)


def _check_types(tree: Expr, context: StatementContext) -> None:
    """Refuse a text literal for a VARIANT, OBJECT or ARRAY; DuckDB would parse it as JSON."""
    query = tree.expression
    rows = [query.selects] if isinstance(query, exp.Select) else []
    if isinstance(query, exp.Values):
        rows = [row.expressions for row in query.expressions]
    texts = {place for row in rows for place, item in enumerate(row) if gives_text(item)}
    target = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
    if not texts or not isinstance(target, exp.Table):
        return
    described = context.duck_conn.execute(f"SELECT * FROM {target.sql('duckdb')} LIMIT 0").description or []
    kinds = {str(name).upper(): str(kind) for name, kind, *_ in described}
    names = [item.name.upper() for item in tree.this.expressions] if isinstance(tree.this, exp.Schema) else list(kinds)
    for place, name in enumerate(names):
        if place in texts and kinds.get(name) == "JSON":
            message = (
                f"Expression type does not match column data type, expecting VARIANT but got VARCHAR for column {name}"
            )
            raise snowflake_error(f"SQL compilation error:\n{message}", 2023, "22000")


def update(tree: exp.Update, context: StatementContext) -> Plan:
    """`UPDATE t SET a = s.b FROM s WHERE t.k = s.k`; DuckDB does not take the target's name before the column."""
    for assignment in tree.expressions:
        if isinstance(assignment, exp.EQ) and isinstance(assignment.this, exp.Column):
            assignment.set("this", exp.column(assignment.this.this.copy()))
    return Plan([tree], Outcome.UPDATED)


def delete(tree: exp.Delete, context: StatementContext) -> Plan:
    """`DELETE FROM t USING s WHERE t.k = s.k`."""
    return Plan([tree], Outcome.DELETED)


def truncate(tree: exp.TruncateTable, context: StatementContext) -> Plan:
    """`TRUNCATE TABLE [IF EXISTS] t`."""
    tables = [table for table in tree.expressions if not tree.args.get("exists") or table_exists(table, context)]
    steps: list[Expr | str] = [f"DELETE FROM {table.sql('duckdb')}" for table in tables]
    return Plan(steps, Outcome.STATUS)


def merge(tree: exp.Merge, context: StatementContext) -> Plan:
    """`MERGE INTO t USING (SELECT …) s ON … WHEN MATCHED AND … THEN UPDATE …`: DuckDB's own MERGE, which is atomic."""
    actions = []
    for when in tree.args["whens"].expressions:
        then = when.args.get("then")
        if isinstance(then, exp.Update):
            actions.append("UPDATE")
            for assignment in then.expressions:
                if isinstance(assignment.this, exp.Column):
                    assignment.set("this", exp.column(assignment.this.this.copy()))
        elif isinstance(then, exp.Insert):
            actions.append("INSERT")
            _insert_columns(then)
        else:
            actions.append("DELETE")
    tree.set("returning", None)
    sql = tree.sql("duckdb") + " RETURNING merge_action"
    ordered = tuple(action for action in MERGE_COLUMNS if action in actions)
    return Plan([sql], Outcome.MERGED, merge_actions=ordered)


def _insert_columns(then: exp.Insert) -> None:
    columns = then.this
    if isinstance(columns, exp.Tuple):
        named = [exp.column(c.this.copy()) for c in columns.expressions if isinstance(c, exp.Column)]
        columns.set("expressions", named)


def transaction(tree: Expr, context: StatementContext) -> Plan:
    """BEGIN, COMMIT, ROLLBACK."""
    transactions = context.connection.transactions
    if isinstance(tree, exp.Transaction):
        transactions.begin()
    elif isinstance(tree, exp.Commit):
        transactions.commit()
    else:
        transactions.rollback()
    return Plan([], Outcome.STATUS)
