"""Users that Amplitude merged: one row per merge in one delivery.

Grain    one merge of one amplitude_id, made at one time, in one delivery
Key      amplitude_id, merged_at, snapshot_at
Source   raw_amplitude_merged_ids
Payload  RECORD: amplitude_id, merged_amplitude_id, merge_event_time or merge_time or merge_server_time, scope
Units    every *_at is UTC without zone; files of a bucket give milliseconds since 1970
Rerun    a record replaces another of its key only if it is strictly greater by filled fields, then by its values
Gaps     without it a merge counts as made when Amplitude's server took it, else when it was delivered
"""

from __future__ import annotations

from transforms import columns
from transforms.contract import TEXT, TIMESTAMP, Column, MergeOnKey, Table, locate_table
from transforms.functions import DataFrame, coalesce, col
from transforms.staging import amplitude_columns as amplitude
from transforms.staging.parsing import parse

TABLE = Table(
    *locate_table(__name__),
    grain="one merge of one amplitude_id, made at one time, in one delivery",
    key=("amplitude_id", "merged_at", "snapshot_at"),
    write=MergeOnKey(),
    cluster_by="snapshot_at",
    revision=3,
    tags=("amplitude",),
    columns=(
        amplitude.amplitude_id.replace(description="user that was", payload="amplitude_id"),
        amplitude.merged_amplitude_id.replace(description="user that it is now", payload="merged_amplitude_id"),
        Column("merged_at", TIMESTAMP, "when it was merged, UTC", nullable=False),
        columns.snapshot_at,
        Column(
            "stated_merge_at",
            TIMESTAMP,
            "when it was merged, as the file states it",
            payload="merge_event_time",
            formerly=("merge_time", "merge_server_time"),
        ),
        Column("project_id", TEXT, "Amplitude's number of the project", payload="scope", empty_is_null=True),
    ),
)


def build(raw_amplitude_merged_ids: DataFrame) -> DataFrame:
    """Read the records, typed."""
    parsed = parse(raw_amplitude_merged_ids, TABLE)
    return TABLE.select(parsed.select("*", coalesce(col("stated_merge_at"), col("snapshot_at")).alias("merged_at")))
