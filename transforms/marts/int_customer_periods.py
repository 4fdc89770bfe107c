"""Who was active when: each customer's days, weeks and months, and the active ones before and after each.

Grain    one customer in one day, week or month with an act of theirs
Key      customer_kind, person, period, period_start
Source   streamer_activity, viewer_activity
Units    activity_count in acts; stream_count in streams begun, NULL for viewers, whose acts name no stream in common
Rerun    recomputes the customers whose activities changed; all of them when the day changes
Gaps     what happens to a customer (a renewal, the end of a subscription, a refund, a milestone) is no act of theirs;
         who is only known by an anonymous id counts under it; what is dated after `today` has not been done yet
"""

from __future__ import annotations

from datetime import date

from transforms.activity.columns import person
from transforms.contract import DATE, INTEGER, TEXT, Column, MergeOnKey, Table, locate_table
from transforms.formulas import periods
from transforms.formulas.frames import null_of, union_all
from transforms.functions import DataFrame, Expression, Window, coalesce, col, count, lag, lead, lit, min, sum

STREAMER_ACTS = ("stream_started",)
# Every other activity of a viewer, an Amplitude event too, is something that the viewer did at that time.
NO_ACTS_OF_VIEWERS = ("subscription_renewed", "subscription_cancelled", "gift_giver", "super_fan")

customer_kind = Column("customer_kind", TEXT, "whose activities", nullable=False, accepted=("streamer", "viewer"))
activity_count = Column("activity_count", INTEGER, "acts", nullable=False, minimum=1)
stream_count = Column("stream_count", INTEGER, "streams begun; NULL for viewers", minimum=0)

TABLE = Table(
    *locate_table(__name__),
    grain="one customer in one day, week or month",
    key=("customer_kind", "person", "period", "period_start"),
    write=MergeOnKey(),
    recompute_by=("person",),
    tags=("growth",),
    columns=(
        customer_kind,
        person,
        periods.period,
        periods.period_start,
        Column("cohort_start", DATE, "the customer's first such period with an act", nullable=False),
        Column("previous_start", DATE, "the one before with an act; NULL in the first"),
        Column("next_start", DATE, "the next one with an act; NULL: not yet"),
        activity_count,
        stream_count,
    ),
)

MATTERS = {
    "streamer_activity": lambda: col("activity").in_(*[lit(name) for name in STREAMER_ACTS]),
    "viewer_activity": lambda: ~col("activity").in_(*[lit(name) for name in NO_ACTS_OF_VIEWERS]),
}
_CUSTOMER = ("customer_kind", "person")
_PERIOD = (*_CUSTOMER, "period", "period_start")


def build(streamer_activity: DataFrame, viewer_activity: DataFrame, *, today: date) -> DataFrame:
    """Count each customer's acts per period, and look at the customer's periods before and after it."""
    starts = streamer_activity.filter(col("activity").in_(*[lit(name) for name in STREAMER_ACTS]))
    is_refund = (col("activity") == lit("payment_made")) & (coalesce(col("revenue_impact"), lit(0)) < lit(0))
    acts = viewer_activity.filter(~col("activity").in_(*[lit(name) for name in NO_ACTS_OF_VIEWERS]) & ~is_refund)
    done = _per_day(starts, "streamer", lit(1)).union_all(_per_day(acts, "viewer", null_of(INTEGER)))
    per_day = done.filter(col("date_day") <= lit(today))
    counted = [_per_period(per_day, kind) for kind in periods.PERIODS]
    active = union_all(counted)
    in_order = Window.partition_by(*_CUSTOMER, "period").order_by("period_start")
    neighbours = active.select(
        "*",
        min("period_start").over(Window.partition_by(*_CUSTOMER, "period")).alias("cohort_start"),
        lag("period_start").over(in_order).alias("previous_start"),
        lead("period_start").over(in_order).alias("next_start"),
    )
    return TABLE.select(neighbours)


def _per_day(acts: DataFrame, kind: str, streams: Expression) -> DataFrame:
    each = acts.select(
        lit(kind).alias("customer_kind"),
        "person",
        col("ts").cast(DATE).alias("date_day"),
        streams.alias("stream_count"),
    )
    return each.group_by(*_CUSTOMER, "date_day").agg(
        count(lit(1)).alias("activity_count"), sum("stream_count").alias("stream_count")
    )


def _per_period(per_day: DataFrame, kind: str) -> DataFrame:
    of_kind = per_day.select(
        *_CUSTOMER,
        lit(kind).alias("period"),
        periods.period_of(kind, col("date_day")).alias("period_start"),
        "activity_count",
        "stream_count",
    )
    return of_kind.group_by(*_PERIOD).agg(
        sum("activity_count").alias("activity_count"), sum("stream_count").alias("stream_count")
    )
