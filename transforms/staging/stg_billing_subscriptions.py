"""Billing's subscriptions: one row per subscription in one delivery.

Grain    one subscription in one delivery
Key      subscription_id, snapshot_at
Source   raw_billing_subscriptions
Payload  RECORD: subscription_id, user_id, start_date, end_date, monthly_price, billing_period, updated_at, currency
Units    monthly_price is the price of one billing period, exact to the cent; every *_at is UTC without zone
Rerun    a record replaces another of its key only if it is strictly greater by filled fields, then by its values
Gaps     a file without the field updated_at counts as changed when it was delivered; an empty updated_at stays NULL;
         an unknown billing_period and another currency are refused, never taken as monthly or added up
"""

from __future__ import annotations

from transforms import columns
from transforms.contract import MergeOnKey, Table, locate_table
from transforms.formulas.billing_periods import KNOWN
from transforms.functions import DataFrame, col, concat, iff, lit, replace, typeof
from transforms.staging.parsing import (
    name_owners,
    parse,
    refuse_also,
    refuse_other_currencies,
    replace_values,
    tidy_text,
)

TABLE = Table(
    *locate_table(__name__),
    grain="one subscription in one delivery",
    key=("subscription_id", "snapshot_at"),
    write=MergeOnKey(newest_by=("filled_fields",)),
    cluster_by="snapshot_at",
    revision=3,
    tags=("billing",),
    columns=(
        columns.subscription_id.replace(payload="subscription_id", empty_is_null=True),
        columns.snapshot_at,
        columns.platform,
        columns.user_key,
        columns.user_id.replace(payload="user_id"),
        columns.start_date.replace(payload="start_date"),
        columns.end_date.replace(payload="end_date"),
        columns.monthly_price.replace(payload="monthly_price"),
        columns.billing_period.replace(payload="billing_period"),
        columns.updated_at.replace(payload="updated_at"),
        columns.filled_fields,
    ),
)


def build(
    raw_billing_subscriptions: DataFrame, *, currency: str | None = None, decimal_comma: bool = False
) -> DataFrame:
    """Read the records, typed, and name the user by platform and id.

    Args:
        raw_billing_subscriptions: Raw rows.
        currency: The one that prices are in; None takes all.
        decimal_comma: Numbers have a comma before their decimals.
    """
    parsed = parse(raw_billing_subscriptions, TABLE, decimal_comma=decimal_comma)
    has_no_such_field = typeof(col("_record")["updated_at"]).is_null()
    changed_at = iff(has_no_such_field, col("snapshot_at"), col("updated_at"))
    period = replace(replace(tidy_text("billing_period"), lit("_"), lit("-")), lit(" "), lit("-"))
    tidy = replace_values(parsed, TABLE, billing_period=period, updated_at=changed_at)
    is_unknown = ~col("billing_period").in_(*[lit(name) for name in KNOWN])
    reason = concat(lit("billing_period is "), col("billing_period"), lit(f"; expected {', '.join(KNOWN)} or nothing"))
    judged = refuse_also(tidy, TABLE, "billing_period_unknown", is_unknown, reason)
    return name_owners(refuse_other_currencies(judged, TABLE, currency), TABLE, columns.BILLING, user_key="user_id")
