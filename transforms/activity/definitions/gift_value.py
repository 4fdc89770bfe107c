"""What a gift is worth in money: nothing that can be said, unless a setting gives the value of a point."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from transforms.contract import money
from transforms.functions import col, iff, lit

if TYPE_CHECKING:
    from snowflake.snowpark import DataFrame

_POINT = money(6)


def with_gift_value(gifts: DataFrame, point_value: Decimal | None) -> DataFrame:
    """Gifts with gift_value: points x point_value, negative for a cancelled gift; NULL without a point_value."""
    if point_value is None:
        return gifts.select("*", lit(None).cast(money()).alias("gift_value"))
    sign = iff(col("is_cancelled"), lit(-1), lit(1))
    return gifts.select("*", (sign * col("points") * lit(point_value).cast(_POINT)).cast(money()).alias("gift_value"))
