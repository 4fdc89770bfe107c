"""What runs did besides: results of checks, drift of schemas, what was published and told, and what was prepared."""

from __future__ import annotations

from transforms.contract import BOOLEAN, INTEGER, TEXT, VARIANT, Column
from transforms.ops.columns import LOAD_ID, RUN_ID, TABLE_NAME, count_column, declare_ledger, text_column, time_column

RUNS = declare_ledger(
    "runs",
    "one run of a flow",
    ("run_id",),
    RUN_ID.replace(nullable=False),
    text_column("flow", "name of the flow", nullable=False),
    text_column("state", "completed, failed or refused", nullable=False),
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
    text_column("layer", "schema of the table", nullable=False),
    TABLE_NAME,
    text_column("rule", "what must be true", nullable=False),
    text_column("severity", "critical or warning", nullable=False),
    Column("success", BOOLEAN, "whether it held", nullable=False),
    text_column("observed", "what was found"),
    text_column("scope", "batch: rows written by the run; full: whole table", nullable=False),
    time_column("validated_at", "when the check began"),
    Column("batches", VARIANT, "loads or builds whose rows were checked, on one row of each table and run"),
)

SCHEMA_DRIFT = declare_ledger(
    "schema_drift",
    "one unknown field of one raw table, when first seen",
    ("table_name", "field"),
    TABLE_NAME,
    text_column("field", "field of RECORD that the contract does not know", nullable=False),
    LOAD_ID,
    count_column("rows_seen", "records that had it in the load where it was first seen"),
    time_column("seen_at", "when it was noticed"),
)

PUBLICATIONS = declare_ledger(
    "publications",
    "one state of one attempt to publish one activity at one destination; the newest state is the activity's",
    ("destination", "activity_id", "attempt", "status"),
    text_column(
        "destination", "where it is published, e.g. api2.amplitude.com/5f0c92aa: host and fingerprint", nullable=False
    ),
    text_column("activity_id", "row of an activity stream", nullable=False),
    Column("attempt", INTEGER, "from 1; a released or rejected activity may be tried again", nullable=False, minimum=1),
    Column(
        "status",
        TEXT,
        "pending: about to be sent, outcome unknown; then sent, rejected, or released: surely not taken, still to send",
        nullable=False,
        accepted=("pending", "released", "rejected", "sent"),
    ),
    text_column("activity", "name of the activity", nullable=False),
    Column("event", VARIANT, "the event as it is sent, in the pending row only; a resend sends the same"),
    text_column("reason", "why it was rejected or released"),
    RUN_ID,
    time_column("recorded_at", "when this row was written"),
)

ALERTS = declare_ledger(
    "alerts",
    "one state of what is told of one spike; the newest state is what became of it",
    ("spike_key", "kind", "attempt", "state"),
    text_column("spike_key", "episode of mart_viewer_spikes, as it was when the alert was decided", nullable=False),
    Column("kind", TEXT, "spike: it has begun; recovery: it is over", nullable=False, accepted=("recovery", "spike")),
    Column("attempt", INTEGER, "0: decided; from 1: attempts to send it", nullable=False, minimum=0),
    Column(
        "state",
        TEXT,
        "decided: to be told; pending: about to be sent, outcome unknown; then sent, rejected, released: surely not "
        "taken, still to send, or dropped: never to be sent",
        nullable=False,
        accepted=("decided", "dropped", "pending", "rejected", "released", "sent"),
    ),
    text_column("stream_id", "the broadcast", nullable=False),
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
    text_column("version", "hash of the scripts and of every table as it is declared", nullable=False),
    time_column("applied_at", "when everything was in place for it"),
)
