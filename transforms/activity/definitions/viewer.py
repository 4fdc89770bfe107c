"""What viewers and customers do, read from facts: a declaration and a function for each activity."""

from __future__ import annotations

from decimal import Decimal

from transforms.activity.definitions import features
from transforms.activity.definitions.activity import VIEWER, Activity, Definition, Feature
from transforms.activity.definitions.events import OF_VIEWER, event_rows, with_gift_value
from transforms.contract import BOOLEAN, FLOAT, INTEGER, TEXT, money
from transforms.formulas.deduplicate import latest_per_key
from transforms.functions import DataFrame, col, lit

GIFT_SENT = Activity(
    name="gift_sent",
    stream=VIEWER,
    description="a viewer gave a streamer a gift; cancelled gifts stay, with a negative revenue_impact",
    features=(features.gift_transaction_id, features.streamer_id, *features.OF_GIFT),
)
PAYMENT_MADE = Activity(
    name="payment_made",
    stream=VIEWER,
    description="a customer paid, or was paid back (is_refund, negative revenue_impact), on that day",
    features=(
        Feature("payment_id", TEXT, "the payment"),
        Feature("amount", money(), "money received; negative for a refund"),
        Feature("is_refund", BOOLEAN, "money given back"),
    ),
)
SUBSCRIPTION_CANCELLED = Activity(
    name="subscription_cancelled",
    stream=VIEWER,
    description="a subscription was over: the moment after its last day, or when a delivery missed it",
    features=(
        features.subscription_id,
        Feature("is_deleted", BOOLEAN, "it vanished from the deliveries before its last day"),
        features.monthly_price,
        features.billing_period,
    ),
)
SUBSCRIPTION_RENEWED = Activity(
    name="subscription_renewed",
    stream=VIEWER,
    description="another billing period began: the same day of a later month, quarter or year, or another week",
    features=(
        features.subscription_id,
        Feature("period_number", INTEGER, "billing periods so far, this one included"),
        features.monthly_price,
        features.billing_period,
    ),
)
SUBSCRIPTION_STARTED = Activity(
    name="subscription_started",
    stream=VIEWER,
    description="a subscription began: the first moment of its first day",
    features=(features.subscription_id, features.monthly_price, features.billing_period),
)
WATCHED = Activity(
    name="watched",
    stream=VIEWER,
    description="billing lists the user's viewing on that day, also where it lists 0 hours",
    features=(Feature("hours_watched", FLOAT, "hours that the user watched on the day"),),
)


def emit_gift_sent(fact_gifts: DataFrame, *, point_value: Decimal | None) -> DataFrame:
    """Emit one row per gift transaction; the shared anonymous user is an anonymous customer."""
    return event_rows(
        GIFT_SENT,
        with_gift_value(fact_gifts, point_value),
        OF_VIEWER,
        business_key=("gift_transaction_id",),
        ts="gifted_at",
        revenue="gift_value",
        is_anonymous="is_anonymous",
    )


def emit_payment_made(fact_payments: DataFrame) -> DataFrame:
    """Emit one row per payment, at the first moment of its day; one of 0 is neither a payment nor a refund."""
    moved = fact_payments.filter(col("amount") != lit(0))
    return event_rows(PAYMENT_MADE, moved, OF_VIEWER, business_key=("payment_id",), ts="payment_date", revenue="amount")


def emit_subscription_cancelled(int_subscription_moments: DataFrame) -> DataFrame:
    """Emit one row per moment of that kind; payments carry the money."""
    return _moment_rows(SUBSCRIPTION_CANCELLED, int_subscription_moments)


def emit_subscription_renewed(int_subscription_moments: DataFrame) -> DataFrame:
    """Emit one row per moment of that kind; payments carry the money."""
    return _moment_rows(SUBSCRIPTION_RENEWED, int_subscription_moments)


def emit_subscription_started(int_subscription_moments: DataFrame) -> DataFrame:
    """Emit one row per moment of that kind; payments carry the money."""
    return _moment_rows(SUBSCRIPTION_STARTED, int_subscription_moments)


def emit_watched(stg_billing_viewing_activity: DataFrame) -> DataFrame:
    """Emit one row per user and day, as last delivered, at the first moment of the day."""
    day = ("platform", "user_key", "user_id", "watch_date")
    newest = latest_per_key(stg_billing_viewing_activity, day, {"snapshot_at": ("hours_watched",)})
    return event_rows(WATCHED, newest, OF_VIEWER, business_key=("user_id", "watch_date"), ts="watch_date")


def _moment_rows(activity: Activity, int_subscription_moments: DataFrame) -> DataFrame:
    """Return the moments of the activity's kind as its events."""
    of_kind = int_subscription_moments.filter(col("activity") == lit(activity.name))
    key = ("subscription_id", "period_number")
    return event_rows(activity, of_kind, OF_VIEWER, business_key=key, ts="happened_at")


ACTIVITIES = (
    Definition(GIFT_SENT, emit_gift_sent, is_row_wise=True),
    Definition(PAYMENT_MADE, emit_payment_made, is_row_wise=True),
    Definition(SUBSCRIPTION_CANCELLED, emit_subscription_cancelled, is_row_wise=True),
    Definition(SUBSCRIPTION_RENEWED, emit_subscription_renewed, is_row_wise=True),
    Definition(SUBSCRIPTION_STARTED, emit_subscription_started, is_row_wise=True),
    Definition(WATCHED, emit_watched),
)
