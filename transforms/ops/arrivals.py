"""What came in: polls, delivered files, exported hours, positions of a topic, loads, and what was loaded again."""

from __future__ import annotations

from transforms.contract import INTEGER, TEXT, VARIANT, Column
from transforms.ops.columns import LOAD_ID, TABLE_NAME, count_column, declare_ledger, text_column, time_column

POLLS = declare_ledger(
    "polls",
    "one listing of one entity by one poll",
    ("poll_id",),
    text_column("poll_id", "hash of source, entity, snapshot_at", nullable=False),
    text_column("source", "e.g. twitch", nullable=False),
    text_column("entity", "e.g. streams", nullable=False),
    time_column("snapshot_at", "when the source was observed"),
    Column("requested", INTEGER, "rows or ids asked for; NULL where all were"),
    count_column("pages", "pages read"),
    count_column("rows_received", "records received, repeats included"),
    count_column("distinct_rows", "distinct ids received"),
    count_column("missing_ids", "ids asked for that did not come back"),
    count_column("restarts", "times the listing was begun again"),
    text_column("ended", "complete, empty, looped, refused, capped or failed", nullable=False),
    text_column("note", "what happened, in words"),
    time_column("recorded_at", "when this row was written"),
)

DELIVERIES = declare_ledger(
    "deliveries",
    "one delivered file as it was read; the same file is not read again",
    ("delivery_id",),
    text_column("delivery_id", "hash of source, path, size, version, snapshot_at and encoding", nullable=False),
    text_column("source", "e.g. billing", nullable=False),
    text_column("file_path", "where it was delivered, without secrets", nullable=False),
    Column("size_bytes", INTEGER, "its size, where its place states it"),
    text_column("file_version", "its tag, or its modification time", nullable=False),
    time_column("snapshot_at", "when the source was observed"),
    text_column("status", "landed, loaded before (same records as an earlier file) or empty", nullable=False),
    count_column("rows_landed", "records landed from it"),
    Column("landed_files", VARIANT, "its landing files"),
    time_column("read_at", "when it was read"),
)

EXPORT_HOURS = declare_ledger(
    "export_hours",
    "one state of one hour of a source that is exported by the hour; the newest state is the hour's",
    ("source", "project", "hour_at", "asked_at"),
    text_column("source", "e.g. amplitude", nullable=False),
    text_column(
        "project", "what is exported, e.g. amplitude.com/5f0c92aa: host and fingerprint of its key", nullable=False
    ),
    time_column("hour_at", "begin of the hour in which the source took the records, UTC"),
    time_column("asked_at", "when the source was asked for it, UTC"),
    Column(
        "state",
        TEXT,
        "landed; empty; too_large: more than one request gives; refused: broken each time; pending: to ask again",
        nullable=False,
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
    text_column("topic", "topic of the broker", nullable=False),
    text_column("incarnation", "which topic of that name: one that was made anew begins at 0 again", nullable=False),
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
    text_column("source_file", "path of the landing file on the stage", nullable=False),
    text_column("content_hash", "hash of the file's uncompressed content", nullable=False),
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
    text_column("quarantine_id", "the repaired row of QUARANTINE", nullable=False),
    LOAD_ID,
    time_column("redriven_at", "when it was loaded again"),
)
