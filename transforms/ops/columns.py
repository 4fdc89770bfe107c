"""What every ledger is declared with."""

from __future__ import annotations

from transforms.contract import INTEGER, TEXT, TIMESTAMP, Column, Layer, Table
from transforms.write_kinds import Append


def declare_ledger(name: str, grain: str, key: tuple[str, ...], *columns: Column) -> Table:
    """Declare a ledger of OPS: rows are only ever added to it."""
    return Table(name=name, layer=Layer.OPS, grain=grain, key=key, columns=columns, write=Append(), tags=("ops",))


def text_column(name: str, description: str, *, nullable: bool = True) -> Column:
    """Declare a column of text."""
    return Column(name, TEXT, description, nullable=nullable)


def count_column(name: str, description: str) -> Column:
    """Declare a column that counts, never NULL."""
    return Column(name, INTEGER, description, nullable=False)


def time_column(name: str, description: str, *, nullable: bool = False) -> Column:
    """Declare a column of a time, UTC."""
    return Column(name, TIMESTAMP, description, nullable=nullable)


BUILD_ID = text_column("build_id", "one write of one table", nullable=False)
LOAD_ID = text_column("load_id", "one landing file in one raw table", nullable=False)
RUN_ID = text_column("run_id", "one run of a flow")
TABLE_NAME = text_column("table_name", "table, without its schema", nullable=False)
