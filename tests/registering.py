"""Tables that only a test knows: in the catalog, and made in the test's databases, for as long as a `with` lasts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from snowflake.snowpark import Session

from transforms import catalog
from transforms.catalog import check_history
from transforms.contract import Table
from transforms.engine.stored import read_table
from transforms.engine.tables import prepare_tables
from transforms.ops import LEDGERS


def model_of(table: Table, build: Callable[..., Any] | None = None) -> catalog.Model:
    """The model of a table as the catalog reads it from a table's file; without `build` a raw table."""
    return catalog._model_of(SimpleNamespace(TABLE=table, **({"build": build} if build else {})))  # type: ignore[arg-type]


@contextmanager
def registered(models: list[catalog.Model], *sessions: Session) -> Iterator[None]:
    """Add the models to the catalog, or replace those of their names, and make their tables in the sessions' databases.

    Afterwards the catalog is as it was, and the tables and their ledger rows are gone. Models that are replaced inside
    (a contract that changes) are given to another `with registered` inside this one, which keeps the stored rows.
    """
    known: dict[str, catalog.Model] = catalog.models()  # type: ignore[assignment]
    before = dict(known)
    new = [model for model in models if model.table.name not in before]
    known.update({model.table.name: model for model in models})
    catalog._build_order.cache_clear()
    try:
        for model in models:
            catalog._check_inputs(model, known)
            check_history(model, known)
        for session in sessions:
            prepare_tables(session)
        yield
    finally:
        known.clear()
        known.update(before)
        catalog._build_order.cache_clear()
        for session in sessions:
            _remove(session, [model.table for model in new])


def _remove(session: Session, tables: list[Table]) -> None:
    for table in tables:
        session.sql(
            f"DROP TABLE IF EXISTS {table.full_name(str(session.get_current_database()).strip(chr(34)))}"
        ).collect()
        for ledger in LEDGERS:
            if "table_name" in ledger.column_names:
                read_table(session, ledger).delete(read_table(session, ledger)["table_name"] == table.name)
