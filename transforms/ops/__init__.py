"""The ledgers: what was polled, delivered, exported, loaded, built, consumed, refused, checked, published and told.

Append only, except HEADS, which has one row a table: every build exchanges it for its own, so that two builds of one
table at once cannot both do so.

A reader who wants to know where a row came from walks them backwards: `_build_id` names a row of BUILDS, CONSUMPTIONS
the loads that this build read, LOADS the landing file, POLLS the poll that wrote it, DELIVERIES the file that was
delivered or EXPORT_HOURS the hour that was exported.
"""

from transforms.contract import BOOLEAN, FLOAT, INTEGER, VARIANT, Column
from transforms.ops.columns import (
    BUILD_ID,
    LOAD_ID,
    RUN_ID,
    TABLE_NAME,
    count_column,
    declare_ledger,
    name_column,
    text_column,
    time_column,
)

# What came in: polls, delivered files, exported hours, positions of a topic, loads, and what was loaded again.
POLLS = declare_ledger(
    "polls",
    "one listing of one entity by one poll",
    ("poll_id",),
    name_column("poll_id", "hash of source, entity, snapshot_at"),
    name_column("source", "e.g. twitch"),
    name_column("entity", "e.g. streams"),
    time_column("snapshot_at", "when the source was observed"),
    Column("requested", INTEGER, "rows or ids asked for; NULL where all were"),
    count_column("pages", "pages read"),
    count_column("rows_received", "records received, repeats included"),
    count_column("distinct_rows", "distinct ids received"),
    count_column("missing_ids", "ids asked for that did not come back"),
    count_column("restarts", "times the listing was begun again"),
    name_column("ended", "complete, empty, looped, refused, capped or failed"),
    text_column("note", "what happened, in words"),
    time_column("recorded_at", "when this row was written"),
)

DELIVERIES = declare_ledger(
    "deliveries",
    "one delivered file as it was read; the same file is not read again",
    ("delivery_id",),
    name_column("delivery_id", "hash of source, path, size, version, snapshot_at and encoding"),
    name_column("source", "e.g. billing"),
    name_column("file_path", "where it was delivered, without secrets"),
    Column("size_bytes", INTEGER, "its size, where its place states it"),
    name_column("file_version", "its tag, or its modification time"),
    time_column("snapshot_at", "when the source was observed"),
    name_column("status", "landed, loaded before (same records as an earlier file) or empty"),
    count_column("rows_landed", "records landed from it"),
    Column("landed_files", VARIANT, "its landing files"),
    time_column("read_at", "when it was read"),
)

EXPORT_HOURS = declare_ledger(
    "export_hours",
    "one state of one hour of a source that is exported by the hour; the newest state is the hour's",
    ("source", "project", "hour_at", "asked_at"),
    name_column("source", "e.g. amplitude"),
    name_column("project", "what is exported, e.g. amplitude.com/5f0c92aa: host and fingerprint of its key"),
    time_column("hour_at", "begin of the hour in which the source took the records, UTC"),
    time_column("asked_at", "when the source was asked for it, UTC"),
    name_column(
        "state",
        "landed; empty; too_large: more than one request gives; refused: broken each time; pending: to ask again",
        accepted=("empty", "landed", "pending", "refused", "too_large"),
    ),
    count_column("files", "files of the hour in the archive"),
    count_column("events", "records landed, lines that are no record included"),
    Column("bytes", INTEGER, "size of the hour's records, unpacked", nullable=False),
    count_column("attempts", "how often the hour was asked for"),
    text_column("landed_file", "its landing file; the row counts only while that is there or loaded"),
    text_column("note", "what happened, in words"),
)

STREAM_POSITIONS = declare_ledger(
    "stream_positions",
    "one partition of one batch of messages that was loaded",
    ("load_id", "incarnation", "partition_number"),
    LOAD_ID,
    name_column("topic", "topic of the broker"),
    name_column("incarnation", "which topic of that name: one that was made anew begins at 0 again"),
    count_column("partition_number", "partition of the topic"),
    count_column("first_offset", "first message of the batch"),
    count_column("last_offset", "last message of the batch"),
    count_column("messages", "messages of the batch"),
    count_column("rows_loaded", "of them in RAW as samples"),
    count_column("quarantined", "of them in RAW as no sample: staging refuses them with their position"),
    count_column("repeated", "of them in RAW before; left out"),
    Column("lag", INTEGER, "messages behind the batch when it was read; NULL where nobody asked", minimum=0),
    time_column("recorded_at", "when it was loaded"),
)

LOADS = declare_ledger(
    "loads",
    "one landing file in one raw table",
    ("load_id",),
    LOAD_ID,
    TABLE_NAME,
    name_column("source_file", "path of the landing file on the stage"),
    name_column("content_hash", "hash of the file's uncompressed content"),
    time_column("snapshot_at", "when the source was observed"),
    count_column("rows_parsed", "records in the file"),
    count_column("rows_loaded", "records now in RAW"),
    count_column("rows_rejected", "lines that are no record"),
    time_column("loaded_at", "when it was loaded"),
)

REDRIVES = declare_ledger(
    "redrives",
    "one quarantined record that was repaired and loaded again",
    ("quarantine_id",),
    name_column("quarantine_id", "the repaired row of QUARANTINE"),
    LOAD_ID,
    time_column("redriven_at", "when it was loaded again"),
)

# What was built of it: builds and what they read, the head of each table, and what became of each record.
BUILDS = declare_ledger(
    "builds",
    "one write of one table",
    ("build_id",),
    BUILD_ID,
    RUN_ID,
    TABLE_NAME,
    name_column("mode", "incremental, full_refresh, backfill or rewind"),
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
    name_column("input_table", "the table that was read"),
    name_column("batch_id", "load (of a raw input) or build that is consumed"),
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
    name_column("quarantine_id", "hash of table, source file, source row and rule"),
    TABLE_NAME,
    name_column("rule", "the first rule that the record breaks"),
    name_column("reason", "why, in words"),
    Column("record", VARIANT, "the record as the source sent it"),
    name_column("source_file", "landing file"),
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
    name_column("group_hash", "hash of row_before"),
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

# What runs did besides: results of checks, drift of schemas, what was published and told, and what was prepared.
RUNS = declare_ledger(
    "runs",
    "one run of a flow",
    ("run_id",),
    RUN_ID.replace(nullable=False),
    name_column("flow", "name of the flow"),
    name_column("state", "completed, failed or refused"),
    time_column("started_at", "when it began"),
    time_column("ended_at", "when it ended"),
    text_column("summary", "what it did, in words"),
    Column("costs", VARIANT, "statements and seconds of each step and table, but for the writing of this row"),
)

VALIDATION_RESULTS = declare_ledger(
    "validation_results",
    "one rule checked on one table in one run",
    ("run_id", "table_name", "rule"),
    RUN_ID.replace(nullable=False),
    name_column("layer", "schema of the table"),
    TABLE_NAME,
    name_column("rule", "what must be true"),
    name_column("severity", "critical or warning"),
    Column("success", BOOLEAN, "whether it held", nullable=False),
    text_column("observed", "what was found"),
    name_column("scope", "batch: rows written by the run; full: whole table"),
    time_column("validated_at", "when the check began"),
    Column("batches", VARIANT, "loads or builds whose rows were checked, on one row of each table and run"),
)

SCHEMA_DRIFT = declare_ledger(
    "schema_drift",
    "one unknown field of one raw table, when first seen",
    ("table_name", "field"),
    TABLE_NAME,
    name_column("field", "field of RECORD that the contract does not know"),
    LOAD_ID,
    count_column("rows_seen", "records that had it in the load where it was first seen"),
    time_column("seen_at", "when it was noticed"),
)

PUBLICATIONS = declare_ledger(
    "publications",
    "one state of one attempt to publish one activity at one destination; the newest state is the activity's",
    ("destination", "activity_id", "attempt", "status"),
    name_column("destination", "where it is published, e.g. api2.amplitude.com/5f0c92aa: host and fingerprint"),
    name_column("activity_id", "row of an activity stream"),
    Column("attempt", INTEGER, "from 1; a released or rejected activity may be tried again", nullable=False, minimum=1),
    name_column(
        "status",
        "pending: about to be sent, outcome unknown; then sent, rejected, or released: surely not taken, still to send",
        accepted=("pending", "released", "rejected", "sent"),
    ),
    name_column("activity", "name of the activity"),
    Column("event", VARIANT, "the event as it is sent, in the pending row only; a resend sends the same"),
    text_column("reason", "why it was rejected or released"),
    RUN_ID,
    time_column("recorded_at", "when this row was written"),
)

ALERTS = declare_ledger(
    "alerts",
    "one state of what is told of one spike; the newest state is what became of it",
    ("spike_key", "kind", "attempt", "state"),
    name_column("spike_key", "episode of mart_viewer_spikes, as it was when the alert was decided"),
    name_column("kind", "spike: it has begun; recovery: it is over", accepted=("recovery", "spike")),
    Column("attempt", INTEGER, "0: decided; from 1: attempts to send it", nullable=False, minimum=0),
    name_column(
        "state",
        "decided: to be told; pending: about to be sent, outcome unknown; then sent, rejected, released: surely not "
        "taken, still to send, or dropped: never to be sent",
        accepted=("decided", "dropped", "pending", "rejected", "released", "sent"),
    ),
    name_column("stream_id", "the broadcast"),
    time_column("spiked_at", "the sample by which it was decided: of late samples the episode may begin earlier"),
    text_column("message_id", "the message that carries it; several alerts of one digest share it"),
    Column("facts", VARIANT, "what the message says, in the decided row only"),
    text_column("reason", "why it was rejected, released or dropped"),
    RUN_ID,
    time_column("recorded_at", "when this row was written"),
)

VERSIONS = declare_ledger(
    "versions",
    "one version of the scripts and contracts that the warehouse was prepared for",
    ("version",),
    name_column("version", "hash of the scripts and of every table as it is declared"),
    time_column("applied_at", "when everything was in place for it"),
)

LEDGERS = (
    *(VERSIONS, POLLS, LOADS, DELIVERIES, EXPORT_HOURS, BUILDS, CONSUMPTIONS, DISPLACED, HEADS, QUARANTINE, REDRIVES),
    *(RECONCILIATION, VALIDATION_RESULTS, SCHEMA_DRIFT, PUBLICATIONS, ALERTS, STREAM_POSITIONS, RUNS),
)
