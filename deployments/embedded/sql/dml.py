"""INSERT, UPDATE, DELETE, MERGE and TRUNCATE as DuckDB statements."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
from sqlglot import Expr, exp

from deployments.embedded.context import StatementContext
from deployments.embedded.sql.ddl import table_exists
from deployments.embedded.sql.macros import call
from deployments.embedded.sql.plan import Outcome, Plan
from deployments.embedded.sql.repeated_keys import check_repeated_keys
from deployments.embedded.sql.rewrites.names import full_name, upper_case_unquoted
from deployments.embedded.sql.rewrites.trees import is_variant

MERGE_COLUMNS = {
    "INSERT": "number of rows inserted",
    "UPDATE": "number of rows updated",
    "DELETE": "number of rows deleted",
}
_GROWTH = {"INSERT": 1, "UPDATE": 0, "DELETE": -1}  # rows that the table has more for each


@dataclass(frozen=True)
class Changed:
    """The target of a statement that changes rows.

    Attributes:
        name: Database, schema and name; None for a table that only this session sees.
    """

    name: tuple[str, str, str] | None


def find_changed_tables(tree: Expr, context: StatementContext) -> list[Changed]:
    """Find the tables whose rows a statement changes, before its names are rewritten; none where it changes no rows."""
    if isinstance(tree, exp.MultitableInserts):
        return [_read_target(into.this.this, context) for into in tree.expressions]
    if not isinstance(tree, (exp.Insert, exp.Update, exp.Delete, exp.Merge, exp.TruncateTable)):
        return []
    return [_read_target(tree.expressions[0] if isinstance(tree, exp.TruncateTable) else tree.this, context)]


def _read_target(target: Expr, context: StatementContext) -> Changed:
    target = target.this if isinstance(target, exp.Schema) else target
    if not isinstance(target, exp.Table):
        return Changed(None)
    named = target.copy()
    upper_case_unquoted(named, context)
    name = full_name(named, context)
    return Changed(None if name in context.session.temporary_tables else name)


def insert(tree: Expr, context: StatementContext) -> Plan:
    """`INSERT [OVERWRITE] INTO t (columns) SELECT …`; OVERWRITE empties the table in the same transaction."""
    _refuse_texts(tree, context)
    steps: list[Expr | str] = [tree]
    if tree.args.get("overwrite"):
        target = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
        tree.set("overwrite", None)
        steps.insert(0, f"DELETE FROM {target.sql('duckdb')}")
    return Plan(steps, Outcome.INSERTED)


def _refuse_texts(tree: Expr, context: StatementContext) -> None:
    """Refuse a text for a VARIANT, OBJECT or ARRAY when the rows are known; DuckDB would parse it as JSON."""
    names = [item.name.upper() for item in tree.this.expressions] if isinstance(tree.this, exp.Schema) else []
    if names and not context.connection.engine.variant_names.intersection(names):
        return
    kinds = _column_types(tree.this.this if isinstance(tree.this, exp.Schema) else tree.this, context)
    names = names or list(kinds)
    variants = {place: name for place, name in enumerate(names) if kinds.get(name) == "JSON"}
    query = tree.expression
    if not variants or query is None:
        return
    if isinstance(query, exp.Values):
        rows = [row.expressions for row in query.expressions]
    elif isinstance(query, exp.Select) and len(query.selects) == len(names) and not query.is_star:
        rows = [query.selects]
    else:
        tree.set("expression", _around(query, len(names)))
        rows = [tree.expression.selects]
    for row in rows:
        for place, name in variants.items():
            if place < len(row) and not is_variant(row[place]):
                value = row[place].unalias()
                value.replace(_assign_variant(value.copy(), name))


def _around(query: Expr, columns: int) -> exp.Select:
    """A query whose columns can be changed one by one."""
    aliases = [exp.to_identifier(f"_{place}", quoted=True) for place in range(columns)]
    query = query.this if isinstance(query, exp.Subquery) and not query.alias else query
    source = exp.Subquery(this=query, alias=exp.TableAlias(this=exp.to_identifier("_inserted"), columns=aliases))
    return exp.Select(expressions=[exp.column(alias.copy()) for alias in aliases]).from_(source, copy=False)


def _assign_variant(value: Expr, name: str) -> Expr:
    return call("sf_assigned_variant", value, exp.Literal.string(name))


def _column_types(target: Expr, context: StatementContext) -> dict[str, str]:
    """DuckDB's types of a table's columns, by their names in upper case."""
    if not isinstance(target, exp.Table):
        return {}
    named = target.copy()
    named.set("alias", None)
    try:
        described = context.duck_conn.execute(f"SELECT * FROM {named.sql('duckdb')} LIMIT 0").description or []
    except duckdb.Error:
        if context.connection.transactions.open:
            raise
        return {}  # the change itself tells what is wrong with the table
    return {str(name).upper(): str(kind) for name, kind, *_ in described}


def _refuse_assigned_texts(assignments: list[Expr], target: Expr, context: StatementContext) -> None:
    """Refuse `UPDATE t SET v = 'text'` of a VARIANT, in UPDATE and MERGE."""
    names = context.connection.engine.variant_names
    pairs = [item for item in assignments if isinstance(item, exp.EQ) and item.this.name.upper() in names]
    kinds = _column_types(target, context) if pairs else {}
    for item in pairs:
        if kinds.get(item.this.name.upper()) == "JSON" and not is_variant(item.expression):
            item.set("expression", _assign_variant(item.expression.copy(), item.this.name))


def update(tree: exp.Update, context: StatementContext) -> Plan:
    """`UPDATE t SET a = s.b FROM s WHERE t.k = s.k`; DuckDB does not take the target's name before the column."""
    for assignment in tree.expressions:
        if isinstance(assignment, exp.EQ) and isinstance(assignment.this, exp.Column):
            assignment.set("this", exp.column(assignment.this.this.copy()))
    _refuse_assigned_texts(tree.expressions, tree.this, context)
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
            _refuse_assigned_texts(then.expressions, tree.this, context)
        elif isinstance(then, exp.Insert):
            actions.append("INSERT")
            _insert_columns(then)
            _refuse_inserted_texts(then, tree.this, context)
        else:
            actions.append("DELETE")
    tree.set("returning", None)
    ordered = tuple(action for action in MERGE_COLUMNS if action in actions)
    names = context.connection.engine.column_families
    checks = check_repeated_keys(tree, rows_have_numbers=all(name.upper() != "ROWID" for name in names))
    return Plan(_count_merged(tree, ordered), Outcome.MERGED, merge_actions=ordered, checks=checks)


def _count_merged(tree: exp.Merge, actions: tuple[str, ...]) -> list[Expr | str]:
    """The steps that merge and tell how many rows each action took.

    DuckDB tells the action of each row only with RETURNING, and then reads and writes every column of a row that is
    updated, not those of its SET alone. Of two actions the numbers follow from how many rows there were and are.
    """
    sql = tree.sql("duckdb")
    if len(actions) == 1:
        return [sql]
    if len(actions) > 2:
        return [f"{sql} RETURNING merge_action"]
    target = tree.this.copy()
    target.set("alias", None)
    row_count = f"SELECT count(*) FROM {target.sql('duckdb')}"
    return [row_count, sql, row_count]


def split_merged(actions: tuple[str, ...], before: int, merged: int, after: int) -> dict[str, int]:
    """How many rows each of two actions took.

    Args:
        actions: The actions.
        before: Rows of the table before the MERGE.
        merged: Rows that it inserted, updated and deleted.
        after: Rows of the table after it.
    """
    first, second = (_GROWTH[action] for action in actions)
    taken = (after - before - second * merged) // (first - second)
    return dict(zip(actions, (taken, merged - taken), strict=True))


def _insert_columns(then: exp.Insert) -> None:
    columns = then.this
    if isinstance(columns, exp.Tuple):
        named = [exp.column(c.this.copy()) for c in columns.expressions if isinstance(c, exp.Column)]
        columns.set("expressions", named)


def _refuse_inserted_texts(then: exp.Insert, target: Expr, context: StatementContext) -> None:
    """Refuse a text for a VARIANT in `WHEN NOT MATCHED THEN INSERT (v) VALUES (s.x)`."""
    values = then.expression
    if isinstance(then.this, exp.Tuple) and isinstance(values, exp.Tuple):
        pairs = zip(then.this.expressions, values.expressions, strict=False)
        assignments: list[Expr] = [exp.EQ(this=name.copy(), expression=value.copy()) for name, value in pairs]
        _refuse_assigned_texts(assignments, target, context)
        values.set("expressions", [item.expression for item in assignments])


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
