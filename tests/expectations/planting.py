"""Good rows of every table, and for every rule the change that breaks it: what the rules are proven with."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from expectations.rules.from_contract import contract_rules, unique_key
from expectations.rules.rule import Rule, quote_literal
from expectations.rules.schemas import list_declared_columns
from tests.expectations.planted_histories import (
    apart_in_history,
    good_in_history,
    looked_up_in_history,
    planted_in_history,
)
from tests.expectations.planted_rows import ALSO, APART, GOOD, PLANTED
from transforms.contract import Column, Table

Row = dict[str, Any]
GOOD_BATCH = "good"
_DEFAULTS = {
    "TEXT": "x",
    "NUMBER": 10,
    "FLOAT": 10.0,
    "BOOLEAN": True,
    "DATE": "2026-03-01",
    "TIMESTAMP_NTZ": "2026-03-01 12:00:00",
    "VARIANT": {},
}


def good_row(table: Table) -> Row:
    """A row of the table that holds every rule."""
    row = {column.name: _value(column, list_declared_columns(table)[column.name]) for column in table.stored_columns}
    return {**row, **good_in_history(table), **GOOD.get(table.name, {}), table.batch_column: GOOD_BATCH}


def rows_looked_up(table: Table) -> list[Row]:
    """Rows of the table, in no batch that is checked, which rules of any table look up."""
    rows = [*ALSO.get(table.name, []), *looked_up_in_history(table)]
    return [{**good_row(table), **row, table.batch_column: "looked up"} for row in rows]


def bad_rows(table: Table, rule: Rule, number: int) -> list[Row]:
    """The row that breaks this rule, or the rows that do so together, in a batch of their own."""
    row = {**good_row(table), **APART.get(table.name, {}), table.batch_column: bad_batch(number)}
    row |= apart_in_history(table, number)
    planted = PLANTED.get((table.name, rule.name)) or planted_in_history(table, rule)
    if planted:
        return [{**row, **values} for values in (planted if isinstance(planted, list) else [planted])]
    if rule == unique_key(table):
        return [row]
    if rule not in contract_rules(table):
        raise AssertionError(f"no bad row is planted for {table.name}: {rule.name}; add it to planted_rows.PLANTED")
    (name,) = rule.columns_among(list_declared_columns(table))
    column = next(column for column in table.stored_columns if column.name == name)
    return [{**row, name: _broken(column, rule, list_declared_columns(table)[name])}]


def bad_batch(number: int) -> str:
    """The batch of the number-th rule's bad row."""
    return f"bad{number}"


def create_statement(table: Table, database: str) -> str:
    """The table without NOT NULL, so that rows which a build would refuse can be planted."""
    columns = ", ".join(f"{name} {_stored(kind)}" for name, kind in list_declared_columns(table).items())
    return f"create or replace table {table.full_name(database)} ({columns})"


def insert_statement(table: Table, database: str, rows: Iterable[Mapping[str, Any]]) -> str:
    """One INSERT of all rows."""
    kinds = list_declared_columns(table)
    selects = [f"select {', '.join(_literal(row[name], kind) for name, kind in kinds.items())}" for row in rows]
    return f"insert into {table.full_name(database)} ({', '.join(kinds)}) {' union all '.join(selects)}"


def _value(column: Column, kind: str) -> Any:
    if column.accepted:
        return column.accepted[0]
    if column.minimum is not None and column.minimum > 0:
        return column.minimum
    return _DEFAULTS[kind.split("(")[0]]


def _broken(column: Column, rule: Rule, kind: str) -> Any:
    if rule.name.endswith("is never NULL"):
        return None
    if ">=" in rule.name and column.minimum is not None:
        return column.minimum - 1
    if "<=" in rule.name and column.maximum is not None:
        return column.maximum + 1
    return "1999-12-31" if kind == "DATE" else "nobody knows it"


def _literal(value: Any, kind: str) -> str:
    if value is None:
        return f"null::{_stored(kind)}"
    if kind == "VARIANT":
        return f"parse_json({quote_literal(json.dumps(value))})"
    return f"{quote_literal(str(value))}::{_stored(kind)}"


def _stored(kind: str) -> str:
    if kind.startswith("NUMBER("):
        return f"NUMBER(18, {kind.removeprefix('NUMBER(').split()[0]})"
    return "NUMBER(38, 0)" if kind == "NUMBER" else kind
