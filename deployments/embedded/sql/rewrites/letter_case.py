"""Names that differ only in case are different names on Snowflake; DuckDB finds one for the other.

The check costs a look at the tables of a statement, so it is made only where names in lower case can be: in a statement
that has one, or once a table with one has been made. How a table itself is written is looked up among
all tables of the warehouse, and only where that can differ: columns in lower case are common, tables are not.
"""

from __future__ import annotations

import re
from collections import Counter

import duckdb
from sqlglot import Expr, exp

from deployments.embedded.context import StatementContext
from deployments.embedded.errors import does_not_exist, snowflake_error, unsupported
from deployments.embedded.sql.rewrites.names import TEMPORARY_CATALOG, full_name

_STORED_NAMES = """
    SELECT table_name FROM duckdb_tables()
    WHERE upper(database_name) = upper(?) AND upper(schema_name) = upper(?) AND upper(table_name) = upper(?)
    UNION ALL SELECT view_name FROM duckdb_views()
    WHERE upper(database_name) = upper(?) AND upper(schema_name) = upper(?) AND upper(view_name) = upper(?)"""
_STORED = {
    "SCHEMA": "SELECT schema_name FROM duckdb_schemas() WHERE upper(database_name || '.' || schema_name) = upper(?)",
    "SEQUENCE": "SELECT sequence_name FROM duckdb_sequences() "
    "WHERE upper(database_name || '.' || schema_name || '.' || sequence_name) = upper(?)",
    "TABLE": "SELECT table_name FROM duckdb_tables() "
    "WHERE upper(database_name || '.' || schema_name || '.' || table_name) = upper(?)",
    "VIEW": "SELECT view_name FROM duckdb_views() "
    "WHERE upper(database_name || '.' || schema_name || '.' || view_name) = upper(?)",
}
_GIVEN_BY_TABLE_FUNCTIONS = frozenset({"SEQ", "KEY", "PATH", "INDEX", "VALUE", "THIS"})

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*")


def check_letter_case(tree: Expr, context: StatementContext) -> Expr:
    """Refuse `SELECT viewer_count` of a column that was created as "viewer_count", and the other way round."""
    engine = context.connection.engine
    identifiers = list(tree.find_all(exp.Identifier))
    lower = [node for node in identifiers if _is_lower(node.name) and not _is_no_name(node)]
    has_lower = bool(lower)
    if isinstance(tree, (exp.Create, exp.Alter)):
        engine.has_lower_names = engine.has_lower_names or has_lower or any(map(_may_give_lower, _functions(tree)))
        engine.has_lower_tables = engine.has_lower_tables or any(map(_is_lower, _table_names(tree)))
    if not engine.has_lower_names and not (lower and _may_be_meant(lower, identifiers)):
        return tree
    if isinstance(tree, (exp.Create, exp.Drop)):
        _check_target(tree, context)
    for select in tree.find_all(exp.Select):
        if select is not tree:
            _check_select(select)
    common = {cte.alias for cte in tree.find_all(exp.CTE)}
    tables = [table for table in tree.find_all(exp.Table) if table.db or table.name not in common]
    created = tree.this.this if isinstance(tree, exp.Create) and isinstance(tree.this, exp.Schema) else tree.this
    columns: set[str] = set()
    for table in tables:
        if isinstance(tree, (exp.Create, exp.Drop)) and table is created:
            continue
        found = _columns(table, context)
        if found is None:
            return tree
        columns |= found
    _check_columns(tree, columns)
    return tree


def _may_be_meant(lower: list[exp.Identifier], identifiers: list[exp.Identifier]) -> bool:
    """Whether one of the names in lower case may stand for another thing than what it names anew, as an alias does."""
    times = Counter(node.name.upper() for node in identifiers if not _is_no_name(node))
    return any(not isinstance(node.parent, exp.Alias) or times[node.name.upper()] > 1 for node in lower)


def _check_target(tree: exp.Create | exp.Drop, context: StatementContext) -> None:
    target = (tree.args.get("tables") or [tree.this])[0]
    table = target.this if isinstance(target, exp.Schema) else target
    if tree.kind in {"TABLE", "VIEW"} and isinstance(table, exp.Table) and table.catalog != TEMPORARY_CATALOG[0]:
        check_target(tree, full_name(table, context), context)


def check_target(tree: exp.Create | exp.Drop, name: tuple[str, ...], context: StatementContext) -> None:
    """Neither make nor drop what has the same name in other letters: DuckDB would replace it, or drop it.

    Args:
        tree: CREATE or DROP of a table, view, schema or sequence.
        name: What it makes or drops, with its database and schema.
        context: Of the statement.

    Raises:
        ProgrammingError: there is something of that name in other letters, and nothing in these.
    """
    kinds = ("TABLE", "VIEW") if tree.kind in {"TABLE", "VIEW"} else (str(tree.kind),)
    with context.duck_conn.cursor() as apart:  # what is not found would end the session's transaction
        found = [row[0] for kind in kinds for row in apart.execute(_STORED[kind], [".".join(name)]).fetchall()]
    if not found or name[-1] in found:
        return
    if isinstance(tree, exp.Create) or tree.args.get("exists"):
        named = f"the name {_write_name(name[-1])} beside {_write_name(found[0])}"
        raise unsupported(named, "Names have to differ in more than case.")
    raise does_not_exist(str(tree.kind).capitalize(), _write_name(name[-1]))


def _check_select(select: exp.Select) -> None:
    named = [item.alias_or_name for item in select.expressions if isinstance(item, exp.Alias | exp.Column)]
    # An expression without an alias is named by its text, by which nobody can mean it.
    names = {name for name in named if _IDENTIFIER.fullmatch(name)}
    twice = [name for name, count in Counter(name.upper() for name in names).items() if count > 1]
    if twice:
        raise unsupported(f"columns whose names differ only in case ({twice[0]})", "Give one of them another name.")


def _check_columns(tree: Expr, columns: set[str]) -> None:
    defined = {node.alias for node in tree.find_all(exp.Alias)} | {node.name for node in tree.find_all(exp.ColumnDef)}
    for alias in tree.find_all(exp.TableAlias):
        defined |= {column.name for column in alias.args.get("columns") or []}
    for function in tree.find_all(exp.Lambda):
        defined |= {parameter.name for parameter in function.expressions}
    known = columns | defined | _GIVEN_BY_TABLE_FUNCTIONS
    folded = {name.upper() for name in columns | defined}
    used = [node.name for node in tree.find_all(exp.Column) if not isinstance(node.this, exp.Star)]
    for insert in tree.find_all(exp.Insert):  # of INSERT ALL several
        used += [column.name for column in insert.this.expressions] if isinstance(insert.this, exp.Schema) else []
    for name in used:
        if name not in known and name.upper() in folded:
            raise snowflake_error(f"SQL compilation error:\ninvalid identifier '{_write_name(name)}'", 904, "42000")


def _columns(table: exp.Table, context: StatementContext) -> set[str] | None:
    """The columns of a table as they were written when it was made; None if it is no stored table.

    Raises:
        ProgrammingError: the table was made under a name that differs in case.
    """
    if not isinstance(table.this, exp.Identifier):
        return None
    if (table.catalog, table.db) == TEMPORARY_CATALOG:
        return _describe(context.duck_conn, (*TEMPORARY_CATALOG, table.name))
    name = full_name(table, context)
    may_differ = context.connection.engine.has_lower_tables or _is_lower(name[2])
    with context.duck_conn.cursor() as apart:  # what is not found would end the session's transaction
        columns = _describe(apart, name)
        stored = apart.execute(_STORED_NAMES, [*name, *name]).fetchall() if may_differ and columns is not None else []
    if stored and (name[2],) not in stored:
        message = f"SQL compilation error:\nObject '{_write_name(name[2])}' does not exist or not authorized."
        raise snowflake_error(message, 2003, "42S02")
    return columns


def _describe(connection: duckdb.DuckDBPyConnection, name: tuple[str, str, str]) -> set[str] | None:
    written = ".".join(exp.to_identifier(part, quoted=True).sql("duckdb") for part in name)
    try:
        return {column[0] for column in connection.execute(f"SELECT * FROM {written} LIMIT 0").description or []}
    except duckdb.Error:
        return None


def lower_names(connection: duckdb.DuckDBPyConnection) -> tuple[bool, bool]:
    """Whether a table or column of the warehouse has a name with letters in lower case, and whether a table has."""
    found = connection.execute(
        "SELECT coalesce(bool_or(column_name <> upper(column_name) OR table_name <> upper(table_name)), false), "
        "coalesce(bool_or(table_name <> upper(table_name)), false) FROM duckdb_columns() "
        "WHERE NOT internal AND schema_name NOT IN ('main', '_fs_information_schema') AND database_name <> '_fs_global'"
    )
    any_name, table = found.fetchall()[0]
    return any_name, table


def _table_names(tree: Expr) -> list[str]:
    return [table.name for table in tree.find_all(exp.Table)]


def _functions(tree: Expr) -> list[exp.TableFromRows]:
    return list(tree.find_all(exp.TableFromRows))


def _may_give_lower(function: exp.TableFromRows) -> bool:
    """FLATTEN and its like name their columns themselves; what RESULT_SCAN gives was named by another statement."""
    return not isinstance(function.this, exp.Explode | exp.Generator | exp.SplitToTable)


def _is_lower(name: str) -> bool:
    return name != name.upper()


def _is_no_name(node: exp.Identifier) -> bool:
    """Whether it is the key of an object, or where the server itself keeps temporary tables."""
    table = node.parent
    if isinstance(table, exp.Table) and (table.catalog, table.db) == TEMPORARY_CATALOG:
        return node is not table.this
    return isinstance(table, exp.PropertyEQ)


def _write_name(name: str) -> str:
    return f'"{name}"' if _is_lower(name) else name
