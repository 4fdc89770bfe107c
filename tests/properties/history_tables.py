"""A source of items for tests of histories: raw, staging, and a history for each way of declaring one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from snowflake.snowpark import DataFrame

from tests.properties.history_oracle import CHECK, Rule
from tests.properties.history_world import SOURCE
from tests.properties.promises import EXAMPLES
from transforms.columns import snapshot_at
from transforms.contract import INTEGER, RAW_COLUMNS, TEXT, TIMESTAMP, VERSION_COLUMNS, Column, Layer, Table
from transforms.formulas.keys import hash_key
from transforms.staging.parsing import parse
from transforms.write_kinds import Append, HardDeletes, History, MergeOnKey, Strategy

item_key = Column("item_key", TEXT, "hash of (item_id, region)", nullable=False)
item_id = Column("item_id", TEXT, "first part of the key", nullable=False, payload="id", empty_is_null=True)
region = Column("region", TEXT, "second part of the key; NULL is a value of its own", payload="region")
plan = Column("plan", TEXT, "tracked", payload="plan")
seats = Column("seats", INTEGER, "tracked", payload="seats")
note = Column("note", TEXT, "tracked where all columns are", payload="note")
updated_at = Column("updated_at", TIMESTAMP, "the record's own time of change", payload="updated_at")

RAW = Table(
    name="raw_probe_items",
    layer=Layer.RAW,
    grain="one record of an item",
    key=("_source_file", "_source_row"),
    columns=RAW_COLUMNS,
    write=Append(),
    tags=("probe",),
    source=f"{SOURCE}/items",
    fields=("id", "region", "plan", "seats", "note", "updated_at"),
    is_complete=True,
)
STAGING = Table(
    name="stg_probe_items",
    layer=Layer.STAGING,
    grain="one item at one snapshot",
    key=("item_key", "snapshot_at"),
    columns=(item_key, snapshot_at, item_id, region, plan, seats, note, updated_at),
    write=MergeOnKey(),
    tags=("probe",),
)


def build_staging(raw_probe_items: DataFrame) -> DataFrame:
    """The records, typed, and their key."""
    return STAGING.select(parse(raw_probe_items, STAGING).select("*", hash_key("item_id", "region").alias("item_key")))


@dataclass(frozen=True)
class Probe:
    """One history table and what the oracle is told of it."""

    table: Table
    rule: Rule

    def build(self) -> Callable[..., DataFrame]:
        """The build function of the table."""

        def build(stg_probe_items: DataFrame) -> DataFrame:
            return self.table.observe(stg_probe_items)

        return build


LISTED, ALL = ("plan", "seats"), ("plan", "seats", "note")


def _probe(strategy: Strategy, deletes: HardDeletes, tracked: tuple[str, ...]) -> Probe:
    own_time = () if strategy == CHECK else (updated_at,)
    declared = History(
        strategy=strategy,
        tracked=tracked if tracked == LISTED else (),
        effective_at="snapshot_at" if strategy == CHECK else "updated_at",
        hard_deletes=deletes,
        named_by=("item_id", "region"),
    )
    columns = (item_key, item_id, region, plan, seats, note, *own_time)
    table = Table(
        name=f"{strategy}_{deletes}_{'listed' if tracked == LISTED else 'all'}",
        layer=Layer.HISTORY,
        grain="one version of one item",
        key=("item_key", "valid_from"),
        columns=(*[column.replace(payload=None) for column in columns], *VERSION_COLUMNS),
        write=declared,
        recompute_by=("item_key",),
        tags=("probe",),
    )
    return Probe(table, Rule(strategy, deletes, tracked))


PROBES = tuple(
    _probe(strategy, deletes, tracked) for strategy in Strategy for deletes in HardDeletes for tracked in (LISTED, ALL)
)


def halved(probes: list[Probe], half: int) -> list[Probe]:
    """Every way with hard deletes once, with listed and all columns by turns; the other half has the others.

    The long form takes all.
    """
    turns = {str(deletes): number for number, deletes in enumerate(HardDeletes)}
    return [p for p in probes if EXAMPLES > 1 or (turns[p.rule.deletes] + (p.rule.tracked == ALL)) % 2 == half]
