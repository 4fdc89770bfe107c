"""What is told of one number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


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
