"""What the price of a subscription pays for: a week, or some months."""

from __future__ import annotations

from functools import reduce

from transforms.contract import INTEGER, money
from transforms.formulas.frames import null_of
from transforms.functions import DataFrame, Expression, coalesce, col, iff, lit, when

WEEKLY = "weekly"
MONTHS = {"monthly": 1, "quarterly": 3, "half-yearly": 6, "yearly": 12, "annual": 12}
KNOWN = (*MONTHS, WEEKLY)
_WEEKS_OF_A_YEAR, _MONTHS_OF_A_YEAR = 52, 12


def is_weekly() -> Expression:
    """Return the condition that the row's billing_period is a week."""
    return coalesce(col("billing_period") == lit(WEEKLY), lit(False))


def months_of_period() -> Expression:
    """Return months that the row's billing_period lasts; NULL for a week. Without a period it is a month."""
    first, *others = [(col("billing_period") == lit(name), lit(months)) for name, months in MONTHS.items()]
    case = reduce(lambda chain, one: chain.when(*one), others, when(*first))
    return case.when(col("billing_period").is_null(), lit(1)).otherwise(null_of(INTEGER))


def with_paid_months(frame: DataFrame) -> DataFrame:
    """Return the frame with `paid_price`, and the whole number of months that it pays for as `paid_months`.

    A year has 52 weeks here, so a price of a week is a 52nd of what twelve months cost.
    """
    price = col("monthly_price") * iff(is_weekly(), lit(_WEEKS_OF_A_YEAR), lit(1))
    months = iff(is_weekly(), lit(_MONTHS_OF_A_YEAR), months_of_period())
    return frame.select("*", price.cast(money()).alias("paid_price"), months.alias("paid_months"))
