"""Retention: of the customers who began together, how many came back, and how many streams they made.

Grain    one cohort (customers of a kind whose first act is in one day, week or month) at one age
Key      customer_kind, period, cohort_start, age
Source   int_customer_periods
Units    age in periods since cohort_start; customer_count in distinct customers, retention_rate is its share of all
Rerun    replaced whole: it grows with cohorts x ages, not with activities
Gaps     in a period that is not over (no data of a later day yet) what is measured is NULL, and cohort_size is what is
         known so far; a period that is over and in which nobody came back has 0
"""

from __future__ import annotations

from transforms.contract import DATE, FLOAT, INTEGER, Column, Replace, Table, locate_table
from transforms.formulas import periods
from transforms.formulas.frames import have_same, null_of
from transforms.functions import DataFrame, Expression, coalesce, col, count, iff, lit, sum
from transforms.marts.int_customer_periods import activity_count, customer_kind, stream_count

TABLE = Table(
    *locate_table(__name__),
    grain="one cohort at one age",
    key=("customer_kind", "period", "cohort_start", "age"),
    write=Replace(),
    tags=("growth",),
    columns=(
        customer_kind,
        periods.period,
        Column("cohort_start", DATE, "first day of the period with the customers' first act", nullable=False),
        Column("age", INTEGER, "periods since the first one, which is 0", nullable=False, minimum=0),
        periods.period_start.replace(description="first day of the period that is looked at"),
        Column("cohort_size", INTEGER, "customers of the cohort", nullable=False, minimum=1),
        Column("customer_count", INTEGER, "those with an act in the period; NULL until it is over", minimum=0),
        Column("retention_rate", FLOAT, "customer_count / cohort_size", minimum=0, maximum=1),
        stream_count.replace(
            description="streams that the cohort began in the period; NULL until it is over, and for viewers"
        ),
        activity_count.replace(
            nullable=True, minimum=0, description="acts of the cohort in the period; NULL until it is over"
        ),
    ),
)

_COHORT = ("customer_kind", "period", "cohort_start")
_CELL = (*_COHORT, "period_start")


def build(int_customer_periods: DataFrame) -> DataFrame:
    """Lay out every cohort's periods up to the newest one, and count who was active in each that is over."""
    counts = int_customer_periods.group_by(*_CELL).agg(
        count(lit(1)).alias("customers"), sum("stream_count").alias("streams"), sum("activity_count").alias("acts")
    )
    found = counts.select(*[col(name).alias(f"of_{name}") for name in _CELL], "customers", "streams", "acts")
    is_its_cell = have_same(_CELL, "of_")
    cells = _every_cell(int_customer_periods).join(found, on=is_its_cell, how="left")
    measured = cells.select(
        *[*_CELL, "age", "cohort_size"],
        _if_over("customers").alias("customer_count"),
        iff(col("customer_kind") == lit("streamer"), _if_over("streams"), null_of(INTEGER)).alias("stream_count"),
        _if_over("acts").alias("activity_count"),
    )
    rate = col("customer_count").cast(FLOAT) / col("cohort_size").cast(FLOAT)
    return TABLE.select(measured.select("*", rate.alias("retention_rate")))


def _every_cell(active: DataFrame) -> DataFrame:
    reach = periods.data_watermark(active).select(
        col("customer_kind").alias("reach_kind"), col("period").alias("reach_period"), "newest_start", "newest_day"
    )
    cohorts = active.filter(col("period_start") == col("cohort_start")).group_by(*_COHORT)
    sized = cohorts.agg(count(lit(1)).alias("cohort_size"))
    is_its_reach = (col("customer_kind") == col("reach_kind")) & (col("period") == col("reach_period"))
    reaching = sized.join(reach, on=is_its_reach, how="left")
    carried = ["customer_kind", "cohort_start", "cohort_size", "newest_day"]
    return periods.in_each_period(reaching, carried, col("cohort_start"), col("newest_start"))


def _if_over(measure: str) -> Expression:
    return iff(periods.is_complete_period(), coalesce(col(measure), lit(0)), null_of(INTEGER))
