"""Stored tables as their contracts say: create what is missing, add columns, give every built table its head.

A table is created by one statement, IF NOT EXISTS, so that two first runs at once in an empty warehouse end with one
table; the heads are created together with their rows for the same reason: two rows of one table would be two heads.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from snowflake.snowpark._internal.analyzer.expression import Attribute
from snowflake.snowpark.exceptions import SnowparkSQLException
from snowflake.snowpark.functions import col, iff, lit
from snowflake.snowpark.types import StructField, StructType

from transforms.catalog import Model, models
from transforms.contract import ContractError, Layer, Table
from transforms.engine.known_schemas import use_known_schemas
from transforms.engine.ledgers import append_rows, transaction
from transforms.engine.merge import materialize
from transforms.engine.stored import current_database, list_tables, read_inputs, read_table
from transforms.formulas.frames import null_of
from transforms.functions import Session
from transforms.ops import HEADS

_EXISTS = 2002  # Snowflake's code for an object that is there already
# Per stored table (schema, name) its columns, and whether each may be NULL; as the information schema spells them.
Present = dict[tuple[str, str], dict[str, bool]]


def prepare_tables(session: Session, present: Present | None = None, heads: Collection[str] | None = None) -> None:
    """Create the tables that are missing and add the columns that they lack; the schemas exist.

    A column that a contract no longer has stays with its values; rows written from now on have NULL in it.

    Args:
        session: Where the tables are.
        present: What is stored, where the caller has read it already.
        heads: Tables that have a head, likewise.
    """
    present = _present_columns(session) if present is None else present
    for table in list_tables():
        have = present.get(_place(table))
        if table.is_view:
            continue
        if have is None and table is not HEADS:
            create_table(session, table)
        elif have is not None and not fits(table, have):
            reshape(session, table, have)
    prepare_heads(session, heads, is_created=_place(HEADS) not in present)
    for table in list_tables():  # a view needs what it reads
        if table.is_view and not fits(table, present.get(_place(table), {})):
            create_view(session, models()[table.name])


def is_in_place(present: Present) -> bool:
    """Return whether every table is stored and fits its contract."""
    return all(fits(table, present.get(_place(table), {})) for table in list_tables())


def fits(table: Table, present: Mapping[str, bool]) -> bool:
    """Return whether rows of the contract can be stored: no column is absent, and no other one must have a value."""
    names = {column.name.upper() for column in table.stored_columns}
    return names <= set(present) and all(present[name] for name in set(present) - names)


def list_built_tables() -> list[str]:
    """List tables that have a head: those that are built."""
    return sorted(name for name, model in models().items() if model.build)


def create_table(session: Session, table: Table) -> None:
    """Create the table, empty, unless it is there."""
    _create(session, table, [])


def reshape(session: Session, table: Table, present: Mapping[str, bool]) -> None:
    """Rewrite the table with the columns that it lacks, NULL in every row, until the next build fills them.

    Args:
        session: Where the table is.
        table: The contract.
        present: The columns that are stored; those that the contract does not have stay, but may be NULL from now on.
    """
    names = [column.name.upper() for column in table.stored_columns]
    declared = [
        col(c.name) if c.name.upper() in present else null_of(c.type).alias(c.name) for c in table.stored_columns
    ]
    others = [f'"{name}"' for name in present if name not in names]
    kept_columns = [iff(lit(True), col(name), lit(None)).alias(name) for name in others]  # an expression may be NULL
    with materialize(session, read_table(session, table).select(*declared, *kept_columns)) as kept:
        kept.write.save_as_table(_path(session, table), mode="overwrite", **_options(table))


def prepare_heads(session: Session, known: Collection[str] | None = None, *, is_created: bool) -> None:
    """Give every built table its row in OPS.HEADS; the ledger is created with them where it is missing."""
    rows = [(name, None, None, None) for name in list_built_tables()]
    if is_created:
        _create(session, HEADS, rows)
        return
    if known is None:
        known = {row[0] for row in read_table(session, HEADS).select("table_name").collect()}
    new = [row for row in rows if row[0] not in known]
    if new:
        with transaction(session):
            # Changing nothing locks the ledger: whoever comes second sees the rows of the first.
            read_table(session, HEADS).update({"table_name": col("table_name")})
            append_rows(session, HEADS, new)


def create_view(session: Session, model: Model) -> None:
    """Create the view, or replace it: a view that is made twice is the same view.

    Raises:
        ContractError: The frame is not as declared.
    """
    if model.build is None:
        raise ContractError(f"{model.table.name}: is not built")
    declared = [column.name.upper() for column in model.table.stored_columns]
    with use_known_schemas(session):
        frame = model.build(*read_inputs(session, model))
        given = [name.strip('"') for name in frame.columns]
        if given != declared:
            raise ContractError(f"{model.table.name}: the view has the columns {given}, declared are {declared}")
        frame.create_or_replace_view(_path(session, model.table))


def _create(session: Session, table: Table, rows: Sequence[tuple[str | None, ...]]) -> None:
    with _columns_known(session, table):
        # Without NOT NULL, for which Snowpark would make a temporary table; the table gets it from what is known.
        nullable = StructType([StructField(field.name, field.datatype) for field in table.schema.fields])
        frame = session.create_dataframe(list(rows), schema=nullable)
        try:
            frame.write.save_as_table(_path(session, table), mode="ignore", **_options(table))
        except SnowparkSQLException as error:  # IF NOT EXISTS looks first: of two at once the second may find it so
            if error.sql_error_code != _EXISTS:
                raise


def _options(table: Table) -> dict[str, Any]:
    """How Snowflake keeps the table; what is there already stays as it is, whatever it was made with."""
    clustering = {"clustering_keys": [col(table.cluster_by)]} if table.cluster_by else {}
    return {"table_type": "transient" if table.is_transient else "", **clustering}


@contextmanager
def _columns_known(session: Session, table: Table) -> Iterator[None]:
    """Let Snowpark take the contract's columns for those of the frame, instead of asking the warehouse for them."""
    declared = [Attribute(f'"{c.name.upper()}"', c.type.as_snowpark(), c.nullable) for c in table.stored_columns]
    outer = vars(session).get("_get_result_attributes")
    session._get_result_attributes = lambda query, query_params=None: declared  # type: ignore[method-assign]
    try:
        yield
    finally:
        del session._get_result_attributes
        if outer is not None:
            session._get_result_attributes = outer  # type: ignore[method-assign]


def _present_columns(session: Session) -> Present:
    columns = session.table(f"{current_database(session)}.INFORMATION_SCHEMA.COLUMNS").filter(
        col("table_schema").in_(*[lit(str(layer)) for layer in Layer])
    )
    present: Present = {}
    chosen = columns.select("table_schema", "table_name", "column_name", "is_nullable")
    for schema, table, column, is_nullable in chosen.collect():
        present.setdefault((schema, table), {})[column] = is_nullable == "YES"
    return present


def _place(table: Table) -> tuple[str, str]:
    return str(table.layer), table.name.upper()


def _path(session: Session, table: Table) -> list[str]:
    return table.full_name(current_database(session)).split(".")
