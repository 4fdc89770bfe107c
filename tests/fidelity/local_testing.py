"""Every table's `build` on the frames of one small world: on the embedded warehouse, and in Snowpark's local testing.

Local testing runs DataFrames in pandas, without SQL; where it has a function, it is Snowflake's own account of what
that gives.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Mapping
from datetime import datetime
from numbers import Number
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings, strategies as st
from snowflake.snowpark import DataFrame, Session
from snowflake.snowpark.types import StructField, StructType, VariantType

from tests.feeding import PARAMETERS, LandingFile, build_all, load
from tests.properties import amplitude_world, billing_world, livelogs_world, world
from transforms.catalog import Model, models
from transforms.contract import Table
from transforms.engine.stored import read_table
from transforms.ops import LEDGERS

Row = tuple[Any, ...]
_WORLDS = (world, billing_world, livelogs_world, amplitude_world)
_SEMI_STRUCTURED = ("VariantType", "MapType", "ArrayType")


def feed(session: Session) -> None:
    """Load files of every source, and build every table."""
    for source in _WORLDS:
        for files in _drawn(source.arrivals()):
            load(session, *files)
    build_all(session)


def _drawn(arrivals: st.SearchStrategy[list[list[LandingFile]]]) -> list[list[LandingFile]]:
    """The largest of a few worlds, always the same one."""
    found: list[list[list[LandingFile]]] = []

    @settings(
        max_examples=12,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(arrivals)
    def keep(runs: list[list[LandingFile]]) -> None:
        found.append(runs)

    keep()
    return max(found, key=lambda runs: sum(len(file.records) for run in runs for file in run))


def read_tables() -> list[Model]:
    """The tables that are built, in the order of their names."""
    return sorted((model for model in models().values() if model.build is not None), key=lambda m: m.table.name)


def stored_rows(session: Session, table: Table) -> list[Row]:
    """The rows of a table as the warehouse has them."""
    return [tuple(row) for row in read_table(session, table).collect()]


def _tables_read(model: Model) -> list[Table]:
    ledgers = {ledger.name: ledger for ledger in LEDGERS}
    named = getattr(model.table.write, "ledgers", ())
    return [*[models()[name].table for name in model.inputs], *[ledgers[name] for name in named]]


def built(model: Model, read: Callable[[Table], DataFrame]) -> list[Row]:
    """The rows of the table's `build` on frames of its inputs, in an order that only their values tell."""
    assert model.build is not None
    values: Mapping[str, Any] = {name: PARAMETERS[name] for name in model.parameters}
    frame = model.build(*[read(table) for table in _tables_read(model)], **values)
    kinds = [type(field.datatype).__name__ for field in model.table.schema.fields]
    rows = [
        tuple(_comparable(value, kinds[at] if at < len(kinds) else "") for at, value in enumerate(row))
        for row in frame.collect()
    ]
    return sorted(rows, key=repr)


def _comparable(value: Any, kind: str) -> Any:
    if kind in _SEMI_STRUCTURED and isinstance(value, str):
        return json.dumps(json.loads(value), sort_keys=True)
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, Number):
        return None if value != value else float(f"{float(value):.12g}")
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat()
    return value


def local_frame(local: Session, table: Table, rows: list[Row]) -> DataFrame:
    """A frame of local testing with a table's stored rows."""
    fields = [StructField(field.name, _local_type(field.datatype)) for field in table.schema.fields]
    kinds = [type(field.datatype).__name__ for field in table.schema.fields]
    values = [
        tuple(
            json.loads(value) if kind in _SEMI_STRUCTURED and value is not None else value
            for value, kind in zip(row, kinds, strict=True)
        )
        for row in rows
    ]
    return local.create_dataframe(values, schema=StructType(fields))


def _local_type(kind: Any) -> Any:
    return VariantType() if type(kind).__name__ in _SEMI_STRUCTURED else kind


def open_local() -> Session:
    """A session of local testing."""
    warnings.filterwarnings("ignore", module="snowflake")
    return Session.builder.config("local_testing", True).create()
