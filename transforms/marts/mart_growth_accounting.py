"""Growth accounting: who of each period's active customers is new, retained or back, and who is gone.

Grain    one kind of customer in one day, week or month, from the first with an act to the newest
Key      customer_kind, period, period_start
Source   int_customer_periods
Units    distinct customers; active = new + retained + resurrected, and active of the period before = retained + churned
Rerun    replaced whole: one row a period
Gaps     the newest period has the counts so far, told by is_over: a period is over when data of a later day is there,
         which the clock cannot know
"""

from __future__ import annotations

from transforms.contract import BOOLEAN, FLOAT, INTEGER, Column, Replace, Table, locate_table
from transforms.formulas import periods
from transforms.formulas.frames import have_same, null_of
from transforms.functions import DataFrame, Expression, Window, coalesce, col, iff, lit, sum
from transforms.marts.int_customer_periods import activity_count, customer_kind, stream_count


def _count(name: str, description: str) -> Column:
    return Column(f"{name}_count", INTEGER, description, nullable=False, minimum=0)


TABLE = Table(
    *locate_table(__name__),
    grain="one kind of customer in one day, week or month",
    key=("customer_kind", "period", "period_start"),
    write=Replace(),
    tags=("growth",),
    columns=(
        customer_kind,
        periods.period,
        periods.period_start,
        Column(
            "is_over",
            BOOLEAN,
            "data of a later day is there, so the counts are final but for late data",
            nullable=False,
        ),
        _count("active", "customers with an act in the period"),
        _count("new", "those of them whose first act is in it"),
        _count("retained", "those who were active in the period before, too"),
        _count("resurrected", "those who were active before, not in the period before"),
        _count("churned", "customers active in the period before, not in this one"),
        _count("cumulative", "customers with an act until the end of the period"),
        stream_count,
        activity_count.replace(minimum=0),
        Column("quick_ratio", FLOAT, "(new + resurrected) / churned; NULL where nobody churned", minimum=0),
    ),
)

_ROW = ("customer_kind", "period", "period_start")
_COUNTED = ("active", "new", "retained", "resurrected", "churned", "activity", "stream")


def build(int_customer_periods: DataFrame) -> DataFrame:
    """Count the customers of each period by where they come from, and those who are missing."""
    moves = _came(int_customer_periods).union_all(_find_missing(int_customer_periods))
    counts = moves.group_by(*[f"of_{name}" for name in _ROW]).agg(*[sum(name).alias(f"of_{name}") for name in _COUNTED])
    spans = periods.in_each_period(
        periods.data_watermark(int_customer_periods),
        ["customer_kind", "newest_day"],
        col("oldest_start"),
        col("newest_start"),
    )
    is_its_row = have_same(_ROW, "of_")
    rows = spans.join(counts, on=is_its_row, how="left").select(
        *_ROW,
        periods.is_complete_period().alias("is_over"),
        *[coalesce(col(f"of_{name}"), lit(0)).alias(f"{name}_count") for name in _COUNTED],
    )
    return TABLE.select(_measure(rows))


def _came(active: DataFrame) -> DataFrame:
    """Return every active customer of each period, and what the period before was to them."""
    is_new = col("previous_start").is_null()
    is_retained = coalesce(periods.period_after(col("previous_start")) == col("period_start"), lit(False))
    return _moves(
        active,
        active=lit(1),
        new=_one_if(is_new),
        retained=_one_if(is_retained),
        resurrected=_one_if(~is_new & ~is_retained),
        activity=col("activity_count"),
        stream=coalesce(col("stream_count"), lit(0)),
    )


def _find_missing(active: DataFrame) -> DataFrame:
    """Return every customer in the first period that they are missing in."""
    following = active.select(
        "customer_kind", "period", "next_start", periods.period_after(col("period_start")).alias("period_start")
    )
    is_missing = coalesce(col("next_start") > col("period_start"), lit(True))
    return _moves(following.filter(is_missing), churned=lit(1))


def _moves(customers: DataFrame, **counted: Expression) -> DataFrame:
    row = [col(name).alias(f"of_{name}") for name in _ROW]
    return customers.select(*row, *[counted.get(name, lit(0)).cast(INTEGER).alias(name) for name in _COUNTED])


def _one_if(condition: Expression) -> Expression:
    return iff(condition, lit(1), lit(0))


def _measure(rows: DataFrame) -> DataFrame:
    until_then = Window.partition_by("customer_kind", "period").order_by("period_start")
    gained = (col("new_count") + col("resurrected_count")).cast(FLOAT)
    churned_or_null = iff(col("churned_count") == lit(0), null_of(FLOAT), col("churned_count").cast(FLOAT))
    streams_or_null = iff(col("customer_kind") == lit("streamer"), col("stream_count"), null_of(INTEGER))
    kept = [name for name in TABLE.column_names if name not in ("cumulative_count", "stream_count", "quick_ratio")]
    return rows.select(
        *kept,
        sum("new_count").over(until_then).alias("cumulative_count"),
        streams_or_null.alias("stream_count"),
        (gained / churned_or_null).alias("quick_ratio"),
    )
