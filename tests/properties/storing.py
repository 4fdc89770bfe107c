"""Facts as their builds leave them, without the tables that they are built from."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from snowflake.snowpark import Session
from snowflake.snowpark.functions import col

from tests.feeding import frame_of
from transforms.catalog import models
from transforms.contract import Table
from transforms.engine import ledgers
from transforms.engine.batches import read_state
from transforms.engine.incremental import Computed
from transforms.engine.stored import current_database, read_table
from transforms.engine.write import Build, write_built
from transforms.ops import BUILDS
from transforms.scd2.versions import check_versions
from transforms.write_kinds import History


def store(session: Session, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
    """Make these rows the whole table, with the ledger rows of a build that found the differences."""
    model = models()[table.name]
    state = read_state(session, model, {name: models()[name].table for name in model.inputs})
    build = Build(table, uuid.uuid4().hex, "run", "incremental", "{}", time.monotonic(), state)
    typed = [col(column.name).cast(column.type).alias(column.name) for column in table.columns]
    frame = frame_of(session, table, rows).select(*typed)
    check = check_versions if isinstance(table.write, History) else None
    write_built(session, build, Computed(frame, read_table(session, table), True, consumes=False, check=check))


def append(session: Session, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
    """Put rows into a staging table, with the ledger row of the build that brought them."""
    build_id = uuid.uuid4().hex
    lineage = {"_source_file": "file", "_source_row": 1, "_load_id": "load", "_build_id": build_id}
    placed = [{**row, **lineage} for row in rows]
    if placed:
        path = table.full_name(current_database(session)).split(".")
        frame_of(session, table, placed).write.save_as_table(path, mode="append")
        counts = (len(placed), 0, 0)
        ledgers.append_new(
            session, BUILDS, [(build_id, "run", table.name, "incremental", *counts, 0.0, datetime.now())]
        )
