"""Samples of live streams as messages of a Kafka topic.

Grain    one message of the topic
Key      _source_file, _source_row
Source   landing files kafka/samples; (_incarnation, _partition, _offset) of RECORD is unique too
Units    nothing is interpreted; _snapshot_at is when the batch was read, UTC
Rerun    a message loads once, whoever reads it again (OPS.STREAM_POSITIONS)
Gaps     messages that the topic dropped before they were read (retention, compaction) are told as a gap of offsets
"""

from transforms.raw import declare_source_table

TABLE = declare_source_table(
    "kafka/samples",
    name="raw_stream_samples",
    grain="one message of the topic",
    fields="""
        timestamp stream_id user_id user_login user_name game_id game_name title viewer_count started_at language
        is_narrowed _topic _partition _offset _incarnation _message_at _key _fault _message
    """,
)
