"""What the scripts of deployments/snowflake declare: objects with their properties, and grants.

The scripts are a small part of SQL: `USE ROLE`, `CREATE … IF NOT EXISTS` and `GRANT`, a statement each. They stay plain
files that anyone can read and run; this reads them for the plan.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from flows.deploy.snowflake.statements import list_statements
from flows.errors import ConfigError
from flows.settings import Settings

KINDS = (
    *("ROLE", "USER", "RESOURCE MONITOR", "WAREHOUSE", "STORAGE INTEGRATION", "DATABASE", "SCHEMA", "FILE FORMAT"),
    *("STAGE", "COMPUTE POOL", "STREAMLIT", "TABLE", "STREAM", "PROCEDURE", "TASK"),
)
_CREATE = re.compile(rf"CREATE ({'|'.join(KINDS)}) IF NOT EXISTS ([\w.]+)\s*(.*)", re.DOTALL)
_PROPERTY = re.compile(r"(\w+) = (\([^)]*\)|'[^']*'|[\w.]+)")
_TRIGGERS = re.compile(r"TRIGGERS ((?: ?ON [\d.]+ PERCENT DO \w+)+)")
_GRANT_ROLE = re.compile(r"GRANT ROLE (\w+) TO (ROLE|USER) (\w+)")
_GRANT = re.compile(
    r"GRANT (?P<privileges>[A-Z ,]+?) ON (?:(?P<scope>ALL|FUTURE) (?P<kinds>[A-Z ]+?)S IN (?:DATABASE|SCHEMA)"
    r"|(?P<kind>COMPUTE POOL|[A-Z]+))(?: (?P<name>[\w.]+))? TO (?P<to>ROLE|USER) (?P<grantee>\w+)"
    r"(?: COPY CURRENT GRANTS)?"
)


@dataclass(frozen=True)
class DeclaredObject:
    """One object that a script creates.

    Attributes:
        kind: WAREHOUSE, ROLE, …
        name: Full name, upper case.
        properties: What CREATE sets, as text without quotes.
        role: Who runs the statement.
        statement: The whole statement.
    """

    kind: str
    name: str
    properties: dict[str, str] = field(hash=False)
    role: str
    statement: str


@dataclass(frozen=True)
class DeclaredGrant:
    """One privilege that a script grants.

    Attributes:
        privilege: SELECT, CREATE TABLE, …; USAGE for a role.
        kind: Kind of the objects: TABLE, SCHEMA, ROLE, …
        name: Object; of a grant on all or future objects, the database or schema that holds them.
        scope: ONE, ALL or FUTURE.
        to: ROLE or USER.
        grantee: Its name.
        role: Who runs the statement.
        statement: The whole statement, which may grant more than this.
    """

    privilege: str
    kind: str
    name: str
    scope: str
    to: str
    grantee: str
    role: str
    statement: str


Declared = DeclaredObject | DeclaredGrant


def read_declared(settings: Settings) -> list[Declared]:
    """Return what the scripts declare, in the order in which it is made."""
    return read_statements(list_statements(settings))


def read_statements(statements: Iterable[tuple[str, str]]) -> list[Declared]:
    """Return what statements declare, each given with the role that runs it."""
    return [one for role, statement in statements for one in read_statement(role, statement)]


def read_statement(role: str, statement: str) -> Iterator[Declared]:
    """Return what one statement declares.

    Raises:
        ConfigError: It is none that a plan understands.
    """
    if match := _CREATE.fullmatch(statement):
        properties = {name: value.strip("'") for name, value in _PROPERTY.findall(match[3])}
        if triggers := _TRIGGERS.search(match[3]):
            properties["TRIGGERS"] = triggers[1]
        yield DeclaredObject(match[1], match[2].upper(), properties, role, statement)
    elif match := _GRANT_ROLE.fullmatch(statement):
        yield DeclaredGrant("USAGE", "ROLE", match[1].upper(), "ONE", match[2], match[3].upper(), role, statement)
    elif match := _GRANT.fullmatch(statement):
        for privilege in match["privileges"].split(","):
            kind, scope = match["kinds"] or match["kind"], match["scope"] or "ONE"
            grantee = match["grantee"].upper()
            yield DeclaredGrant(
                privilege.strip(), kind, (match["name"] or "").upper(), scope, match["to"], grantee, role, statement
            )
    else:
        raise ConfigError(f"deployments/snowflake: a plan cannot be made of `{statement[:80]}`")
