"""Monthly active users, two definitions.

Grain    one definition in one month with such users
Key      year_month, definition
Source   fact_user_monthly_metrics
Units    distinct users
Rerun    recomputes the months that changed
Gaps     rows that name nobody are nobody's activity: user_id '' is not counted; unknown users with an id are
"""

from __future__ import annotations

from transforms import columns
from transforms.contract import INTEGER, TEXT, Column, MergeOnKey, Table, locate_table
from transforms.functions import DataFrame, col, count, lit

TABLE = Table(
    *locate_table(__name__),
    grain="one definition in one month",
    key=("year_month", "definition"),
    write=MergeOnKey(),
    recompute_by=("year_month",),
    tags=("billing",),
    columns=(
        columns.year_month,
        Column(
            "definition",
            TEXT,
            "paying: with a payment; watching: with viewing",
            nullable=False,
            accepted=("paying", "watching"),
        ),
        Column("user_count", INTEGER, "distinct users", nullable=False, minimum=1),
    ),
)


def build(fact_user_monthly_metrics: DataFrame) -> DataFrame:
    """Count the users of each month who paid, and those who watched."""
    users = fact_user_monthly_metrics.filter(col("user_id") != lit(""))
    return TABLE.select(_count(users, "paying").union_all(_count(users, "watching")))


def _count(users: DataFrame, definition: str) -> DataFrame:
    active = users.filter(col(f"is_{definition}")).select("year_month", lit(definition).alias("definition"))
    return active.group_by("year_month", "definition").agg(count(lit(1)).alias("user_count"))
