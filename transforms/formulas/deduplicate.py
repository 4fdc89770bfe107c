"""The newest of many observations of one thing: the only way in which rows of one key become one.

Values that were observed together stay together: each group of columns is taken from the newest row that has it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from transforms.functions import DataFrame, Window, col, first_value, lit, max, min, row_number


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
