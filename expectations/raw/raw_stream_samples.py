"""Business rules of raw_stream_samples."""

from expectations.rules.rule import Computed, Lookup, critical, warning

_POSITION = "t.record['_incarnation']::text, t.record['_partition']::integer, t.record['_offset']::integer"
_PARTITION = "incarnation, partition_number"
# One batch of one partition beside the batches of that partition before it.
_BATCH = Lookup(
    "batch",
    "select load_id, incarnation, partition_number, first_offset, last_offset, messages, rows_loaded, quarantined, "
    f"repeated, max(last_offset) over (partition by {_PARTITION} order by first_offset "
    "rows between unbounded preceding and 1 preceding) as read_until from {stream_positions}",
    ("first_offset", "last_offset", "messages", "rows_loaded", "quarantined", "repeated", "read_until"),
    "batch.load_id = t._load_id and batch.incarnation = t.record['_incarnation']::text "
    "and batch.partition_number = t.record['_partition']::integer",
)
_BATCH_ROWS = Computed(
    "_batch_rows",
    "count(*) over (partition by t._load_id, t.record['_incarnation']::text, t.record['_partition']::integer)",
)

RULES = (
    critical(
        "a message is loaded once",
        "_position_rows > 1",
        "(incarnation, partition, offset) names a message; twice in RAW it was read again and not recognised",
        *("record['_partition']", "record['_offset']"),
        Computed("_position_rows", f"count(*) over (partition by {_POSITION})"),
    ),
    critical(
        "messages are rows, quarantined or repeated, per batch and partition",
        "batch_messages is null or batch_messages <> batch_rows_loaded + batch_quarantined + batch_repeated "
        "or _batch_rows <> batch_rows_loaded + batch_quarantined",
        "a message was lost between topic and RAW, or loaded past OPS.STREAM_POSITIONS: it would be read again",
        *("record['_partition']", "_batch_rows", "batch_messages", "batch_rows_loaded", "batch_quarantined"),
        _BATCH,
        _BATCH_ROWS,
    ),
    warning(
        "a batch goes on where the one before it ended",
        "record['_offset']::integer = batch_first_offset and (batch_first_offset > batch_read_until + 1 "
        "or batch_last_offset - batch_first_offset + 1 > batch_messages)",
        "offsets between were never read: the topic's retention or compaction removed them, or they are marks "
        "of transactions, which are no messages",
        *("record['_partition']", "batch_read_until", "batch_first_offset", "batch_last_offset", _BATCH),
    ),
    warning(
        "every message is a sample",
        "record['_fault'] is not null",
        "staging quarantines it with its position; ask who produces into the topic",
        *("record['_partition']", "record['_offset']", "record['_fault']"),
    ),
)
