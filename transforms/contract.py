"""What a table promises: its grain, key, typed columns and the way it is written.

A contract is plain data. The writers create and change tables from it, staging parses source records by it, the
catalog orders tables by it and the expectations are generated from it, so a promise is written down once. Table files
take what they declare from here, the kinds of writing too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from transforms import types
from transforms.functions import DataFrame, col, iff, lit
from transforms.write_kinds import (
    Append as Append,
    HardDeletes as HardDeletes,
    History as History,
    MergeOnKey as MergeOnKey,
    Replace as Replace,
    Strategy as Strategy,
    View as View,
    WriteKind as WriteKind,
)

if TYPE_CHECKING:
    from snowflake.snowpark.types import StructType

INTEGER = types.LongType()
FLOAT = types.DoubleType()
TEXT = types.StringType()
BOOLEAN = types.BooleanType()
DATE = types.DateType()
TIMESTAMP = types.TimestampType()
VARIANT = types.VariantType()


def money(scale: int = 2) -> types.DecimalType:
    """Return DECIMAL(18, scale), the type of every amount of money."""
    return types.DecimalType(18, scale)


class ContractError(Exception):
    """A frame or a declaration breaks a table's contract. Never retried: the data or the code must change."""


class Layer(StrEnum):
    """Where a table lives, lowest first: no layer reads one above it, but for the marts that count activities.

    The value is the schema's name.
    """

    RAW = "RAW"
    STAGING = "STAGING"
    HISTORY = "HISTORY"
    MARTS = "MARTS"
    ACTIVITY = "ACTIVITY"
    PRODUCT = "PRODUCT"
    OPS = "OPS"


def locate_table(module: str) -> tuple[str, Layer]:
    """Return the name and the layer of a module's table: its file says the one, its folder the other."""
    _, folder, name = module.split(".")
    return name, Layer(folder.upper())


@dataclass(frozen=True)
class Column:
    """One column of a contract.

    Args:
        name: snake_case; stored upper case, as Snowflake folds it.
        type: Snowpark type.
        description: What it holds, with the unit where the name does not say it.
        nullable: False for required columns; in staging a record without it goes to the quarantine.
        payload: Field of RECORD that staging reads; None for columns that are computed.
        formerly: Names that the field had before; staging reads the first field that the record has.
        minimum: Smallest allowed value, inclusive; in staging a smaller one goes to the quarantine.
        maximum: Largest allowed value, inclusive; in staging a larger one goes to the quarantine.
        accepted: Known values; others are kept and reported.
        references: `table.column` that holds every value of this one; orphans are kept and reported.
        empty_is_null: Staging reads '' as NULL (never for ids where '' has a meaning).
    """

    name: str
    type: types.DataType
    description: str
    nullable: bool = True
    payload: str | None = None
    formerly: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    accepted: tuple[str, ...] = ()
    references: str | None = None
    empty_is_null: bool = False

    def replace(self, **changes: Any) -> Column:
        """Return the same column with some properties changed."""
        return replace(self, **changes)


# Columns that the project adds behind a contract's own, by layer.
LINEAGE = (
    Column("_source_file", TEXT, "landing file that the record came from", nullable=False),
    Column("_source_row", INTEGER, "row of the record in its landing file, from 1", nullable=False),
    Column("_load_id", TEXT, "load that brought the record (OPS.LOADS)", nullable=False),
)
BUILD_ID = Column("_build_id", TEXT, "build that last inserted or changed the row (OPS.BUILDS)", nullable=False)
# What the writer adds to each version of a history.
VERSION_COLUMNS = (
    Column("valid_from", TIMESTAMP, "time from which the version holds, inclusive, UTC", nullable=False),
    Column("valid_to", TIMESTAMP, "time until which it holds, exclusive, UTC; NULL while it is open"),
    Column("is_current", BOOLEAN, "the version is open", nullable=False),
    Column("is_deleted", BOOLEAN, "the version says that the key was deleted", nullable=False),
    Column("version_key", TEXT, "hash of the key and valid_from", nullable=False),
    Column("observed_at_last", TIMESTAMP, "newest observation of the version, UTC", nullable=False),
)
VERSION_TIMES = ("valid_to", "is_current", "observed_at_last")  # what changes where only time goes on
# When an observation of a history was made, and from when its values hold: never columns of a contract.
OBSERVED_AT = Column("_observed_at", TIMESTAMP, "when the source was observed, UTC", nullable=False)
EFFECTIVE_AT = Column("_effective_at", TIMESTAMP, "time from which the observation's values hold, UTC")
# What a staging frame carries beside the stored columns until the writer has split it.
REJECTION = (
    Column("_record", VARIANT, "a refused record as the source sent it, NULL for a good one"),
    Column("_rule", TEXT, "first rule that the record breaks, NULL for a good record"),
    Column("_reason", TEXT, "why, in words a person understands"),
)
RAW_COLUMNS = (
    Column("record", VARIANT, "the record as the source sent it"),
    Column("_source_file", TEXT, "path of the landing file on the stage", nullable=False),
    Column("_source_row", INTEGER, "row of the record in its landing file, from 1", nullable=False),
    Column("_snapshot_at", TIMESTAMP, "when the source was observed", nullable=False),
    Column("_loaded_at", TIMESTAMP, "when COPY wrote the row", nullable=False),
    Column("_load_id", TEXT, "load that wrote the row (OPS.LOADS)", nullable=False),
)

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,254}")


def check_identifier(name: str) -> str:
    """Return the name, if it is a plain SQL identifier.

    Raises:
        ContractError: It is not; names from configuration never reach SQL unchecked.
    """
    if not _IDENTIFIER.fullmatch(name):
        raise ContractError(f"{name!r} is not a plain identifier: use letters, digits and _ only, no digit first")
    return name


@dataclass(frozen=True)
class Table:
    """The contract of one table.

    Args:
        name: Public name, snake_case.
        layer: Schema.
        grain: What one row is.
        key: Columns whose values are never NULL and never repeat.
        columns: The contract's columns, in stored order, load columns not included.
        write: Replace, Append, MergeOnKey, History or View.
        recompute_by: Columns by which a change is recomputed: the frame is built for whole groups of equal values of
            them. Every one is a column of this table and of the inputs that are filtered by it. Empty: changed rows
            are taken as they are.
        tags: For selectors: the source, and what else groups tables.
        source: For raw tables: `source/entity` of the landing files.
        fields: For raw tables: fields the source is known to send; others are reported as schema drift.
        is_complete: For raw tables: every delivery lists everything that exists, so absence means deletion.
        cluster_by: Column by whose order rows arrive: a MERGE looks for matches only in the range that it writes, and
            Snowflake keeps the table clustered by it. None where rows have no such order, or are few.
        revision: Raised when `build` gives other rows of the same inputs: the next build then reads everything.
        refuses_rows: The built frame has lineage and rejection columns, as in staging: rows with a `_rule` go to the
            quarantine. Always so in staging.
    """

    name: str
    layer: Layer
    grain: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    write: WriteKind
    recompute_by: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    source: str | None = None
    fields: tuple[str, ...] = field(default=(), repr=False)
    is_complete: bool = False
    refuses_rows: bool = False
    cluster_by: str | None = None
    revision: int = 1

    def __post_init__(self) -> None:
        repeated = {name for name in self.column_names if self.column_names.count(name) > 1}
        unknown = (set(self.key) | set(self.recompute_by)) - set(self.column_names)
        if repeated or unknown:
            raise ContractError(f"{self.name}: columns {sorted(repeated)} repeat, {sorted(unknown)} are not declared")
        nullable_key = [name for name in self.key if self.column(name).nullable]
        if nullable_key:
            raise ContractError(f"{self.name}: key columns {nullable_key} must be declared nullable=False")
        if self.cluster_by and self.column(self.cluster_by).nullable:
            raise ContractError(f"{self.name}: {self.cluster_by} is clustered by, so declare it nullable=False")
        check_identifier(self.name)

    def column(self, name: str) -> Column:
        """Return the contract's column of that name."""
        return next(column for column in self.columns if column.name == name)

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of the contract's columns, in order."""
        return tuple(column.name for column in self.columns)

    @property
    def business_key(self) -> tuple[str, ...]:
        """The key without valid_from: what a history holds versions of."""
        return tuple(name for name in self.key if name != "valid_from")

    @property
    def observed_columns(self) -> tuple[Column, ...]:
        """The contract's columns that an observation gives, the business key included; the writer adds the others."""
        added = {column.name for column in VERSION_COLUMNS}
        return tuple(column for column in self.columns if column.name not in added)

    @property
    def tracked_columns(self) -> tuple[str, ...]:
        """Names of a history's columns whose change begins a version."""
        if not isinstance(write := self.write, History):
            return ()
        untracked = {*self.business_key, write.effective_at, write.observed_at}
        return write.tracked or tuple(c.name for c in self.observed_columns if c.name not in untracked)

    @property
    def is_view(self) -> bool:
        """Whether it is a view: nothing of it is stored."""
        return isinstance(self.write, View)

    @property
    def is_transient(self) -> bool:
        """Whether it needs no Time Travel: what stands between RAW and the tables that people read is built again."""
        return self.layer is Layer.STAGING or self.name.startswith("int_")

    @property
    def batch_column(self) -> str:
        """The column that says which batch wrote a row: the load in RAW, the build elsewhere."""
        return "_load_id" if self.layer is Layer.RAW else BUILD_ID.name

    @property
    def has_rejections(self) -> bool:
        """Whether the built frame has lineage and rejection columns beside the contract's own."""
        return self.refuses_rows or self.layer is Layer.STAGING

    @property
    def stored_columns(self) -> tuple[Column, ...]:
        """The contract's columns and the load columns behind them, as they are stored."""
        if self.layer in (Layer.RAW, Layer.OPS):
            return self.columns
        lineage = LINEAGE if self.layer is Layer.STAGING else ()
        return (*self.columns, *lineage, BUILD_ID)

    @property
    def schema(self) -> StructType:
        """Stored columns as a Snowpark schema."""
        from snowflake.snowpark.types import StructField, StructType

        return StructType([StructField(c.name, c.type.as_snowpark(), nullable=c.nullable) for c in self.stored_columns])

    def full_name(self, database: str) -> str:
        """Return `DATABASE.SCHEMA.NAME`, the only form in which a table is named in a statement."""
        return f"{check_identifier(database)}.{self.layer}.{self.name}".upper()

    def select(self, frame: DataFrame) -> DataFrame:
        """Select exactly the contract's columns, in order, typed; lineage and rejection too where rows are refused.

        A view's frame carries the `_build_id` of its rows. A column that the frame lacks is named by the warehouse
        when the frame is used: asking here would cost a statement per build.
        """
        carried = [*LINEAGE, *REJECTION] if self.has_rejections else []
        if self.is_view:
            carried = [BUILD_ID]
        chosen = {c.name: col(c.name) for c in (*self.columns, *carried)}
        if self.has_rejections:  # a record is as wide as all that is read of it, and only the quarantine keeps it
            chosen["_record"] = iff(col("_rule").is_null(), lit(None), chosen["_record"])
        return frame.select(*[chosen[c.name].cast(c.type).alias(c.name) for c in (*self.columns, *carried)])

    def observe(self, frame: DataFrame) -> DataFrame:
        """Select observations for a history: its observed columns, what orders them, their times and lineage.

        Args:
            frame: Rows of a staging table, each with the business key.
        """
        if not isinstance(write := self.write, History):
            raise ContractError(f"{self.name}: is not a history")
        observed = [col(c.name).cast(c.type).alias(c.name) for c in (*self.observed_columns, *LINEAGE)]
        order = [col(name).alias(f"_newest_by_{name}") for name in write.newest_by]
        times = ((write.observed_at, OBSERVED_AT), (write.effective_at, EFFECTIVE_AT))
        return frame.select(*observed, *order, *[col(name).cast(c.type).alias(c.name) for name, c in times])
