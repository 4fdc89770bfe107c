"""Datasets kept as tables of MARTS: written as every table is, in one transaction with its ledger rows.

A dataset's table is no table of the catalog: nothing builds it again but the question. It is replaced whole, so asking
again changes only the rows whose answer has changed.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass

from transforms.build import FULL_REFRESH
from transforms.catalog import Model, models
from transforms.contract import (
    BOOLEAN,
    DATE,
    FLOAT,
    INTEGER,
    TEXT,
    TIMESTAMP,
    VARIANT,
    ContractError,
    Layer,
    Table,
    check_identifier,
)
from transforms.datasets.analysis.plan import COHORT_COLUMNS, Plan
from transforms.datasets.frames.compile import compile_plan
from transforms.datasets.syntax.errors import QueryError
from transforms.engine.batches import read_state
from transforms.engine.incremental import Computed
from transforms.engine.ledgers import append_rows
from transforms.engine.stored import current_database, read_table
from transforms.engine.tables import create_table
from transforms.engine.write import Build, BuildResult, new_build_id, write_built
from transforms.functions import Session, col, lit
from transforms.ops import HEADS
from transforms.types import DataType, DecimalType
from transforms.write_kinds import Replace

_KEY = COHORT_COLUMNS[0].name
_STORED_AS: Mapping[DataType, str] = {
    INTEGER: "NUMBER(38, 0)",
    FLOAT: "FLOAT",
    TEXT: "TEXT",
    BOOLEAN: "BOOLEAN",
    DATE: "DATE",
    TIMESTAMP: "TIMESTAMP_NTZ",
    VARIANT: "VARIANT",
}


@dataclass(frozen=True)
class KeptDataset:
    """What writing a dataset did.

    Args:
        result: What the build changed.
        question_before: The question that the table answered until now; None where it is the same, or the first.
    """

    result: BuildResult
    question_before: str | None


def table_of(plan: Plan, name: str) -> Table:
    """The contract of a dataset's table.

    Args:
        plan: The checked question.
        name: What the table is to be called.

    Raises:
        QueryError: The name is no identifier, or that of a table of the catalog.
    """
    try:
        lower = check_identifier(name).lower()
    except ContractError as error:
        raise QueryError(str(error)) from None
    if lower in models():
        raise QueryError(f"{lower} is a table that `snowcast build` writes; give the dataset another name")
    return Table(
        name=lower,
        layer=Layer.MARTS,
        grain=f"one row of the cohort: {' or '.join(plan.cohort.activities)}",
        key=(_KEY,),
        columns=plan.columns,
        write=Replace(),
    )


def write_dataset(session: Session, plan: Plan, table: Table, *, question: str, run_id: str) -> KeptDataset:
    """Make the table equal to the dataset.

    Args:
        session: Where the stream is; the tables are prepared.
        plan: The checked question.
        table: From `table_of`.
        question: The question's text, which OPS.HEADS keeps.
        run_id: The run that OPS.BUILDS names.

    Raises:
        QueryError: A table of that name is there that holds something else.
    """
    started = time.monotonic()
    _claim_name(session, table)
    model = Model(table, None, (), ())
    state = read_state(session, model, {})
    build = Build(table, new_build_id(), run_id, FULL_REFRESH, json.dumps({"question": question}), started, state)
    dataset = compile_plan(plan, read_table(session, models()[plan.stream].table))
    computed = Computed(dataset, read_table(session, table), is_whole_truth=True, consumes=False)
    before = json.loads(state.parameters)["question"] if state.parameters else question
    is_same = before.split() == question.split()
    return KeptDataset(write_built(session, build, computed), None if is_same else before)


def _claim_name(session: Session, table: Table) -> None:
    """Create the table, or see that the one of its name was written from a question with the same columns."""
    place = table.full_name(current_database(session))
    there = _read_stored_types(session, place)
    heads = read_table(session, HEADS).select("table_name").collect()
    if there and table.name not in {row[0] for row in heads}:
        raise QueryError(f"{place} is there and was not written from a question; give the dataset another name")
    expected = {column.name: _name_type(column.type) for column in table.stored_columns}
    if there and there != expected:
        raise QueryError(
            f"{place} holds the answer to a question with other columns ({_difference(there, expected)}); give the "
            f"dataset another name, or drop that one: snowcast sql 'DROP TABLE {place}'"
        )
    create_table(session, table)
    append_rows(session, HEADS, [(table.name, None, None, None)])


def _read_stored_types(session: Session, place: str) -> dict[str, str]:
    """The columns of a stored table with their types; none where there is no such table."""
    database, schema, name = place.split(".")
    columns = session.table(f"{database}.INFORMATION_SCHEMA.COLUMNS")
    of_table = columns.filter((col("table_schema") == lit(schema)) & (col("table_name") == lit(name)))
    rows = of_table.select("column_name", "data_type", "numeric_precision", "numeric_scale").collect()
    return {row[0].lower(): f"NUMBER({row[2]}, {row[3]})" if row[1] == "NUMBER" else row[1] for row in rows}


def _name_type(data_type: DataType) -> str:
    """A type as the information schema names it."""
    if isinstance(data_type, DecimalType):
        return f"NUMBER({data_type.precision}, {data_type.scale})"
    return _STORED_AS[data_type]


def _difference(there: Mapping[str, str], expected: Mapping[str, str]) -> str:
    """The columns of a stored table, or where only types differ those columns."""
    if there.keys() != expected.keys():
        return ", ".join(sorted(there))
    other = [name for name in there if there[name] != expected[name]]
    return ", ".join(f"{name} is {there[name]} there and {expected[name]} here" for name in other)
