"""What was built of it: builds and what they read, the head of each table, and what became of each record."""

from __future__ import annotations

from transforms.contract import FLOAT, INTEGER, VARIANT, Column
from transforms.ops.columns import (
    BUILD_ID,
    LOAD_ID,
    RUN_ID,
    TABLE_NAME,
    count_column,
    declare_ledger,
    text_column,
    time_column,
)

BUILDS = declare_ledger(
    "builds",
    "one write of one table",
    ("build_id",),
    BUILD_ID,
    RUN_ID,
    TABLE_NAME,
    text_column("mode", "incremental, full_refresh, backfill or rewind", nullable=False),
    count_column("rows_inserted", "rows inserted"),
    count_column("rows_updated", "rows changed"),
    count_column("rows_deleted", "rows deleted"),
    Column("seconds", FLOAT, "duration of build and write"),
    time_column("built_at", "when it was committed"),
)

CONSUMPTIONS = declare_ledger(
    "consumptions",
    "one batch of one input read by one table",
    ("table_name", "input_table", "batch_id"),
    TABLE_NAME,
    text_column("input_table", "the table that was read", nullable=False),
    text_column("batch_id", "load (of a raw input) or build that is consumed", nullable=False),
    BUILD_ID,
)

HEADS = declare_ledger(
    "heads",
    "the newest build of one table, and what it was built with",
    ("table_name",),
    TABLE_NAME,
    text_column("build_id", "newest build; NULL before the first"),
    text_column("parameters", "parameters of that build; others mean that the table is rebuilt"),
    text_column("contract_hash", "hash of the columns of that build; another means that the table is rebuilt"),
)

QUARANTINE = declare_ledger(
    "quarantine",
    "one record refused by one table",
    ("quarantine_id",),
    text_column("quarantine_id", "hash of table, source file, source row and rule", nullable=False),
    TABLE_NAME,
    text_column("rule", "the first rule that the record breaks", nullable=False),
    text_column("reason", "why, in words", nullable=False),
    Column("record", VARIANT, "the record as the source sent it"),
    text_column("source_file", "landing file", nullable=False),
    Column("source_row", INTEGER, "row in the landing file, from 1", nullable=False),
    LOAD_ID,
    time_column("quarantined_at", "when it was refused"),
)

DISPLACED = declare_ledger(
    "displaced",
    "one group that rows left because a build deleted or moved them",
    ("table_name", "build_id", "group_hash"),
    TABLE_NAME,
    BUILD_ID,
    text_column("group_hash", "hash of row_before", nullable=False),
    Column("row_before", VARIANT, "the columns by which later tables group, as they were", nullable=False),
)

RECONCILIATION = declare_ledger(
    "reconciliation",
    "change of one load's account in one table by one build; sums per load are the account",
    ("table_name", "load_id", "build_id"),
    TABLE_NAME,
    LOAD_ID,
    BUILD_ID,
    Column("raw_rows", INTEGER, "records read from RAW", nullable=False),
    Column("staged_rows", INTEGER, "records now in the table", nullable=False),
    Column("quarantined_rows", INTEGER, "records refused", nullable=False),
    Column("superseded_rows", INTEGER, "records that lost to a newer or equal one of their key", nullable=False),
    time_column("reconciled_at", "when it was committed"),
)
