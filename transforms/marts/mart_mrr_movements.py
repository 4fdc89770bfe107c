"""Monthly recurring revenue: what each month opens with, what moved, and what it closes with.

Grain    one grain (subscription or customer) in one month, from the first with revenue to the current one
Key      grain, year_month
Source   fact_mrr_movements
Units    money exact to the cent, no amount negative;
         closing = opening + new + reactivation + expansion - contraction - churned
Rerun    replaced whole: two rows a month
Gaps     nrr, grr and arpu are NULL where there is nothing to divide by
"""

from __future__ import annotations

from datetime import date

from transforms import columns
from transforms.contract import FLOAT, INTEGER, Column, Replace, Table, locate_table, money
from transforms.formulas.frames import null_of
from transforms.formulas.measures import with_share
from transforms.formulas.periods import in_each_month
from transforms.functions import DataFrame, Expression, abs, coalesce, col, iff, lit, min, sum

# movement of fact_mrr_movements -> what its amounts and counts are called here
MOVED = {
    "new": "new",
    "reactivation": "reactivation",
    "expansion": "expansion",
    "contraction": "contraction",
    "churn": "churned",
}


def _amount(name: str, description: str) -> Column:
    return columns.mrr.replace(name=f"{name}_mrr", description=description)


def _count(name: str, description: str) -> Column:
    return Column(f"{name}_count", INTEGER, description, nullable=False, minimum=0)


TABLE = Table(
    *locate_table(__name__),
    grain="one grain in one month",
    key=("grain", "year_month"),
    write=Replace(),
    tags=("billing",),
    columns=(
        columns.mrr_grain,
        columns.year_month,
        _amount("opening", "mrr of the month before"),
        _amount("new", "of those that never had revenue before"),
        _amount("reactivation", "of those that had revenue before, not in the month before"),
        _amount("expansion", "what rose"),
        _amount("contraction", "what fell, as a positive amount"),
        _amount("churned", "what ended, as a positive amount"),
        _amount("closing", "mrr of the month"),
        _count("opening", "subscriptions or customers with revenue in the month before"),
        *[_count(name, f"those whose movement is {movement}") for movement, name in MOVED.items()],
        _count("active", "subscriptions or customers with revenue in the month"),
        Column("nrr", FLOAT, "net revenue retention: (opening + expansion - contraction - churned) / opening"),
        Column("grr", FLOAT, "gross revenue retention: (opening - contraction - churned) / opening", maximum=1),
        Column("arpu", money(), "closing_mrr / active_count, rounded to the cent", minimum=0),
    ),
)


def build(fact_mrr_movements: DataFrame, *, current_month: date) -> DataFrame:
    """Sum the movements of each month; a month in which nothing moved is there with zeros."""
    summed = fact_mrr_movements.group_by("grain", "year_month").agg(*_sums())
    moved = summed.select(col("grain").alias("moved_grain"), col("year_month").alias("moved_month"), *_measures())
    is_its_month = (col("grain") == col("moved_grain")) & (col("year_month") == col("moved_month"))
    months = _every_month(fact_mrr_movements, current_month).join(moved, on=is_its_month, how="left")
    filled = months.select(
        "grain",
        "year_month",
        *[coalesce(col(name), lit(0)).cast(TABLE.column(name).type).alias(name) for name in _measures()],
    )
    kept = col("opening_mrr") - col("contraction_mrr") - col("churned_mrr")
    rated = filled.select("*", _of_opening(kept + col("expansion_mrr")).alias("nrr"), _of_opening(kept).alias("grr"))
    return TABLE.select(with_share(rated, "closing_mrr", "active_count", "arpu"))


def _every_month(movements: DataFrame, current_month: date) -> DataFrame:
    first = movements.select(min("year_month").alias("begins_with"))
    months = in_each_month(first, [], col("begins_with"), lit(current_month))
    subscriptions = months.select(lit("subscription").alias("grain"), "year_month")
    return subscriptions.union_all(months.select(lit("customer").alias("grain"), "year_month"))


def _measures() -> list[str]:
    return [name for name in TABLE.column_names if name.endswith(("_mrr", "_count"))]


def _sums() -> list[Expression]:
    sums = [sum("opening_mrr").alias("opening_mrr"), sum("closing_mrr").alias("closing_mrr")]
    sums += [_count_where(col("opening_mrr") > lit(0), "opening"), _count_where(col("closing_mrr") > lit(0), "active")]
    for movement, name in MOVED.items():
        is_it = col("movement") == lit(movement)
        sums.append(sum(iff(is_it, abs(col("mrr_change")), lit(0).cast(money()))).alias(f"{name}_mrr"))
        sums.append(_count_where(is_it, name))
    return sums


def _count_where(condition: Expression, name: str) -> Expression:
    return sum(iff(condition, lit(1), lit(0))).alias(f"{name}_count")


def _of_opening(amount: Expression) -> Expression:
    opening = iff(col("opening_mrr") == lit(0), null_of(FLOAT), col("opening_mrr").cast(FLOAT))
    return amount.cast(FLOAT) / opening
