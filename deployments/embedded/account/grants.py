"""Grants: which role may do what, on what is there and on what will be; kept and told, nothing is refused by them.

A grant `ON ALL TABLES IN …` is one on each table that is there. One `ON FUTURE TABLES IN …` reaches every table that
was not there when it was given: SHOW GRANTS tells it with the others.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass, replace

from deployments.embedded.context import StatementContext
from deployments.embedded.names import quote_literal
from deployments.embedded.sql.macros import HOME

_TABLE = "_fs_global._fs_information_schema._grants"


@dataclass(frozen=True, order=True)
class Grant:
    """One privilege on one object for one grantee.

    Attributes:
        privilege: SELECT, USAGE, …
        granted_on: kind of the object: TABLE, SCHEMA, ROLE, …
        name: full name of the object; of the database or schema for what will be in it.
        granted_to: ROLE or USER.
        grantee: its name.
        is_future: on every object of the kind that is made in `name`.
        known: names of those that were there when a future grant was given, each between line ends.
    """

    privilege: str
    granted_on: str
    name: str
    granted_to: str
    grantee: str
    is_future: bool = False
    known: str = ""


def add(context: StatementContext, grants: list[Grant]) -> None:
    """Keep grants; one that is there already stays as it is."""
    with context.duck_conn.cursor() as catalog:
        for grant in grants:
            found = catalog.execute(f"SELECT 1 FROM {_TABLE} WHERE {_SAME}", list(astuple(grant)[:6])).fetchone()
            if found is None:
                catalog.execute(f"INSERT INTO {_TABLE} VALUES (?, ?, ?, ?, ?, ?, ?)", list(astuple(grant)))


def remove(context: StatementContext, grants: list[Grant]) -> None:
    """Take grants back."""
    with context.duck_conn.cursor() as catalog:
        for grant in grants:
            catalog.execute(f"DELETE FROM {_TABLE} WHERE {_SAME}", list(astuple(grant)[:6]))


def transfer_ownership(context: StatementContext, grants: list[Grant]) -> None:
    """Give each object one owner."""
    with context.duck_conn.cursor() as catalog:
        for grant in grants:
            catalog.execute(
                f"DELETE FROM {_TABLE} WHERE privilege = 'OWNERSHIP' AND granted_on = ? AND name = ?",
                [grant.granted_on, grant.name],
            )
    add(context, grants)


def forget(context: StatementContext, granted_on: str, name: str) -> None:
    """Remove what was granted on, or to, an object that was dropped."""
    with context.duck_conn.cursor() as catalog:
        catalog.execute(
            f"DELETE FROM {_TABLE} WHERE (granted_on = $1 AND name = $2) OR (granted_to = $1 AND grantee = $2)",
            [granted_on, name],
        )


def find_grants(context: StatementContext, granted_to: str, grantee: str, *, is_future: bool) -> list[Grant]:
    """What a role or user was granted: on what is there, or on what will be."""
    with context.duck_conn.cursor() as catalog:
        rows = catalog.execute(
            f"SELECT * FROM {_TABLE} WHERE granted_to = ? AND grantee = ?", [granted_to, grantee]
        ).fetchall()
    kept = [Grant(*row) for row in rows]
    return sorted(one for one in kept if one.is_future == is_future and (is_future or _is_there(context, one)))


def settle_future(context: StatementContext) -> None:
    """Give what future grants promise on the objects that were made since; each statement about grants begins so."""
    with context.duck_conn.cursor() as catalog:
        rows = catalog.execute(f"SELECT * FROM {_TABLE} WHERE is_future").fetchall()
        for future in (Grant(*row) for row in rows):
            there = list_objects(context, future.granted_on, future.name)
            if made := set(there) - set(future.known.split("\n")):
                add(context, [replace(future, name=name, is_future=False, known="") for name in sorted(made)])
                catalog.execute(
                    f"UPDATE {_TABLE} SET known = ? WHERE {_SAME}", ["\n".join(there), *astuple(future)[:6]]
                )


def list_objects(context: StatementContext, kind: str, inside: str) -> list[str]:
    """Full names of the objects of a kind in a database or schema."""
    database, _, schema = inside.partition(".")
    within = f" AND schema = {quote_literal(schema)}" if schema else ""
    if kind == "SCHEMA":
        query = (
            f'SELECT "CATALOG_NAME" || \'.\' || "SCHEMA_NAME" FROM {HOME}.sf_information_schemata'
            f"({quote_literal(database)}) WHERE \"SCHEMA_NAME\" <> 'INFORMATION_SCHEMA' ORDER BY 1"
        )
    elif kind in ("TABLE", "VIEW"):
        query = (
            f"SELECT catalog || '.' || schema || '.' || name FROM {HOME}.sf_objects({quote_literal(database)}) "
            f"WHERE kind = {quote_literal(kind)} AND NOT temporary{within} ORDER BY 1"
        )
    else:
        table = {"STAGE": "_fs_stages", "FILE FORMAT": "_fs_file_formats"}[kind]
        inside_schema = f" AND schema_name = {quote_literal(schema)}" if schema else ""
        query = (
            "SELECT database_name || '.' || schema_name || '.' || name "
            f"FROM _fs_global._fs_information_schema.{table} "
            f"WHERE database_name = {quote_literal(database)}{inside_schema} ORDER BY 1"
        )
    return [row[0] for row in context.duck_conn.execute(query).fetchall()]


_SAME = "privilege = ? AND granted_on = ? AND name = ? AND granted_to = ? AND grantee = ? AND is_future = ?"
COUNTABLE = ("SCHEMA", "TABLE", "VIEW", "STAGE", "FILE FORMAT")


def _is_there(context: StatementContext, grant: Grant) -> bool:
    """Whether the object of a grant still exists: what was dropped takes its grants with it."""
    if grant.granted_on not in COUNTABLE:
        return True
    inside = grant.name if grant.granted_on == "SCHEMA" else grant.name.rpartition(".")[0]
    return grant.name in list_objects(context, grant.granted_on, inside.partition(".")[0])
