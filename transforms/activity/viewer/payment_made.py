"""payment_made: a customer paid, or was paid back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transforms.activity.activities import VIEWER, Activity, Feature
from transforms.activity.definitions.events import OF_VIEWER, event_rows
from transforms.contract import BOOLEAN, TEXT, money
from transforms.functions import col, lit

if TYPE_CHECKING:
    from snowflake.snowpark import DataFrame

ACTIVITY = Activity(
    name="payment_made",
    stream=VIEWER,
    description="a customer paid, or was paid back (is_refund, negative revenue_impact), on that day",
    features=(
        Feature("payment_id", TEXT, "the payment"),
        Feature("amount", money(), "money received; negative for a refund"),
        Feature("is_refund", BOOLEAN, "money given back"),
    ),
)
IS_ROW_WISE = True


def events(fact_payments: DataFrame) -> DataFrame:
    """One row per payment, at the first moment of its day; one of 0 is neither a payment nor a refund."""
    moved = fact_payments.filter(col("amount") != lit(0))
    return event_rows(ACTIVITY, moved, OF_VIEWER, business_key=("payment_id",), ts="payment_date", revenue="amount")
