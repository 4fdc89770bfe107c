"""Snowflake's ids of kinds of statements, by which clients tell whether rows or counts come back."""

from __future__ import annotations

from sqlglot import Expr, exp

UNKNOWN, SELECT, DML, DDL, TCL = 0x0000, 0x1000, 0x3000, 0x6000, 0x5000
INSERT, UPDATE, DELETE, MERGE, MULTI_INSERT = (DML + number * 0x100 for number in range(1, 6))
MULTIPLE = 0xA000
COPY, USE, SHOW, DESCRIBE = DML + 0x600, 0x4300, 0x4400, 0x4500
DML_TYPES = frozenset({DML, INSERT, UPDATE, DELETE, MERGE, MULTI_INSERT})
NAMES = {
    **{SELECT: "SELECT", INSERT: "INSERT", UPDATE: "UPDATE", DELETE: "DELETE", MERGE: "MERGE", COPY: "COPY"},
    **{MULTI_INSERT: "MULTI_INSERT", USE: "USE", SHOW: "SHOW", DESCRIBE: "DESCRIBE", TCL: "TCL"},
}
_BY_KIND: dict[type[Expr], int] = {
    exp.Select: SELECT,
    exp.Insert: INSERT,
    exp.MultitableInserts: MULTI_INSERT,
    exp.Update: UPDATE,
    exp.Delete: DELETE,
    exp.Merge: MERGE,
    exp.Show: SHOW,
    exp.Describe: DESCRIBE,
    exp.Use: USE,
    **dict.fromkeys((exp.Create, exp.Drop, exp.Alter, exp.TruncateTable), DDL),
    **dict.fromkeys((exp.Commit, exp.Rollback, exp.Transaction), TCL),
}


def statement_type_id(tree: Expr) -> int:
    """The id of a statement's kind; UNKNOWN is what Snowflake says of others that give rows."""
    return _BY_KIND.get(type(tree), UNKNOWN)
