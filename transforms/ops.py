"""The ledgers: what was polled, delivered, exported, loaded, built, consumed, refused, checked, published, prepared.

Append only, except HEADS, which has one row a table: every build exchanges it for its own, so that two builds of one
table at once cannot both do so.

A reader who wants to know where a row came from walks them backwards: `_build_id` names a row of BUILDS, CONSUMPTIONS
the loads that this build read, LOADS the landing file, POLLS the poll that wrote it, DELIVERIES the file that was
delivered or EXPORT_HOURS the hour that was exported.
"""

from __future__ import annotations

from transforms.contract import BOOLEAN, FLOAT, INTEGER, TEXT, TIMESTAMP, VARIANT, Append, Column, Layer, Table


def _ledger(name: str, grain: str, key: tuple[str, ...], *columns: Column) -> Table:
    return Table(name=name, layer=Layer.OPS, grain=grain, key=key, columns=columns, write=Append(), tags=("ops",))


def _text(name: str, description: str, *, nullable: bool = True) -> Column:
    return Column(name, TEXT, description, nullable=nullable)


def _count(name: str, description: str) -> Column:
    return Column(name, INTEGER, description, nullable=False)


def _time(name: str, description: str, *, nullable: bool = False) -> Column:
    return Column(name, TIMESTAMP, description, nullable=nullable)


_build_id = _text("build_id", "one write of one table", nullable=False)
_load_id = _text("load_id", "one landing file in one raw table", nullable=False)
_run_id = _text("run_id", "one run of a flow")
_table_name = _text("table_name", "table, without its schema", nullable=False)

POLLS = _ledger(
    "polls",
    "one listing of one entity by one poll",
    ("poll_id",),
    _text("poll_id", "hash of source, entity, snapshot_at", nullable=False),
    _text("source", "e.g. twitch", nullable=False),
    _text("entity", "e.g. streams", nullable=False),
    _time("snapshot_at", "when the source was observed"),
    Column("requested", INTEGER, "rows or ids asked for; NULL where all were"),
    _count("pages", "pages read"),
    _count("rows_received", "records received, repeats included"),
    _count("distinct_rows", "distinct ids received"),
    _count("missing_ids", "ids asked for that did not come back"),
    _count("restarts", "times the listing was begun again"),
    _text("ended", "complete, empty, looped, refused, capped or failed", nullable=False),
    _text("note", "what happened, in words"),
    _time("recorded_at", "when this row was written"),
)

LOADS = _ledger(
    "loads",
    "one landing file in one raw table",
    ("load_id",),
    _load_id,
    _table_name,
    _text("source_file", "path of the landing file on the stage", nullable=False),
    _text("content_hash", "hash of the file's uncompressed content", nullable=False),
    _time("snapshot_at", "when the source was observed"),
    _count("rows_parsed", "records in the file"),
    _count("rows_loaded", "records now in RAW"),
    _count("rows_rejected", "lines that are no record"),
    _time("loaded_at", "when it was loaded"),
)

DELIVERIES = _ledger(
    "deliveries",
    "one delivered file as it was read; the same file is not read again",
    ("delivery_id",),
    _text("delivery_id", "hash of source, path, size, version, snapshot_at and encoding", nullable=False),
    _text("source", "e.g. billing", nullable=False),
    _text("file_path", "where it was delivered, without secrets", nullable=False),
    Column("size_bytes", INTEGER, "its size, where its place states it"),
    _text("file_version", "its tag, or its modification time", nullable=False),
    _time("snapshot_at", "when the source was observed"),
    _text("status", "landed, loaded before (same records as an earlier file) or empty", nullable=False),
    _count("rows_landed", "records landed from it"),
    Column("landed_files", VARIANT, "its landing files"),
    _time("read_at", "when it was read"),
)

EXPORT_HOURS = _ledger(
    "export_hours",
    "one state of one hour of a source that is exported by the hour; the newest state is the hour's",
    ("source", "project", "hour_at", "asked_at"),
    _text("source", "e.g. amplitude", nullable=False),
    _text("project", "what is exported, e.g. amplitude.com/5f0c92aa: host and fingerprint of its key", nullable=False),
    _time("hour_at", "begin of the hour in which the source took the records, UTC"),
    _time("asked_at", "when the source was asked for it, UTC"),
    Column(
        "state",
        TEXT,
        "landed; empty; too_large: more than one request gives; refused: broken each time; pending: to ask again",
        nullable=False,
        accepted=("empty", "landed", "pending", "refused", "too_large"),
    ),
    _count("files", "files of the hour in the archive"),
    _count("events", "records landed, lines that are no record included"),
    Column("bytes", INTEGER, "size of the hour's records, unpacked", nullable=False),
    _count("attempts", "how often the hour was asked for"),
    _text("landed_file", "its landing file; the row counts only while that is there or loaded"),
    _text("note", "what happened, in words"),
)

BUILDS = _ledger(
    "builds",
    "one write of one table",
    ("build_id",),
    _build_id,
    _run_id,
    _table_name,
    _text("mode", "incremental, full_refresh, backfill or rewind", nullable=False),
    _count("rows_inserted", "rows inserted"),
    _count("rows_updated", "rows changed"),
    _count("rows_deleted", "rows deleted"),
    Column("seconds", FLOAT, "duration of build and write"),
    _time("built_at", "when it was committed"),
)

CONSUMPTIONS = _ledger(
    "consumptions",
    "one batch of one input read by one table",
    ("table_name", "input_table", "batch_id"),
    _table_name,
    _text("input_table", "the table that was read", nullable=False),
    _text("batch_id", "load (of a raw input) or build that is consumed", nullable=False),
    _build_id,
)

QUARANTINE = _ledger(
    "quarantine",
    "one record refused by one table",
    ("quarantine_id",),
    _text("quarantine_id", "hash of table, source file, source row and rule", nullable=False),
    _table_name,
    _text("rule", "the first rule that the record breaks", nullable=False),
    _text("reason", "why, in words", nullable=False),
    Column("record", VARIANT, "the record as the source sent it"),
    _text("source_file", "landing file", nullable=False),
    Column("source_row", INTEGER, "row in the landing file, from 1", nullable=False),
    _load_id,
    _time("quarantined_at", "when it was refused"),
)

DISPLACED = _ledger(
    "displaced",
    "one group that rows left because a build deleted or moved them",
    ("table_name", "build_id", "group_hash"),
    _table_name,
    _build_id,
    _text("group_hash", "hash of row_before", nullable=False),
    Column("row_before", VARIANT, "the columns by which later tables group, as they were", nullable=False),
)

HEADS = _ledger(
    "heads",
    "the newest build of one table, and what it was built with",
    ("table_name",),
    _table_name,
    _text("build_id", "newest build; NULL before the first"),
    _text("parameters", "parameters of that build; others mean that the table is rebuilt"),
    _text("contract_hash", "hash of the columns of that build; another means that the table is rebuilt"),
)

REDRIVES = _ledger(
    "redrives",
    "one quarantined record that was repaired and loaded again",
    ("quarantine_id",),
    _text("quarantine_id", "the repaired row of QUARANTINE", nullable=False),
    _load_id,
    _time("redriven_at", "when it was loaded again"),
)

RECONCILIATION = _ledger(
    "reconciliation",
    "change of one load's account in one table by one build; sums per load are the account",
    ("table_name", "load_id", "build_id"),
    _table_name,
    _load_id,
    _build_id,
    Column("raw_rows", INTEGER, "records read from RAW", nullable=False),
    Column("staged_rows", INTEGER, "records now in the table", nullable=False),
    Column("quarantined_rows", INTEGER, "records refused", nullable=False),
    Column("superseded_rows", INTEGER, "records that lost to a newer or equal one of their key", nullable=False),
    _time("reconciled_at", "when it was committed"),
)

VALIDATION_RESULTS = _ledger(
    "validation_results",
    "one rule checked on one table in one run",
    ("run_id", "table_name", "rule"),
    _run_id.replace(nullable=False),
    _text("layer", "schema of the table", nullable=False),
    _table_name,
    _text("rule", "what must be true", nullable=False),
    _text("severity", "critical or warning", nullable=False),
    Column("success", BOOLEAN, "whether it held", nullable=False),
    _text("observed", "what was found"),
    _text("scope", "batch: rows written by the run; full: whole table", nullable=False),
    _time("validated_at", "when the check began"),
    Column("batches", VARIANT, "loads or builds whose rows were checked, on one row of each table and run"),
)

SCHEMA_DRIFT = _ledger(
    "schema_drift",
    "one unknown field of one raw table, when first seen",
    ("table_name", "field"),
    _table_name,
    _text("field", "field of RECORD that the contract does not know", nullable=False),
    _load_id,
    _count("rows_seen", "records that had it in the load where it was first seen"),
    _time("seen_at", "when it was noticed"),
)

PUBLICATIONS = _ledger(
    "publications",
    "one state of one attempt to publish one activity at one destination; the newest state is the activity's",
    ("destination", "activity_id", "attempt", "status"),
    _text(
        "destination", "where it is published, e.g. api2.amplitude.com/5f0c92aa: host and fingerprint", nullable=False
    ),
    _text("activity_id", "row of an activity stream", nullable=False),
    Column("attempt", INTEGER, "from 1; a released or rejected activity may be tried again", nullable=False, minimum=1),
    Column(
        "status",
        TEXT,
        "pending: about to be sent, outcome unknown; then sent, rejected, or released: surely not taken, still to send",
        nullable=False,
        accepted=("pending", "released", "rejected", "sent"),
    ),
    _text("activity", "name of the activity", nullable=False),
    Column("event", VARIANT, "the event as it is sent, in the pending row only; a resend sends the same"),
    _text("reason", "why it was rejected or released"),
    _run_id,
    _time("recorded_at", "when this row was written"),
)

RUNS = _ledger(
    "runs",
    "one run of a flow",
    ("run_id",),
    _run_id.replace(nullable=False),
    _text("flow", "name of the flow", nullable=False),
    _text("state", "completed, failed or refused", nullable=False),
    _time("started_at", "when it began"),
    _time("ended_at", "when it ended"),
    _text("summary", "what it did, in words"),
    Column("costs", VARIANT, "statements and seconds of each step and table, but for the writing of this row"),
)

VERSIONS = _ledger(
    "versions",
    "one version of the scripts and contracts that the warehouse was prepared for",
    ("version",),
    _text("version", "hash of the scripts and of every table as it is declared", nullable=False),
    _time("applied_at", "when everything was in place for it"),
)

LEDGERS = (
    VERSIONS,
    POLLS,
    LOADS,
    DELIVERIES,
    EXPORT_HOURS,
    BUILDS,
    CONSUMPTIONS,
    DISPLACED,
    HEADS,
    QUARANTINE,
    REDRIVES,
    RECONCILIATION,
    VALIDATION_RESULTS,
    SCHEMA_DRIFT,
    PUBLICATIONS,
    RUNS,
)
