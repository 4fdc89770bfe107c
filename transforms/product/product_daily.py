"""Product events by type and day, without a day left out.

Grain    one event type on one UTC day, from the first day of the type to the newest day of any
Key      event_type, date_day
Source   int_product_days
Units    counts of events, distinct merged users, of them new ones, and sessions
Rerun    replaced whole, from one row per type and day
Gaps     zeros on days without such an event; users of several types count in each, so types do not add up
"""

from __future__ import annotations

from transforms import columns
from transforms.contract import INTEGER, Replace, Table, locate_table
from transforms.formulas.periods import in_each_period
from transforms.functions import DataFrame, coalesce, col, lit, max, min
from transforms.product.int_product_days import MEASURES
from transforms.staging import amplitude_columns as amplitude

TABLE = Table(
    *locate_table(__name__),
    grain="one event type on one UTC day",
    key=("event_type", "date_day"),
    write=Replace(),
    tags=("amplitude",),
    columns=(amplitude.event_type.replace(references="product_event_types.event_type"), columns.date_day, *MEASURES),
)


def build(int_product_days: DataFrame) -> DataFrame:
    """Put zeros where a type has no event."""
    newest = int_product_days.agg(max("date_day").alias("newest_day"))
    types = int_product_days.group_by("event_type").agg(min("date_day").alias("first_day"))
    spans = types.cross_join(newest).select("*", lit("day").alias("period"))
    days = in_each_period(spans, ("event_type",), col("first_day"), col("newest_day"))
    spine = days.select(col("event_type").alias("type_of_row"), col("period_start").alias("day_of_row"))
    is_same = (col("event_type") == col("type_of_row")) & (col("date_day") == col("day_of_row"))
    filled = spine.join(int_product_days, on=is_same, how="left").select(
        col("type_of_row").alias("event_type"),
        col("day_of_row").alias("date_day"),
        *[coalesce(col(one.name), lit(0)).cast(INTEGER).alias(one.name) for one in MEASURES],
    )
    return TABLE.select(filled)
