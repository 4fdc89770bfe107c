"""Amplitude's event types as its events list named them.

Grain    one event type in one list
Key      _source_file, _source_row
Source   landing files amplitude/event_types
Units    nothing is interpreted; _snapshot_at is when the list was asked for, UTC; totals are of the week so far
Rerun    a landing file loads once; rows are never changed or deleted
Gaps     asked once a day; a type that is gone from the list stays in what is built from it
"""

from transforms.raw import declare_source_table

TABLE = declare_source_table(
    "amplitude/event_types",
    grain="one event type in one list",
    fields="""
        id name value display totals totals_delta autohidden clusters_hidden deleted flow_hidden hidden in_waitroom
        non_active prevent_all timeline_hidden waitroom_approved
    """,
)
