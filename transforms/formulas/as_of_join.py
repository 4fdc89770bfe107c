"""Facts beside the version of a thing that held when they happened."""

from __future__ import annotations

from collections.abc import Mapping

from transforms.contract import TIMESTAMP
from transforms.functions import DataFrame, Expression, Window, coalesce, col, dateadd, lit, min


def last_moment_before(time: Expression) -> Expression:
    """Return the last microsecond before a time, or before a day begins."""
    return dateadd("microsecond", lit(-1), time.cast(TIMESTAMP))


def with_version_at(
    facts: DataFrame, history: DataFrame, key: str, at: Expression, taken: Mapping[str, str]
) -> DataFrame:
    """Add columns of the version of `key` that held at their time to facts; each fact stays one row.

    A thing is older than what was observed of it: before its first version that one stands in. A version that says
    that the thing was deleted holds like any other.

    Args:
        facts: Rows that name a thing by `key`.
        history: The versions of the things.
        key: Column of both that names the thing.
        at: Time of a fact.
        taken: Columns of the version by the names that they get, NULL where the thing has no version at that time.

    Returns:
        The facts with those columns, `is_before_history`, and columns of the way there, which `Table.select` leaves
        out.
    """
    versions = history.select(
        col(key).alias("version_of"),
        col("valid_from").alias("version_from"),
        col("valid_to").alias("version_to"),
        min("valid_from").over(Window.partition_by(key)).alias("history_from"),
        *[col(column).alias(name) for name, column in taken.items()],
    )
    has_begun = (col("version_from") == col("history_from")) | (col("version_from") <= col("fact_at"))
    has_not_ended = col("version_to").is_null() | (col("fact_at") < col("version_to"))
    joined = facts.select("*", at.alias("fact_at")).join(
        versions, on=(col(key) == col("version_of")) & has_begun & has_not_ended, how="left"
    )
    is_before = coalesce(col("fact_at") < col("history_from"), lit(False))
    return joined.select("*", is_before.alias("is_before_history"))
