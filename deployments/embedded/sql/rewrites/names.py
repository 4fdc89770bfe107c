"""Identifiers: upper case where unquoted, and the temporary tables of the session."""

from __future__ import annotations

import re

from sqlglot import Expr, exp

from deployments.embedded.context import StatementContext
from deployments.embedded.errors import does_not_exist, unsupported

_LIKE_A_FILE = re.compile(r"[./\\]")
TEMPORARY_CATALOG = ("temp", "main")

_KEPT_BY_DUCKDB = frozenset(
    """
    ANALYSE ANALYZE ANTI ANY ARRAY ASYMMETRIC AT BINARY BOTH COLLATE COLLATION COLUMNS CONCURRENTLY DEFAULT
    DEFERRABLE DESC DESCRIBE DO END FETCH FOREIGN FREEZE GENERATED GLOB INITIALLY ISNULL LEADING LIMIT MAP
    NOTNULL OFFSET ONLY OUTER OVERLAPS PLACING POSITIONAL PRIMARY REFERENCES RETURNING SEMI SHOW SIMILAR STRUCT
    SUMMARIZE SYMMETRIC TRAILING TUPLE UNPACK VARIADIC VERBOSE WINDOW
    """.split()  # noqa: SIM905
)


def upper_case_unquoted(tree: Expr, context: StatementContext) -> Expr:
    """Write unquoted identifiers in upper case, as Snowflake stores them.

    `SELECT a FROM t` names the column A and the table T. `CREATE TABLE t (at TIMESTAMP)` has a name that DuckDB keeps
    for itself and Snowflake does not.
    """
    for node in tree.find_all(exp.Identifier):
        if isinstance(node.parent, exp.PropertyEQ) and isinstance(node.parent.parent, exp.Struct):
            continue  # {'a': 1}: the key of an object, not a name
        if not node.quoted and isinstance(node.this, str):
            node.set("this", node.this.upper())
            node.set("quoted", node.this in _KEPT_BY_DUCKDB)
    return tree


def qualify_names_of_files(tree: Expr, context: StatementContext) -> Expr:
    """Write database and schema before a table's name with a dot or a slash in it, or in that of its schema.

    DuckDB would read `FROM "/path/of/a/stage/x.csv"`, and `"/path/of/a/stage/x"."csv"`, as that file where there is no
    table of that name. No database has such a name, so what begins with one is no path into the stages.
    """
    for table in list(tree.find_all(exp.Table)):
        if _LIKE_A_FILE.search(table.catalog):
            raise does_not_exist("Database", table.catalog)
        is_like_one = _LIKE_A_FILE.search(f"{table.db}{table.name}")
        if is_like_one and not table.catalog and not _is_common(table, tree):
            _, schema, name = full_name(table, context)
            alias = table.args.get("alias") or exp.TableAlias(this=exp.to_identifier(name, quoted=True))
            table.set("db", exp.to_identifier(schema, quoted=True))
            table.set("catalog", exp.to_identifier(context.database or "", quoted=True))
            if isinstance(table.parent, (exp.From, exp.Join)):
                table.set("alias", alias)
    return tree


def _is_common(table: exp.Table, tree: Expr) -> bool:
    """Whether it is a query that WITH names, not a table."""
    return not table.db and any(cte.alias == table.name for cte in tree.find_all(exp.CTE))


def full_name(table: exp.Table, context: StatementContext) -> tuple[str, str, str]:
    """Database, schema and name of a table reference, the session's where it does not say."""
    return (table.catalog or context.database or "", table.db or context.schema or "", table.name)


def temporary_name(name: tuple[str, str, str]) -> str:
    """The name under which DuckDB's temporary catalog holds a temporary table."""
    return ".".join(name)


def temporary_table(name: tuple[str, str, str]) -> exp.Table:
    """Reference to a temporary table of this session."""
    catalog, schema = TEMPORARY_CATALOG
    return exp.table_(exp.to_identifier(temporary_name(name), quoted=True), db=schema, catalog=catalog)


def resolve_table(table: exp.Table, context: StatementContext) -> exp.Table:
    """Resolve the table that a client names to the reference under which DuckDB holds it."""
    held: exp.Table = table.copy()
    upper_case_unquoted(held, context)
    name = full_name(held, context)
    return temporary_table(name) if name in context.session.temporary_tables else held


def is_temporary(create: exp.Create) -> bool:
    """Whether a CREATE makes an object that ends with the session."""
    properties = create.args.get("properties")
    return bool(properties and properties.find(exp.TemporaryProperty))


def resolve_temporary_tables(tree: Expr, context: StatementContext) -> Expr:
    """Point references to the session's temporary tables at DuckDB's temporary catalog.

    `CREATE TEMPORARY TABLE DB.SCHEMA.T …` of `save_as_table(table_type="temporary")` and `cache_result`: in DuckDB a
    temporary table has no schema, and in Snowflake it hides a permanent table of the same name.
    """
    temporary = context.session.temporary_tables
    if isinstance(tree, exp.Create) and is_temporary(tree) and tree.kind in {"TABLE", "VIEW"}:
        target = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
        name = full_name(target, context)
        tree.args["temporary_name"] = name
        temporary = temporary | {name}
    if not temporary:
        return tree
    for table in list(tree.find_all(exp.Table)):
        name = full_name(table, context)
        if name in temporary and not _is_common(table, tree):
            _point_at_temporary(table, name)
    return tree


def _point_at_temporary(table: exp.Table, name: tuple[str, str, str]) -> None:
    """Rename in place; a bare reference keeps its name as alias, because columns may be qualified with it."""
    target = temporary_table(name)
    if not table.alias and isinstance(table.parent, (exp.From, exp.Join, exp.Merge, exp.Update, exp.Delete)):
        table.set("alias", exp.TableAlias(this=exp.to_identifier(name[2], quoted=True)))
    for part in ("this", "db", "catalog"):
        table.set(part, target.args[part])


def resolve_named_tables(tree: Expr, context: StatementContext) -> Expr:
    """Resolve IDENTIFIER('db.schema.t') and TABLE('t') to the table they name."""
    for table in list(tree.find_all(exp.Table)):
        called = table.this
        is_named = isinstance(called, exp.Anonymous) and called.name.upper() in {"IDENTIFIER", "TABLE"}
        if isinstance(called, exp.DynamicIdentifier) or (is_named and called.expressions):
            argument = called.this if isinstance(called, exp.DynamicIdentifier) else called.expressions[0]
            if not isinstance(argument, exp.Literal):
                raise unsupported(f"{called.name.upper() or 'IDENTIFIER'} of an expression", "Write the name.")
            named = exp.to_table(argument.name, dialect="snowflake")
            for part in ("this", "db", "catalog"):
                table.set(part, named.args.get(part))
    return tree


def name_expressions(tree: Expr, context: StatementContext) -> Expr:
    """Give an expression without an alias the name that Snowflake gives it: its own text.

    `SELECT upper("A") FROM t` names its column `UPPER("A")`; after our rewrites DuckDB would name it otherwise, and
    Snowpark refers to it by that name.
    """
    for select in tree.find_all(exp.Select):
        for item in select.expressions:
            if not isinstance(item, (exp.Alias, exp.Aliases, exp.Column, exp.Star, exp.Literal, exp.Parameter)):
                name = item.sql(dialect="snowflake", comments=False)
                item.replace(exp.alias_(item.copy(), name if '"' in name or "'" in name else name.upper(), quoted=True))
    return tree
