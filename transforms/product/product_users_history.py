"""What users of the product were over time: the tracked user properties, as events told them.

Grain    one version of one amplitude_id
Key      amplitude_key, valid_from
Source   stg_amplitude_events
Units    every time is UTC without zone; a version holds in [valid_from, valid_to)
Rerun    recomputes the users that new events name; late uploads are spliced in at the time at which they happened
Gaps     users are as Amplitude knew them when the events came: int_amplitude_merges says who they are today; an event
         that tells none of the properties says nothing
"""

from __future__ import annotations

from transforms import columns
from transforms.contract import TEXT, VERSION_COLUMNS, Column, History, Strategy, Table, locate_table
from transforms.functions import DataFrame, col, lit, object_construct, to_json, to_variant
from transforms.staging import amplitude_columns as amplitude

TABLE = Table(
    *locate_table(__name__),
    grain="one version of one amplitude_id",
    key=("amplitude_key", "valid_from"),
    write=History(
        strategy=Strategy.CHECK,
        tracked=("tracked_properties",),
        effective_at="happened_at",
        observed_at="happened_at",
        newest_by=("uploaded_at", "event_id", "event_key"),
        named_by=("amplitude_id",),
    ),
    recompute_by=("amplitude_key",),
    cluster_by="valid_from",
    tags=("amplitude",),
    columns=(
        Column("amplitude_key", TEXT, "hash of (platform, amplitude_id)", nullable=False),
        columns.platform,
        amplitude.amplitude_id,
        amplitude.known_user_id,
        Column("tracked_properties", TEXT, "the tracked user properties that events told: JSON, in order of the names"),
        amplitude.country,
        amplitude.language,
        *VERSION_COLUMNS,
    ),
)


def build(stg_amplitude_events: DataFrame, *, tracked_properties: tuple[str, ...]) -> DataFrame:
    """Observe the tracked properties of the user of every event that tells one of them."""
    pairs = [part for name in sorted(tracked_properties) for part in (lit(name), col("user_properties")[name])]
    told = to_json(to_variant(object_construct(*pairs)))  # leaves out what is NULL
    observed = stg_amplitude_events.select("*", told.alias("tracked_properties"))
    return TABLE.observe(observed.filter(col("tracked_properties") != lit("{}")))
