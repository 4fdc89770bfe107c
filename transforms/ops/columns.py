"""What every ledger is declared with."""

from __future__ import annotations

from transforms.contract import INTEGER, TEXT, TIMESTAMP, Append, Column, Layer, Table


def declare_ledger(name: str, grain: str, key: tuple[str, ...], *columns: Column) -> Table:
    """Declare a ledger of OPS: rows are only ever added to it."""
    return Table(name=name, layer=Layer.OPS, grain=grain, key=key, columns=columns, write=Append(), tags=("ops",))


def text_column(name: str, description: str) -> Column:
    """Declare a column of text."""
    return Column(name, TEXT, description)


def name_column(name: str, description: str, *, accepted: tuple[str, ...] = ()) -> Column:
    """Declare a column of text, never NULL."""
    return Column(name, TEXT, description, nullable=False, accepted=accepted)


def count_column(name: str, description: str) -> Column:
    """Declare a column that counts, never NULL."""
    return Column(name, INTEGER, description, nullable=False)


def time_column(name: str, description: str) -> Column:
    """Declare a column of a time, UTC, never NULL."""
    return Column(name, TIMESTAMP, description, nullable=False)


BUILD_ID = name_column("build_id", "one write of one table")
LOAD_ID = name_column("load_id", "one landing file in one raw table")
RUN_ID = text_column("run_id", "one run of a flow")
TABLE_NAME = name_column("table_name", "table, without its schema")
