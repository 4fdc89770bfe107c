"""Users that Amplitude merged, as its exports to a bucket tell: from when on an amplitude_id is another one.

Grain    one merge in one export of it
Key      _source_file, _source_row
Source   landing files amplitude/merged_ids
Units    nothing is interpreted; _snapshot_at is the file's time, UTC
Rerun    a landing file loads once; rows are never changed or deleted
Gaps     the Export API does not tell merges; a file lists some of them: absence says nothing
"""

from transforms.raw import declare_source_table

TABLE = declare_source_table(
    "amplitude/merged_ids",
    grain="one merge in one export of it",
    fields="amplitude_id merged_amplitude_id merge_event_time merge_server_time merge_time scope",
)
