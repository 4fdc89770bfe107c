"""Properties of events in long form: one row per property that an event tells.

Grain    one property of one event
Key      event_key, property
Source   stg_amplitude_events
Units    value is the property's text: JSON for objects and lists
Rerun    builds the properties of new and changed events
Gaps     only the properties of SNOWCAST_PRODUCT_PROPERTIES, all where it is empty; a property that is NULL has no row
"""

from __future__ import annotations

from transforms.contract import FLOAT, TEXT, Column, MergeOnKey, Table, locate_table
from transforms.functions import DataFrame, col, iff, lit, try_cast, typeof
from transforms.staging import amplitude_columns as amplitude

_NUMBERS = ("INTEGER", "DECIMAL", "DOUBLE")

TABLE = Table(
    *locate_table(__name__),
    grain="one property of one event",
    key=("event_key", "property"),
    write=MergeOnKey(),
    recompute_by=("event_key",),
    tags=("amplitude",),
    columns=(
        amplitude.event_key.replace(references="product_events.event_key"),
        Column("property", TEXT, "its name, as the app sent it", nullable=False),
        amplitude.event_type,
        amplitude.happened_at,
        Column("value", TEXT, "its value as text", nullable=False),
        Column("value_number", FLOAT, "its value, where it was sent as a number"),
        Column("value_type", TEXT, "how it was sent: VARCHAR, INTEGER, DECIMAL, DOUBLE, BOOLEAN, OBJECT, ARRAY"),
    ),
)


def build(stg_amplitude_events: DataFrame, *, product_properties: tuple[str, ...]) -> DataFrame:
    """Give each property of an event a row."""
    events = stg_amplitude_events.select("event_key", "event_type", "happened_at", "event_properties")
    each = events.join_table_function("flatten", col("event_properties")).select(
        "event_key",
        "event_type",
        "happened_at",
        col("key").cast(TEXT).alias("property"),
        col("value").cast(TEXT).alias("spelled"),
        typeof(col("value")).alias("value_type"),
    )
    told = each.filter(col("spelled").is_not_null() & col("property").is_not_null())
    if product_properties:
        told = told.filter(col("property").in_(*[lit(name) for name in product_properties]))
    is_number = col("value_type").in_(*[lit(name) for name in _NUMBERS])
    number = iff(is_number, try_cast(col("spelled"), FLOAT), lit(None).cast(FLOAT))
    return TABLE.select(told.select("*", col("spelled").alias("value"), number.alias("value_number")))
