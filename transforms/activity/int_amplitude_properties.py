"""The properties of each Amplitude event type: the key set that its activity carries.

Grain    one property of one event type; the type itself is the row with property ''
Key      event_type, property
Source   stg_amplitude_events
Units    names as apps send them
Rerun    adds what new events tell to what is stored; recomputes the types that changed events touch
Gaps     types named as activities of our own are left out: they are what was published, coming back
"""

from __future__ import annotations

from transforms.activity.definitions.registry import list_known_activities
from transforms.contract import TEXT, Column, MergeOnKey, Table, locate_table
from transforms.functions import DataFrame, Expression, col, lit
from transforms.staging import amplitude_columns as amplitude

TYPE_ITSELF = ""

TABLE = Table(
    *locate_table(__name__),
    grain="one property of one event type",
    key=("event_type", "property"),
    write=MergeOnKey(),
    recompute_by=("event_type",),
    tags=("activity", "amplitude"),
    columns=(
        amplitude.event_type,
        Column("property", TEXT, "its name, as apps send it; '' is the type itself", nullable=False),
    ),
)


def is_foreign() -> Expression:
    """Condition: the event is not one of our own activities, which was published and comes back."""
    return ~col("event_type").in_(*[lit(name) for name in list_known_activities()])


MATTERS = {"stg_amplitude_events": is_foreign}


def build(stg_amplitude_events: DataFrame) -> DataFrame:
    """Take each type, and each property that an event of it tells, once."""
    events = stg_amplitude_events.filter(is_foreign())
    types = events.select("event_type", lit(TYPE_ITSELF).cast(TEXT).alias("property"))
    each = events.select("event_type", "event_properties").join_table_function("flatten", col("event_properties"))
    named = each.select("event_type", col("key").cast(TEXT).alias("property"))
    told = named.filter(col("property").is_not_null() & (col("property") != lit(TYPE_ITSELF)))
    return combine(types.union_all(told))


def combine(named: DataFrame) -> DataFrame:
    """Take each once, stored or new."""
    return TABLE.select(named.distinct())
