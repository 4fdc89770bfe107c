"""Explanations as the dashboard shows them: which numbers there are, their rows, and where one comes from."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from deployments.dashboard.access import Explained, ExplainedStep, UnknownNumberError
from flows.cli.output import plain
from flows.cli.views.explain import describe_step, format_value
from flows.errors import ConfigError
from flows.explain.explain import explain_number, find_column
from flows.explain.narrow import equals_text
from flows.settings import make_parameters
from transforms.catalog import models
from transforms.contract import Layer
from transforms.types import BooleanType, DateType, NumericType, TimestampType

if TYPE_CHECKING:
    from flows.explain.explain import File
    from flows.lineage.graph import Lineage
    from flows.settings import Settings
    from transforms.contract import Table

_LAYERS = (Layer.MARTS, Layer.PRODUCT, Layer.ACTIVITY, Layer.HISTORY)


class Explainer:
    """Tells where numbers of a warehouse come from; a login for each question."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lineage: Lineage | None = None
        self._lock = threading.Lock()

    def measures(self) -> Mapping[str, Sequence[str]]:
        """Return the tables that are read behind staging, marts first, each with its columns of numbers."""
        found = [model.table for model in models().values() if model.build is not None]
        ordered = sorted((table for table in found if table.layer in _LAYERS), key=_place)
        return {table.name: numbers for table in ordered if (numbers := _numbers(table))}

    def rows(self, table: str, column: str, key: Mapping[str, str], most: int) -> pd.DataFrame:
        """Return rows, the newest first: their key as texts, and the column.

        Raises:
            UnknownNumberError: There is no such table or column.
        """
        from flows.warehouse.session import open_reader

        contract, name = self._find(table, column, key)
        timed = [one for one in contract.key if isinstance(contract.column(one).type, DateType | TimestampType)]
        order = ", ".join([*[f"{one} DESC" for one in timed], *[one for one in contract.key if one not in timed]])
        where = " AND ".join(equals_text(contract.column(one), text) for one, text in key.items()) or "TRUE"
        with open_reader(self._settings) as reader:
            found = reader.rows(
                f"SELECT {', '.join([*contract.key, name])} FROM {contract.full_name(self._settings.database)} "
                f"WHERE {where} ORDER BY {order} LIMIT {most:d}"
            )
        texts = [
            [*[format_value(value) for value in key_of], None if last is None else plain(last)]
            for *key_of, last in found
        ]
        return pd.DataFrame(texts, columns=[*contract.key, name])

    def explain(self, table: str, column: str, key: Mapping[str, str]) -> Explained:
        """Explain one number.

        Raises:
            UnknownNumberError: There is no such number, or more than one.
        """
        from flows.warehouse.session import open_reader

        contract, name = self._find(table, column, key)
        lineage = self._trace()
        try:
            with open_reader(self._settings) as reader:
                found = explain_number(reader, self._settings.database, lineage, contract, name, key)
        except ConfigError as error:
            raise UnknownNumberError(str(error)) from None
        steps: list[ExplainedStep] = []
        for step in found.steps:
            head, *notes = describe_step(step)
            steps.append(ExplainedStep(head, [note.strip() for note in notes], _frame(step.rows)))
        files = pd.DataFrame([_describe_file(file) for file in found.files])
        return Explained(format_value(found.value), found.formula, found.sql, steps, files)

    def _find(self, table: str, column: str, key: Mapping[str, str]) -> tuple[Table, str]:
        try:
            contract, name = find_column(table, column)
        except ConfigError as error:
            raise UnknownNumberError(str(error)) from None
        unknown = [one for one in key if one not in contract.column_names]
        if unknown:
            raise UnknownNumberError(
                f"{contract.name} has no column {unknown[0]}; its key is {', '.join(contract.key)}."
            )
        return contract, name

    def _trace(self) -> Lineage:
        """Return the lineage of all columns, traced when it is first needed."""
        from flows.lineage.graph import trace_tables

        with self._lock:
            if self._lineage is None:
                self._lineage = trace_tables(make_parameters(self._settings), self._settings.database)
            return self._lineage


def _place(table: Table) -> tuple[int, bool, str]:
    return _LAYERS.index(table.layer), not table.name.startswith("mart_"), table.name


def _numbers(table: Table) -> list[str]:
    own = [column for column in table.columns if column.name not in table.key]
    return [column.name for column in own if isinstance(column.type, NumericType | BooleanType)]


def _frame(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame([{name: format_value(value) for name, value in row.items()} for row in rows])


def _describe_file(file: File) -> dict[str, str]:
    return {
        "path": file.path,
        "rows": ", ".join(str(row) for row in file.rows),
        "observed_at": format_value(file.snapshot_at),
        "how": f"poll, {file.poll['ended']}" if file.poll else "delivery",
        "load": str(file.load["load_id"]),
    }
