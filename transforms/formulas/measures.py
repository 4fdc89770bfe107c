"""Measures that several tables compute: one formula for each; a share of money is rounded once, halves away from zero.

Sums are kept in whole milliseconds, so they are exact and do not depend on the order in which rows are added.
"""

from __future__ import annotations

from decimal import Decimal

from transforms.contract import FLOAT, INTEGER, money
from transforms.formulas.frames import null_of
from transforms.functions import DataFrame, Expression, abs, col, iff, lit, round
from transforms.types import DecimalType

MS_PER_HOUR = 3_600_000
MS_PER_MINUTE = 60_000
_CENTS = 100
_CENT = Decimal("0.01")
_WHOLE_CENTS = DecimalType(20, 0)


def with_watched(frame: DataFrame) -> DataFrame:
    """Return the frame with hours_watched, avg_viewers and airtime_minutes from its viewer_ms and covered_ms."""
    return frame.select(
        "*",
        (_float("viewer_ms") / lit(float(MS_PER_HOUR))).alias("hours_watched"),
        (_float("viewer_ms") / iff(col("covered_ms") == lit(0), null_of(FLOAT), _float("covered_ms"))).alias(
            "avg_viewers"
        ),
        (_float("covered_ms") / lit(float(MS_PER_MINUTE))).alias("airtime_minutes"),
    )


def _float(name: str) -> Expression:
    return col(name).cast(FLOAT)


def with_share(frame: DataFrame, amount: str, parts: str, name: str) -> DataFrame:
    """Divide `amount` by `parts`, rounded to cents, as `name`; NULL where there are no parts.

    The frame also gets columns of the way there, which `Table.select` leaves out.

    A quotient that the warehouse has rounded once already cannot be rounded to cents again: 0.00499999999 may have
    become 0.005. So whole cents are divided, and the division has no remainder.

    Args:
        frame: Rows with an amount and a number of parts.
        amount: Column of money.
        parts: Column of whole numbers that are not negative.
        name: Name of the new column.
    """
    cents = (abs(col(amount)) * lit(_CENTS)).cast(INTEGER)
    parts_or_null = iff(col(parts) == lit(0), null_of(INTEGER), col(parts))
    halves = frame.select(
        "*", (cents * lit(2) + col(parts)).alias("share_dividend"), (parts_or_null * lit(2)).alias("share_divisor")
    )
    without_rest = col("share_dividend") - col("share_dividend") % col("share_divisor")
    whole = round(without_rest / col("share_divisor")).cast(INTEGER)
    exact = (whole.cast(_WHOLE_CENTS) * lit(_CENT)).cast(money())
    return halves.select("*", iff(col(amount) < lit(0), -exact, exact).alias(name))
