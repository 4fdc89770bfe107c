"""How monthly recurring revenue moved, subscription by subscription and customer by customer.

Grain    one subscription or customer in one month in which it has revenue or has lost it since the month before
Key      grain, entity_id, year_month
Source   fact_subscription_months
Units    money exact to the cent; mrr_change = closing_mrr - opening_mrr
Rerun    recomputes the customers whose subscription months changed; all of them when the month changes
Gaps     a subscription that costs nothing has no revenue to move; months after the current one are not there yet;
         subscriptions that name nobody are one customer; what is switched on the last day of a month counts once
"""

from __future__ import annotations

from datetime import date

from transforms import columns
from transforms.contract import DATE, TEXT, Column, MergeOnKey, Table, locate_table, money
from transforms.formulas.billing_periods import without_replaced
from transforms.formulas.frames import null_of
from transforms.formulas.periods import month_after
from transforms.functions import DataFrame, Expression, Window, col, iff, lit, min, sum, when

MOVEMENTS = ("new", "reactivation", "expansion", "contraction", "unchanged", "churn")

TABLE = Table(
    *locate_table(__name__),
    grain="one subscription or customer in one month",
    key=("grain", "entity_id", "year_month"),
    write=MergeOnKey(),
    recompute_by=("user_key",),
    cluster_by="year_month",
    revision=2,
    tags=("billing",),
    columns=(
        columns.mrr_grain,
        Column("entity_id", TEXT, "subscription_id, or user_key of a customer", nullable=False),
        columns.year_month,
        *columns.OF_USER,
        columns.mrr.replace(name="opening_mrr", description="mrr of the month before"),
        columns.mrr.replace(name="closing_mrr", description="mrr of the month"),
        Column("movement", TEXT, "what became of it", nullable=False, accepted=MOVEMENTS),
        Column("mrr_change", money(), "signed change of the mrr", nullable=False),
    ),
)

_ENTITY = ("grain", "entity_id", "platform", "user_key", "user_id")


def build(fact_subscription_months: DataFrame, *, current_month: date) -> DataFrame:
    """Hold each month against the one before, and name the difference."""
    months = without_replaced(fact_subscription_months)
    subscriptions = _closings(months, "subscription", "subscription_id")
    customers = _closings(months, "customer", "user_key")
    balances = _balances(subscriptions.union_all(customers), current_month)
    is_active_month = iff(col("closing_mrr") > lit(0), col("year_month"), null_of(DATE))
    first_month = min(is_active_month).over(Window.partition_by("grain", "entity_id"))
    named = balances.select("*", first_month.alias("first_month"))
    return TABLE.select(
        named.select("*", _movement().alias("movement"), (col("closing_mrr") - col("opening_mrr")).alias("mrr_change"))
    )


def _closings(months: DataFrame, grain: str, entity: str) -> DataFrame:
    """Return months with revenue, one row per entity."""
    of_entity = months.select(
        lit(grain).alias("grain"),
        col(entity).alias("entity_id"),
        *("platform", "user_key", "user_id", "year_month", "counted_mrr"),
    )
    summed = of_entity.group_by(*_ENTITY, "year_month").agg(sum("counted_mrr").alias("closing_mrr"))
    return summed.filter(col("closing_mrr") > lit(0))


def _balances(closings: DataFrame, current_month: date) -> DataFrame:
    """Open each month with what the one before closes with, also where nothing is left of it then."""
    nothing = lit(0).cast(money())
    closed = closings.select(*_ENTITY, "year_month", nothing.alias("opening_mrr"), "closing_mrr")
    opened = closings.select(
        *_ENTITY,
        month_after(col("year_month")).alias("year_month"),
        col("closing_mrr").alias("opening_mrr"),
        nothing.alias("closing_mrr"),
    ).filter(col("year_month") <= lit(current_month))
    sides = closed.union_all(opened)
    return sides.group_by(*_ENTITY, "year_month").agg(
        sum("opening_mrr").alias("opening_mrr"), sum("closing_mrr").alias("closing_mrr")
    )


def _movement() -> Expression:
    opening, closing = col("opening_mrr"), col("closing_mrr")
    begins = when(col("year_month") == col("first_month"), lit("new"))
    case = begins.when(opening == lit(0), lit("reactivation")).when(closing == lit(0), lit("churn"))
    case = case.when(closing > opening, lit("expansion")).when(closing < opening, lit("contraction"))
    return case.otherwise(lit("unchanged"))
