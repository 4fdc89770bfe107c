"""Explaining a number: from its row back, table by table, to staging, and on to landing files, polls and checks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from expectations.checks.tables import rules_of
from flows.errors import ConfigError
from flows.explain.narrow import Chosen, Search, equals_text, is_row, literal, select
from flows.lineage.graph import Lineage, Place
from flows.lineage.made import ROWS
from flows.warehouse.session import Reader
from transforms.catalog import models, select_models
from transforms.contract import Layer, Table
from transforms.ops import LOADS, POLLS, VALIDATION_RESULTS

_MOST_SHOWN = 50
_MOST_FILES = 500


@dataclass(frozen=True)
class Step:
    """One table on the way from a number to its sources.

    Args:
        table: Its name.
        columns: Those of its columns that the number is made of.
        formulas: How each is computed of its inputs.
        where: The rows that the number came from, as a condition.
        row_count: How many they are.
        rows: Some of them, with their key.
        is_enough: These rows alone were seen to give the same; None where that could not be tried.
        rules: Rules checked last on these columns, and those of them that failed.
    """

    table: str
    columns: tuple[str, ...]
    formulas: Mapping[str, str]
    where: str
    row_count: int
    rows: Sequence[Mapping[str, Any]]
    is_enough: bool | None
    rules: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class File:
    """One landing file that records of the number came in.

    Args:
        path: Below the landing folder.
        raw_table: The table it was loaded into.
        rows: Rows of it, from 1, that the number came from.
        snapshot_at: When the source was observed, UTC.
        load: Its row of OPS.LOADS.
        poll: The poll that wrote it, of OPS.POLLS; None where a file was delivered.
    """

    path: str
    raw_table: str
    rows: Sequence[int]
    snapshot_at: Any
    load: Mapping[str, Any]
    poll: Mapping[str, Any] | None


@dataclass(frozen=True)
class Explanation:
    """One number and where it came from.

    Args:
        table: The table.
        column: Its column.
        key: What names the row.
        value: The number.
        formula: How it is computed of the table's inputs.
        sql: The SELECT that gives it again from the rows of the first step behind it.
        steps: The tables, from the number's own down to staging.
        files: The landing files, oldest first.
    """

    table: str
    column: str
    key: Mapping[str, Any]
    value: Any
    formula: str
    sql: str
    steps: Sequence[Step]
    files: Sequence[File]


def find_column(table: str, column: str) -> tuple[Table, str]:
    """Return the contract of a built table, and the column's name.

    Raises:
        ConfigError: There is no such table or column.
    """
    model = models().get(table.lower())
    if model is None or model.build is None or model.table.layer is Layer.STAGING:
        raise ConfigError(
            f"{table} is no table whose numbers are explained; `snowcast tables` lists those behind staging."
        )
    if column.lower() not in model.table.column_names:
        raise ConfigError(f"{model.table.name} has no column {column}; it has {', '.join(model.table.column_names)}.")
    return model.table, column.lower()


def explain_number(
    reader: Reader, database: str, lineage: Lineage, table: Table, column: str, named: Mapping[str, str]
) -> Explanation:
    """Explain the number of a column in the row that `named`, values as a person writes them, names.

    Raises:
        ConfigError: They name a column that is not there, no row, or more than one.
    """
    row = _find_row(reader, database, table, column, named)
    waiting = {table.name: Chosen(table, is_row(table, row), (column,))}
    steps: list[Step] = []
    sql = ""
    for model in reversed(select_models()):  # readers before what they read
        chosen = waiting.get(model.table.name)
        row_count = 0 if chosen is None else _count(reader, database, chosen)
        if chosen is None or not row_count:  # what has no row of the number has nothing behind it either
            waiting.pop(model.table.name, None)
            continue
        is_enough: bool | None = None
        if model.table.layer is not Layer.STAGING:
            search = Search(reader, database, lineage, chosen)
            wheres, is_enough = search.find_inputs()
            sql = sql or search.statement()
            for name, where in wheres.items():
                waiting[name] = _join(waiting.get(name), _choose_needed(lineage, chosen, name, where))
        steps.append(_describe(reader, database, lineage, chosen, row_count, is_enough))
    files = _find_files(reader, database, [one for one in waiting.values() if one.table.layer is Layer.STAGING])
    formula = lineage.formula(Place(table.name, column))
    key = {name: row[name] for name in table.key}
    return Explanation(table.name, column, key, row[column], formula, sql, steps, files)


def _find_row(reader: Reader, database: str, table: Table, column: str, named: Mapping[str, str]) -> dict[str, Any]:
    unknown = [name for name in named if name not in table.column_names]
    if unknown:
        raise ConfigError(f"--key: {table.name} has no column {unknown[0]}; its key is {', '.join(table.key)}.")
    where = " AND ".join(equals_text(table.column(name), text) for name, text in named.items()) or "TRUE"
    names = list(dict.fromkeys([*table.key, column]))
    rows = reader.records(f"{select(table, database, names, where)} LIMIT 2")
    if len(rows) != 1:
        found = "no row" if not rows else "more than one row"
        keys = " ".join(f"--key {name}=…" for name in table.key)
        given = "".join(f", {name} {text}" for name, text in named.items()).removeprefix(",")
        raise ConfigError(f"{table.name}: {found}{given and ' has'}{given}; name one with {keys}.")
    return rows[0]


def _choose_needed(lineage: Lineage, chosen: Chosen, name: str, where: str) -> Chosen:
    """Return the rows of an input with the columns of it that the chosen columns are made of."""
    table = models()[name].table
    edges = [edge for own in chosen.columns for edge in lineage.edges[Place(chosen.table.name, own)]]
    read = [edge.source for edge in edges if edge.source.table == name]
    if any(place.column == ROWS for place in read):  # of rows that are counted, what chooses them is the value
        read += [place for place in lineage.rows[chosen.table.name] if place.table == name]
    known = tuple(dict.fromkeys(place.column for place in read if place.column in table.column_names))
    return Chosen(table, where, known or table.key)


def _join(one: Chosen | None, other: Chosen) -> Chosen:
    if one is None:
        return other
    where = one.where if one.where == other.where else f"({one.where}) OR ({other.where})"
    return Chosen(one.table, where, tuple(dict.fromkeys((*one.columns, *other.columns))))


def _count(reader: Reader, database: str, chosen: Chosen) -> int:
    full_name = chosen.table.full_name(database)
    ((count,),) = reader.rows(f"SELECT COUNT(*) FROM {full_name} WHERE {chosen.where}")
    return int(count)


def _describe(
    reader: Reader, database: str, lineage: Lineage, chosen: Chosen, row_count: int, is_enough: bool | None
) -> Step:
    table = chosen.table
    names = list(dict.fromkeys([*table.key, *chosen.columns]))
    rows = reader.records(f"{select(table, database, names, chosen.where)} LIMIT {_MOST_SHOWN}")
    formulas = {name: lineage.formula(Place(table.name, name)) for name in chosen.columns}
    if table.layer is Layer.STAGING:
        payloads = {name: table.column(name).payload for name in chosen.columns}
        formulas |= {name: f"RECORD:{payload}, typed" for name, payload in payloads.items() if payload}
    rules = _newest_results(reader, database, table, chosen.columns)
    return Step(table.name, chosen.columns, formulas, chosen.where, row_count, rows, is_enough, rules)


def _newest_results(reader: Reader, database: str, table: Table, columns: Sequence[str]) -> list[dict[str, Any]]:
    """Return the newest result of each rule that is on one of the columns or on the key."""
    relevant = [rule.name for rule in rules_of(table) if rule.columns_among((*columns, *table.key))]
    if not relevant:
        return []
    ledger = VALIDATION_RESULTS.full_name(database)
    return reader.records(
        f"SELECT rule, severity, success, observed, validated_at, run_id FROM {ledger} "
        f"WHERE table_name = {literal(table.name)} AND rule IN ({', '.join(literal(name) for name in relevant)}) "
        "QUALIFY ROW_NUMBER() OVER (PARTITION BY rule ORDER BY validated_at DESC) = 1 ORDER BY rule"
    )


def _find_files(reader: Reader, database: str, staged: Sequence[Chosen]) -> list[File]:
    found: list[File] = []
    for chosen in staged:
        (raw,) = models()[chosen.table.name].inputs
        rows = reader.rows(
            f"SELECT _source_file, _source_row FROM {chosen.table.full_name(database)} WHERE {chosen.where} "
            f"ORDER BY 1, 2 LIMIT {_MOST_FILES * _MOST_SHOWN}"
        )
        by_file: dict[str, list[int]] = {}
        for path, number in rows:
            by_file.setdefault(path, []).append(number)
        found += _files_of(reader, database, models()[raw].table, dict(list(by_file.items())[:_MOST_FILES]))
    return sorted(found, key=lambda file: (file.snapshot_at, file.path))


def _files_of(reader: Reader, database: str, raw: Table, by_file: Mapping[str, list[int]]) -> list[File]:
    if not by_file:
        return []
    paths = ", ".join(literal(path) for path in by_file)
    loads = reader.records(f"SELECT * FROM {LOADS.full_name(database)} WHERE source_file IN ({paths})")
    source, _, entity = (raw.source or "").partition("/")
    polls = reader.records(
        f"SELECT * FROM {POLLS.full_name(database)} WHERE source = {literal(source)} AND entity = {literal(entity)}"
    )
    by_time = {poll["snapshot_at"]: poll for poll in polls}
    return [
        File(
            load["source_file"],
            raw.name,
            by_file[load["source_file"]],
            load["snapshot_at"],
            load,
            by_time.get(load["snapshot_at"]),
        )
        for load in loads
        if load["table_name"] == raw.name
    ]
