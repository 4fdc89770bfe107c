"""Grants: which role may do what, on what is there and on what will be; kept and told, nothing is refused by them.

A grant `ON ALL TABLES IN …` is one on each table that is there. One `ON FUTURE TABLES IN …` reaches every table that
was not there when it was given: SHOW GRANTS tells it with the others.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from deployments.embedded.context import StatementContext
from deployments.embedded.kept.tables import CATALOG, KeptTable
from deployments.embedded.names import quote_literal
from deployments.embedded.sql.macros import HOME

_KEPT = KeptTable("_grants", ("privilege", "granted_on", "name", "granted_to", "grantee", "is_future"))


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
    grantees = {(grant.granted_to, grant.grantee) for grant in grants}
    found = [row for to, name in grantees for row in _KEPT.find(context, granted_to=to, grantee=name)]
    kept = {tuple(row[column] for column in _KEPT.key) for row in found}
    new = {key: grant for grant in grants if (key := tuple(_same(grant).values())) not in kept}
    _KEPT.put(context, *map(asdict, new.values()))


def remove(context: StatementContext, grants: list[Grant]) -> None:
    """Take grants back."""
    for grant in grants:
        _KEPT.remove(context, **_same(grant))


def transfer_ownership(context: StatementContext, grants: list[Grant]) -> None:
    """Give each object one owner."""
    for grant in grants:
        _KEPT.remove(context, privilege="OWNERSHIP", granted_on=grant.granted_on, name=grant.name)
    add(context, grants)


def forget(context: StatementContext, kind: str, name: str) -> None:
    """Remove what was granted on, or to, an object that was dropped."""
    _KEPT.remove(context, granted_on=kind, name=name)
    _KEPT.remove(context, granted_to=kind, grantee=name)


def find_grants(context: StatementContext, granted_to: str, grantee: str, *, is_future: bool) -> list[Grant]:
    """What a role or user was granted: on what is there, or on what will be."""
    rows = _KEPT.find(context, granted_to=granted_to, grantee=grantee, is_future=is_future)
    kept = [Grant(**row) for row in rows]
    return sorted(kept if is_future else _choose_present(context, kept))


def settle_future(context: StatementContext) -> None:
    """Give what future grants promise on the objects that were made since; each statement about grants begins so."""
    futures = [Grant(**row) for row in _KEPT.find(context, is_future=True)]
    places = {(one.granted_on, one.name) for one in futures}
    objects = {place: list_objects(context, *place) for place in places}
    for future in futures:
        there = objects[future.granted_on, future.name]
        if made := set(there) - set(future.known.split("\n")):
            add(context, [replace(future, name=name, is_future=False, known="") for name in sorted(made)])
            _KEPT.put(context, asdict(replace(future, known="\n".join(there))))


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
            f"FROM {CATALOG}.{table} "
            f"WHERE database_name = {quote_literal(database)}{inside_schema} ORDER BY 1"
        )
    return [row[0] for row in context.duck_conn.execute(query).fetchall()]


COUNTABLE = ("SCHEMA", "TABLE", "VIEW", "STAGE", "FILE FORMAT")


def _same(grant: Grant) -> dict[str, Any]:
    """The columns in which equal grants are equal: a future one knows other objects when it is given again."""
    return {column: getattr(grant, column) for column in _KEPT.key}


def _choose_present(context: StatementContext, grants: list[Grant]) -> list[Grant]:
    """Those whose object still exists: what was dropped takes its grants with it. Each database is looked at once."""
    counted = {one: (one.granted_on, one.name.partition(".")[0]) for one in grants if one.granted_on in COUNTABLE}
    objects = {place: set(list_objects(context, *place)) for place in set(counted.values())}
    return [one for one in grants if one not in counted or one.name in objects[counted[one]]]
