"""Datasets kept as tables of MARTS: written as every table is, in one transaction with its ledger rows.

A dataset's table is no table of the catalog: nothing builds it again but the question. It is replaced whole, so asking
again changes only the rows whose answer has changed.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from transforms.activity.datasets.errors import QueryError
from transforms.activity.datasets.frames import planned_dataset
from transforms.activity.datasets.planning import COHORT_COLUMNS
from transforms.build import FULL_REFRESH
from transforms.catalog import Model, models
from transforms.contract import ContractError, Layer, Replace, Table, check_identifier
from transforms.engine.batches import read_state
from transforms.engine.incremental import Computed
from transforms.engine.ledgers import append_rows
from transforms.engine.stored import current_database, read_table
from transforms.engine.tables import create_table
from transforms.engine.write import Build, BuildResult, new_build_id, write_built
from transforms.ops import HEADS

if TYPE_CHECKING:
    from snowflake.snowpark import Session

    from transforms.activity.datasets.planning import Plan

_KEY = COHORT_COLUMNS[0].name


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
        grain=f"one row of the cohort: {plan.cohort.activity}",
        key=(_KEY,),
        columns=plan.columns,
        write=Replace(),
    )


def write_dataset(session: Session, plan: Plan, table: Table, *, question: str, run_id: str) -> BuildResult:
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
    described = json.dumps({"question": question})
    build = Build(table, new_build_id(), run_id, FULL_REFRESH, described, started, read_state(session, model, {}))
    dataset = planned_dataset(plan, read_table(session, models()[plan.stream].table))
    computed = Computed(dataset, read_table(session, table), is_whole_truth=True, consumes=False)
    return write_built(session, build, computed)


def _claim_name(session: Session, table: Table) -> None:
    """Create the table, or see that the one of its name was written from a question with the same columns."""
    place = table.full_name(current_database(session))
    database, schema, name = place.split(".")
    columns = session.table(f"{database}.INFORMATION_SCHEMA.COLUMNS").select(
        "table_schema", "table_name", "column_name"
    )
    there = [row[2] for row in columns.collect() if (row[0], row[1]) == (schema, name)]
    heads = read_table(session, HEADS).select("table_name").collect()
    if there and table.name not in {row[0] for row in heads}:
        raise QueryError(f"{place} is there and was not written from a question; give the dataset another name")
    expected = [column.name.upper() for column in table.stored_columns]
    if there and sorted(there) != sorted(expected):
        raise QueryError(
            f"{place} holds the answer to a question with other columns ({', '.join(sorted(there)).lower()}); give the "
            f"dataset another name, or drop that one: snowcast sql 'DROP TABLE {place}'"
        )
    create_table(session, table)
    append_rows(session, HEADS, [(table.name, None, None, None)])
