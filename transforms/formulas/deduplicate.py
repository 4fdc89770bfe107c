"""The newest of many observations of one thing: the only way in which rows of one key become one.

Values that were observed together stay together: each group of columns is taken from the newest row that has it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from transforms.contract import Table
from transforms.functions import DataFrame, Expression, Window, col, first_value, lit, max, min, row_number


def observe(
    table: Table, staged: DataFrame, names: Sequence[str], told: Mapping[str, Expression], at: str = "snapshot_at"
) -> DataFrame:
    """Return what rows of another table say of the table's things, in its columns; NULL where they say nothing.

    Args:
        table: The contract of what is observed; the key is taken as it is.
        staged: Rows that each name a thing.
        names: Other columns that both have.
        told: What else they say, by the table's columns.
        at: Column with the time of the observation: `first_seen_at` and `last_seen_at`, where the table has them.
    """
    values = {name: col(name) for name in (*table.key, *names)}
    values |= {"first_seen_at": col(at), "last_seen_at": col(at), **told}
    return staged.select(*[values.get(c.name, lit(None)).cast(c.type).alias(c.name) for c in table.columns])


def latest_per_key(
    observations: DataFrame,
    key: Sequence[str],
    newest: Mapping[str, Sequence[str]],
    *,
    lowest: Sequence[str] = (),
    highest: Sequence[str] = (),
) -> DataFrame:
    """Return one row per key.

    Args:
        observations: Rows of things at times; also rows that this function gave before.
        key: Columns that name the thing.
        newest: Columns to take together from the row whose time column is the latest; NULL times come last, and equal
            times are decided by the values themselves, so that the order of arrival does not matter.
        lowest: Columns whose smallest value is taken.
        highest: Columns whose greatest value is taken.
    """
    of_key = Window.partition_by(*key)
    taken = [min(name).over(of_key).alias(name) for name in lowest]
    taken += [max(name).over(of_key).alias(name) for name in highest]
    for seen_at, names in newest.items():
        latest_first = of_key.order_by(*[col(name).desc_nulls_last() for name in (seen_at, *names)])
        taken += [first_value(col(name)).over(latest_first).alias(name) for name in (seen_at, *names)]
    alike = observations.select(*key, *taken, row_number().over(of_key.order_by(*key)).alias("row_of_key"))
    return alike.filter(col("row_of_key") == lit(1))


def take_events(events: DataFrame, names: Sequence[str]) -> DataFrame:
    """Take what each event names, with its time as `first_event_at` and `last_event_at`: a span of one event."""
    happened = (col("happened_at").alias("first_event_at"), col("happened_at").alias("last_event_at"))
    return events.select(*names, *happened)


def join_spans(observed: DataFrame, names: Sequence[str]) -> DataFrame:
    """Join the spans of what is equal in these columns to one row; a stored span joins like the events it came from."""
    return observed.group_by(*names).agg(
        min("first_event_at").alias("first_event_at"), max("last_event_at").alias("last_event_at")
    )
