"""CREATE, ALTER and DROP of tables and views as DuckDB statements."""

from __future__ import annotations

import duckdb
from sqlglot import Expr, exp

from deployments.embedded.context import StatementContext
from deployments.embedded.errors import already_exists, snowflake_error, unsupported
from deployments.embedded.names import quote_literal, quote_path
from deployments.embedded.sql.constraints import (
    column_comments,
    keep_enforced_constraints,
    length_check,
    number_sequences,
    primary_key_columns,
)
from deployments.embedded.sql.plan import Outcome, Plan
from deployments.embedded.sql.rewrites.known_types import choose_macros
from deployments.embedded.sql.rewrites.names import full_name, is_temporary
from deployments.embedded.sql.rewrites.trees import TEXT_TYPES
from deployments.embedded.sql.rewrites.types import convert
from deployments.embedded.sql.table_traits import Traits, alter_traits, read_traits
from deployments.embedded.sql.view_definitions import keep_definition

NEW = "_NEW"
UNSUPPORTED_PROPERTIES = (exp.DynamicProperty, exp.ExternalProperty, exp.IcebergProperty)


def create_table(tree: exp.Create, context: StatementContext) -> Plan:
    """`CREATE [OR REPLACE] [TEMPORARY] TABLE [IF NOT EXISTS] t (columns) [AS SELECT …] [COMMENT = '…']`.

    A table that is replaced, or made from a query with NOT NULL columns or text lengths, is built under another name
    and renamed in the same transaction: the query may read the table that it replaces.
    """
    name = _name_created(tree, context)
    _check_columns(tree)
    traits = _properties(tree)
    status = f"Table {name[2]} successfully created."
    if tree.args.get("exists") and _exists(tree, context):
        return Plan([], Outcome.STATUS, f"{name[2]} already exists, statement succeeded.", commits=True)
    if not tree.args.get("replace") and _exists(tree, context):
        raise already_exists(name[2])
    if clone := tree.args.get("clone"):
        tree.set("clone", None)
        tree.set("expression", exp.select("*").from_(clone.this))
    steps: list[Expr | str] = [*number_sequences(tree, context), *_table_steps(tree, context)]
    steps += [traits.keep(_target(tree).sql("duckdb"))] if traits != Traits() else []
    steps += column_comments(tree)
    temporary = {name} if is_temporary(tree) else set()
    return Plan(steps, Outcome.STATUS, status, commits=not temporary, temporary=temporary)


def _check_columns(tree: exp.Create) -> None:
    """Refuse `CREATE TABLE t AS SELECT 1 AS a, 2 AS a`; DuckDB would name the second one A_1."""
    if isinstance(tree.this, exp.Schema) or not isinstance(tree.expression, exp.Query):
        return
    names = [item.alias_or_name for item in tree.expression.selects if not item.is_star and item.alias_or_name]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise snowflake_error(f"SQL compilation error:\nduplicate column name '{twice[0]}'", 2025, "42S21")


def _target(tree: exp.Create) -> exp.Table:
    target: exp.Table = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
    return target


def _name_created(tree: exp.Create, context: StatementContext) -> tuple[str, str, str]:
    """The name in Snowflake's words, also of a temporary table that has moved to DuckDB's temporary catalog."""
    return tree.args.get("temporary_name") or full_name(_target(tree), context)


def _properties(tree: exp.Create) -> Traits:
    """Take the properties DuckDB has no word for off the tree; return what is kept of them."""
    kept: list[Expr] = []
    properties = tree.args.get("properties")
    for item in properties.expressions if properties else []:
        if isinstance(item, UNSUPPORTED_PROPERTIES):
            raise unsupported(f"CREATE {type(item).__name__.removesuffix('Property').upper()} TABLE")
        if isinstance(item, exp.TemporaryProperty):
            kept.append(item)
        elif isinstance(item, exp.LikeProperty):
            tree.set("expression", exp.select("*").from_(item.this).limit(0))
    tree.set("properties", exp.Properties(expressions=kept) if kept else None)
    return read_traits(properties)


def _exists(tree: exp.Create, context: StatementContext) -> bool:
    target = _target(tree)
    if target.catalog == "temp":
        return _name_created(tree, context) in context.session.temporary_tables
    return table_exists(target, context)


def table_exists(table: exp.Table, context: StatementContext) -> bool:
    """Whether there is a table or view of this name.

    Reading none of its rows tells most cheaply; a view is there even if what it reads is gone.
    """
    name = (table.catalog or context.database, table.db or context.schema, table.name)
    written = quote_path(*(part or "" for part in name))
    with context.duck_conn.cursor() as apart:  # what is not found would end the session's transaction
        try:
            apart.execute(f"SELECT 1 FROM {written} LIMIT 0")
        except (duckdb.CatalogException, duckdb.PermissionException):  # the latter of names like `a.csv`
            found = apart.execute(
                "SELECT 1 FROM duckdb_views() WHERE upper(database_name) = upper(?) AND upper(schema_name) = upper(?) "
                "AND upper(view_name) = upper(?)",
                list(name),
            )
            return found.fetchone() is not None
        except duckdb.BinderException:
            return True
        return True


def _table_steps(tree: exp.Create, context: StatementContext) -> list[Expr | str]:
    query = tree.expression
    tree.set("exists", None)
    if isinstance(tree.this, exp.Schema):
        columns = [keep_enforced_constraints(item) for item in tree.this.expressions if isinstance(item, exp.ColumnDef)]
        primary_key_columns(tree.this)
        tree.this.set("expressions", columns)
        if query is None:
            return [tree]
        source = _convert_columns(query, columns)
        if any(column.args.get("constraints") for column in columns):
            return _build_aside(tree, source)
        tree.set("this", _target(tree))
        tree.set("expression", source)
    elif query is None:
        raise snowflake_error("SQL compilation error:\nMissing column specification", 2020, "42601")
    return [tree]


def _convert_columns(query: Expr, columns: list[exp.ColumnDef]) -> exp.Select:
    """The query with its columns named and typed as declared; an undeclared type is the query's own."""
    aliases = [exp.to_identifier(f"_{position}", quoted=True) for position in range(len(columns))]
    query = query.this if isinstance(query, exp.Subquery) and not query.alias else query
    source = exp.Subquery(
        this=query, alias=exp.TableAlias(this=exp.to_identifier("_source", quoted=True), columns=aliases)
    )
    chosen = []
    for column, alias in zip(columns, aliases, strict=True):
        value: Expr = exp.column(alias.copy())
        if column.kind is not None:
            value = _convert_on_assignment(value, column.kind)
        chosen.append(exp.alias_(value, column.this.copy(), copy=False))
    query = exp.Select(expressions=chosen).from_(source, copy=False)
    choose_macros(*chosen)
    return query


def _convert_on_assignment(value: Expr, kind: exp.DataType) -> Expr:
    """Conversion on assignment: text that is too long is an error there, so it is not cut."""
    if kind.this in TEXT_TYPES:
        kind = exp.DataType.build("TEXT")
    return convert(value, kind.copy())


def _build_aside(tree: exp.Create, source: exp.Select) -> list[Expr | str]:
    """Create under another name, fill, and take the place of the table."""
    target = _target(tree)
    final = target.copy()
    target.set("this", exp.to_identifier(target.name + NEW, quoted=True))
    create = tree.copy()
    create.set("expression", None)
    create.set("replace", True)
    insert = exp.Insert(this=target.copy(), expression=source)
    steps: list[Expr | str] = [create, insert]
    steps.append(f"DROP TABLE IF EXISTS {final.sql('duckdb')}")
    name = exp.to_identifier(final.name, quoted=True).sql("duckdb")
    steps.append(f"ALTER TABLE {target.sql('duckdb')} RENAME TO {name}")
    tree.this.set("this", final)
    return steps


def create_view(tree: exp.Create, context: StatementContext) -> Plan:
    """`CREATE [OR REPLACE] [TEMPORARY] VIEW v [(columns)] AS SELECT …`."""
    name = _name_created(tree, context)
    _check_columns(tree)
    if tree.find(exp.MaterializedProperty):
        raise unsupported("CREATE MATERIALIZED VIEW", "Create a view or a table.")
    if tree.expression and any(full_name(table, context) == name for table in tree.expression.find_all(exp.Table)):
        raise snowflake_error("SQL compilation error:\nView definition refers to view being defined", 2014, "42601")
    if isinstance(tree.this, exp.Schema):
        for column in tree.this.expressions:
            if isinstance(column, exp.ColumnDef):
                keep_enforced_constraints(column)
                column.set("constraints", None)
    if not tree.args.get("replace") and _exists(tree, context):
        if tree.args.get("exists"):
            return Plan([], Outcome.STATUS, f"{name[2]} already exists, statement succeeded.", commits=True)
        raise already_exists(name[2])
    comment = _properties(tree).comment
    tree.set("exists", None)
    keep_definition(tree, context)
    steps: list[Expr | str] = [tree]
    if comment:
        steps.append(f"COMMENT ON VIEW {_target(tree).sql('duckdb')} IS {quote_literal(comment)}")
    steps += column_comments(tree)
    temporary = {name} if is_temporary(tree) else set()
    status = f"View {name[2]} successfully created."
    return Plan(steps, Outcome.STATUS, status, commits=not temporary, temporary=temporary)


def drop(tree: exp.Drop, context: StatementContext) -> Plan:
    """`DROP TABLE [IF EXISTS] t` and DROP VIEW."""
    target = tree.args["tables"][0]
    temporary = target.catalog == "temp"
    parts = target.name.split(".", 2) if temporary else full_name(target, context)
    name = (parts[0], parts[1], parts[2])
    status = f"{name[2]} successfully dropped."
    if tree.args.get("exists") and not temporary and not table_exists(target, context):
        status = f"Drop statement executed successfully ({name[2]} already dropped)."
    exists = "IF EXISTS " if tree.args.get("exists") else ""
    step = f"DROP {tree.kind} {exists}{target.sql('duckdb')}"
    return Plan([step], Outcome.STATUS, status, commits=not temporary, dropped={name} if temporary else set())


def comment_on(tree: exp.Comment, context: StatementContext) -> Plan:
    """`COMMENT [IF EXISTS] ON TABLE t IS '…'`, also on a view or a column."""
    kind = str(tree.args.get("kind") or "").upper()
    if kind not in {"TABLE", "VIEW", "COLUMN"}:
        return Plan([], Outcome.STATUS)
    tree.set("exists", None)
    if kind == "TABLE" and isinstance(tree.this, exp.Table):
        return Plan([alter_traits(tree.this, tree.expression, context)], Outcome.STATUS, commits=True)
    return Plan([tree], Outcome.STATUS, commits=True)


def alter_table(tree: exp.Alter, context: StatementContext) -> Plan:
    """`ALTER TABLE t ADD COLUMN …, DROP COLUMN …, RENAME …, ALTER COLUMN …`: one DuckDB statement per action."""
    table = tree.this
    table.set("alias", None)
    steps: list[Expr | str] = []
    for action in tree.args.get("actions") or []:
        if isinstance(action, (exp.Cluster, exp.ClusterProperty, exp.Command)):
            steps.append(alter_traits(table, action, context))
        elif isinstance(action, exp.AlterSet) and (comment := action.find(exp.SchemaCommentProperty)):
            steps.append(alter_traits(table, comment.this, context))
        else:
            steps += _action(tree, table.sql("duckdb"), action)
    return Plan(steps, Outcome.STATUS, commits=True)


def _action(tree: exp.Alter, table: str, action: Expr) -> list[Expr | str]:
    if isinstance(action, exp.ColumnDef):
        return _add_column(table, action)
    if isinstance(action, exp.Drop):
        exists = "IF EXISTS " if action.args.get("exists") else ""
        return [f"ALTER TABLE {table} DROP COLUMN {exists}{column.sql('duckdb')}" for column in action.args["tables"]]
    if isinstance(action, exp.AlterRename):
        return [f"ALTER {tree.kind} {table} RENAME TO {exp.to_identifier(action.this.name, quoted=True).sql('duckdb')}"]
    if isinstance(action, exp.AlterColumn) and action.args.get("comment"):
        comment = action.args["comment"].name
        return [f"COMMENT ON COLUMN {table}.{action.this.sql('duckdb')} IS {quote_literal(comment)}"]
    if isinstance(action, exp.AlterSet):
        return []
    if isinstance(action, exp.SwapTable):
        return _swap(tree, table, action)
    if isinstance(action, exp.AddConstraint):
        return []
    single = tree.copy()
    single.set("actions", [action.copy()])
    return [single]


def _add_column(table: str, definition: exp.ColumnDef) -> list[Expr | str]:
    if length_check(definition.copy()) is not None:
        raise unsupported("ALTER TABLE ADD COLUMN of a text with a length", "Add it as VARCHAR, or create the table.")
    definition = keep_enforced_constraints(definition)
    checks = [c for c in definition.args["constraints"] if c.find(exp.CheckColumnConstraint)]
    for check in checks:
        definition.args["constraints"].remove(check)
    required = definition.find(exp.NotNullColumnConstraint)
    kept = [c for c in definition.args.get("constraints") or [] if not c.find(exp.NotNullColumnConstraint)]
    definition.set("constraints", kept)
    exists = "IF NOT EXISTS " if definition.args.get("exists") else ""
    definition.set("exists", None)
    steps: list[Expr | str] = [f"ALTER TABLE {table} ADD COLUMN {exists}{definition.sql('duckdb')}"]
    if required:
        steps.append(f"ALTER TABLE {table} ALTER COLUMN {definition.this.sql('duckdb')} SET NOT NULL")
    return steps


def _swap(tree: exp.Alter, table: str, action: exp.SwapTable) -> list[Expr | str]:
    mine, other = tree.this, action.this
    aside = exp.to_identifier(mine.name + NEW, quoted=True)
    other_now = other.sql("duckdb")
    moved = mine.copy()
    moved.set("this", aside)
    return [
        f"ALTER TABLE {table} RENAME TO {aside.sql('duckdb')}",
        f"ALTER TABLE {other_now} RENAME TO {exp.to_identifier(mine.name, quoted=True).sql('duckdb')}",
        f"ALTER TABLE {moved.sql('duckdb')} RENAME TO {exp.to_identifier(other.name, quoted=True).sql('duckdb')}",
    ]
