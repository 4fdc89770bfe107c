"""On how many days each user was active in each day, week and month.

Grain    one merged user in one day, week or month with an event
Key      user_key, period, period_start
Source   int_product_user_days
Units    UTC days with an event
Rerun    recomputes the users whose days are new, changed or gone
Gaps     events of a type that is inactive in Amplitude count as well
"""

from __future__ import annotations

from transforms.contract import INTEGER, Column, MergeOnKey, Table, locate_table
from transforms.formulas import periods
from transforms.formulas.frames import union_all
from transforms.functions import DataFrame, col, count_distinct, lit
from transforms.staging import amplitude_columns as amplitude

active_days = Column("active_days", INTEGER, "days with an event", nullable=False, minimum=1, maximum=31)

TABLE = Table(
    *locate_table(__name__),
    grain="one merged user in one day, week or month with an event",
    key=("user_key", "period", "period_start"),
    write=MergeOnKey(),
    recompute_by=("user_key",),
    tags=("amplitude",),
    columns=(amplitude.user_key, periods.period, periods.period_start, active_days),
)


def build(int_product_user_days: DataFrame) -> DataFrame:
    """Count each user's days per period."""
    counted = [
        int_product_user_days.select(
            "user_key",
            "date_day",
            lit(kind).alias("period"),
            periods.period_of(kind, col("date_day")).alias("period_start"),
        )
        for kind in periods.PERIODS
    ]
    per_period = union_all(counted).group_by("user_key", "period", "period_start")
    return TABLE.select(per_period.agg(count_distinct("date_day").alias("active_days")))
