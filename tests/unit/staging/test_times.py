"""Times: what spells one is told by the text alone, the same for every column of every source."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from snowflake.snowpark import Session

from tests.feeding import frame_of, minutes
from tests.unit.staging.spelled_times import ODD, SPELLED
from transforms.catalog import models
from transforms.contract import DATE, RAW_COLUMNS, TIMESTAMP, Layer, Table
from transforms.staging.parsing import parse
from transforms.write_kinds import Append

TIMES = [
    (model.table, column)
    for model in models().values()
    if model.table.layer is Layer.STAGING
    for column in model.table.columns
    if column.type == TIMESTAMP and column.payload is not None
]
RAW = Table("raw_probe", Layer.RAW, "one record", ("_source_file", "_source_row"), RAW_COLUMNS, Append())


def read(session: Session, table: Table, field: str, texts: list[Any]) -> list[Any]:
    rows = [
        {"record": {field: text}, "_source_file": "f", "_source_row": n, "_snapshot_at": minutes(0), "_load_id": "l"}
        for n, text in enumerate(texts, start=1)
    ]
    column = next(column.name for column in table.columns if column.payload == field)
    frame = parse(frame_of(session, RAW, rows), table).select("_source_row", column, "_rule", "_reason")
    return [tuple(row)[1:] for row in frame.sort("_source_row").collect()]


@pytest.mark.parametrize(("table", "column"), TIMES, ids=[f"{table.name}.{column.name}" for table, column in TIMES])
def test_every_time_column_takes_the_same_spellings(frames: Session, table: Table, column: Any):
    found = read(frames, table, column.payload, [*SPELLED, *ODD])
    taken = dict(zip(SPELLED, (row[0] for row in found), strict=False))
    assert taken == {text: datetime.fromisoformat(utc) for text, utc in SPELLED.items()}
    assert {text: row[0] for text, row in zip(ODD, found[len(SPELLED) :], strict=True)} == dict.fromkeys(ODD)


def test_what_spells_no_time_is_refused_with_what_it_is(frames: Session):
    table, column = next((t, c) for t, c in TIMES if t.name == "stg_billing_users")
    alone = Table(
        **{
            **vars(table),
            "columns": tuple(c for c in table.columns if c.name == column.name),
            "key": (),
            "cluster_by": None,
        }
    )
    found = read(frames, alone, column.payload, [*ODD, 46086, 1609133340, True, ["2020-12-28"]])
    assert {row[1] for row in found[: len(ODD) + 1]} == {"updated_at_type"}
    reasons = {text: row[2] for text, row in zip(ODD, found, strict=False)}
    assert reasons["infinity"] == "updated_at is text (infinity); expected a UTC time"
    assert reasons["0001-01-01"] == "updated_at is text (0001-01-01); expected a year from 1990 to 2100"
    number, seconds, truth, several = found[len(ODD) :]
    assert number[2] == "updated_at is a number (46086); expected a UTC time"
    assert seconds == (datetime(2020, 12, 28, 5, 29), None, None)
    assert (truth[1], several[1]) == ("updated_at_type", "updated_at_type")


DAYS = [
    (model.table, column)
    for model in models().values()
    if model.table.layer is Layer.STAGING
    for column in model.table.columns
    if column.type == DATE and column.payload is not None
]


@pytest.mark.parametrize(("table", "column"), DAYS, ids=[f"{table.name}.{column.name}" for table, column in DAYS])
def test_a_day_is_a_day_of_a_year_that_can_be(frames: Session, table: Table, column: Any):
    texts = ["2026-03-04", "1990-01-01", "2100-12-31", "1989-12-31", "2101-01-01", "0001-01-01", "12026-01-01"]
    texts += ["infinity", "epoch", "46086", "20260304", "2026", "2026-03-04 foo", "2026-02-30", "-2026-01-01"]
    found = [row[0] for row in read(frames, table, column.payload, texts)]
    assert [str(day) for day in found[:3]] == texts[:3]
    assert found[3:] == [None] * (len(texts) - 3)
