"""Records of one key: which of two is kept, whichever is stored already, in every staging table.

By what makes one newer, then the fullest, then the greatest values, and where all is equal the file and the row.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from snowflake.snowpark import DataFrame, Session
from snowflake.snowpark.functions import col, lit

from tests.feeding import frame_of
from transforms.catalog import models
from transforms.contract import (
    BOOLEAN,
    DATE,
    FLOAT,
    INTEGER,
    REJECTION,
    TEXT,
    TIMESTAMP,
    VARIANT,
    Layer,
    Table,
    money,
)
from transforms.engine.compare import INSERT, SUPERSEDED, UPDATE, Comparison, compare
from transforms.write_kinds import MergeOnKey

Record = dict[str, Any]
TABLES = [m.table for m in models().values() if m.table.layer is Layer.STAGING and not m.table.is_view]
VALUES: dict[Any, Any] = {
    INTEGER: int,
    FLOAT: float,
    TEXT: lambda n: f"{n:03}",
    BOOLEAN: lambda n: n > 1,
    VARIANT: lambda n: {"n": n},
}
VALUES |= {money(): Decimal, DATE: lambda n: date(2026, 1, n), TIMESTAMP: lambda n: datetime(2026, 1, n)}
CANDIDATES = Comparison(is_whole_truth=False)


def record(table: Table, key: int, values: int, file: str, row: int = 1, newer: int = 1, **others: Any) -> Record:
    """A record that says everything, each value by a number."""
    numbers = {**dict.fromkeys(table.column_names, values), **dict.fromkeys(_newest_by(table), newer)}
    said = {column.name: VALUES[column.type](numbers[column.name]) for column in table.columns}
    names = {name: VALUES[table.column(name).type](key) for name in table.key}
    return {**said, **others, **names, "_source_file": file, "_source_row": row, "_load_id": file}


def worst_to_best(table: Table, key: int) -> list[Record]:
    """Records of one key, each better than those before it, and for one reason only."""
    # What makes a record newer is told of apart; the last value decides where those before it are equal.
    said = [c for c in table.columns if c.payload and c.name not in (*table.key, *_newest_by(table))]
    ordered = [c for c in said if c.type != VARIANT]
    first, last = ordered[0], ordered[-1]
    more = {c.name: VALUES[VARIANT](9) for c in said if c.type == VARIANT}  # has no order, so it decides nothing
    unsaid, greater = {last.name: None}, {last.name: VALUES[last.type](2)}
    of_newer = [record(table, key, 9, "z", newer=1)] if _newest_by(table) else []
    # As full as the next one, which says what this one does not.
    of_less = [record(table, key, 9, "zz", newer=2, **{first.name: None})] if first is not last else []
    return [
        *of_newer,
        *of_less,
        record(table, key, 9, "y", newer=2, **unsaid),
        record(table, key, 1, "x", newer=2),
        record(table, key, 1, "v", newer=2, **greater, **more),
        record(table, key, 1, "w", newer=2, **greater),
        record(table, key, 1, "w", row=2, newer=2, **greater),
    ]


def _newest_by(table: Table) -> tuple[str, ...]:
    assert isinstance(table.write, MergeOnKey)
    return table.write.newest_by


def built(session: Session, table: Table, records: list[Record]) -> DataFrame:
    rejection = [lit(None).cast(column.type).alias(column.name) for column in REJECTION]
    return frame_of(session, table, records).select("*", *rejection)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_the_best_record_of_a_key_is_kept_whichever_is_stored(frames: Session, table: Table):
    """Neighbours of the list meet, each stored once; of all of it in one build the last one is taken."""
    steps = len(worst_to_best(table, 1)) - 1
    pairs = [list(pairwise(worst_to_best(table, 1 + n)))[n % steps] for n in range(2 * steps)]
    stored = [pair[n >= steps] for n, pair in enumerate(pairs)]
    offered = [pair[n < steps] for n, pair in enumerate(pairs)]
    # A file corrects itself further down, though what it said before was greater.
    new_key = 1 + len(pairs)
    together = [record(table, new_key, 9, "w", row=0, newer=2), *worst_to_best(table, new_key)]
    new = built(frames, table, [*offered, *together])
    difference = compare(table, new, frame_of(frames, table, stored), CANDIDATES)
    by_key = difference.order_by(*[col(f"new_{name}") for name in table.key], "action")
    told = [tuple(row) for row in by_key.select("action", "new__source_file", "new__source_row").collect()]
    assert [action for action, *_ in told[: len(pairs)]] == [UPDATE] * steps + [SUPERSEDED] * steps
    assert told[len(pairs)] == (INSERT, "w", 2)
    assert {action for action, *_ in told[len(pairs) + 1 :]} == {SUPERSEDED}
