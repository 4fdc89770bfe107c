"""What was published to Amplitude against what its export gave back, per activity and hour.

Grain    one activity at one destination in one UTC hour in which it was sent; what came back unsent: when it came
Key      destination, activity, hour_at
Source   stg_amplitude_events, publications
Units    counts of sendings: sent = accepted + deduplicated + missing; what came back is accepted + unexpected events
Rerun    a view: it shows what the ledger and the staged events hold
Gaps     what was sent within the last hours has not come back yet: missing counts once it is older than a day. An event
         that came back and was never recorded as sent is unexpected, under the destination `unknown` where no
         destination knows it: a sending whose answer was lost, or an app that sends a type of ours
"""

from __future__ import annotations

from transforms.activity.publications import SENT
from transforms.contract import INTEGER, TEXT, TIMESTAMP, Column, Table, View, locate_table
from transforms.functions import DataFrame, Window, coalesce, col, count, date_trunc, iff, lit, max, row_number

UNKNOWN = "unknown"
_GROUP = ("destination", "activity", "hour_at")


def _count(name: str, description: str) -> Column:
    return Column(f"{name}_count", INTEGER, description, nullable=False, minimum=0)


TABLE = Table(
    *locate_table(__name__),
    grain="one activity at one destination in one UTC hour",
    key=_GROUP,
    write=View(ledgers=("publications",)),
    tags=("amplitude",),
    columns=(
        Column("destination", TEXT, "where it was published, as in OPS.PUBLICATIONS", nullable=False),
        Column("activity", TEXT, "name of the activity", nullable=False),
        Column("hour_at", TIMESTAMP, "begin of the hour, UTC", nullable=False),
        _count("sent", "sendings that Amplitude confirmed in the hour"),
        _count("accepted", "of them, those whose event the export gave back"),
        _count("deduplicated", "of them, repeated sendings of an activity that came back: Amplitude dropped the copy"),
        _count("missing", "of them, those whose event the export did not give back"),
        _count("unexpected", "events that came back in the hour and were not recorded as sent"),
        Column("newest_event_at", TIMESTAMP, "newest upload that the export has given back of anything, UTC"),
    ),
)


def build(stg_amplitude_events: DataFrame, publications: DataFrame) -> DataFrame:
    """Look for every confirmed sending in what came back, and for what came back in what was sent."""
    given_back = stg_amplitude_events.group_by(col("insert_id").alias("given_id")).agg(count(lit(1)).alias("times"))
    sent = publications.filter(col("status") == lit(SENT)).select(
        "destination", "activity", "activity_id", "attempt", "recorded_at"
    )
    newest = stg_amplitude_events.agg(max("uploaded_at").alias("newest_event_at"))
    rows = _of_sendings(sent, given_back).union_all(_of_unexpected(stg_amplitude_events, publications, sent))
    names = ("accepted", "deduplicated", "missing", "unexpected")
    counted = rows.group_by(*_GROUP).agg(
        *[count(iff(col("outcome") == lit(name), lit(1), lit(None))).alias(f"{name}_count") for name in names]
    )
    summed = counted.select(
        "*", (col("accepted_count") + col("deduplicated_count") + col("missing_count")).alias("sent_count")
    )
    return TABLE.select(summed.cross_join(newest).select("*", lit("").alias("_build_id")))


def _of_sendings(sent: DataFrame, given_back: DataFrame) -> DataFrame:
    """What became of each sending, in the hour in which it was confirmed."""
    in_order = Window.partition_by("destination", "activity_id").order_by("attempt")
    numbered = sent.select("*", row_number().over(in_order).alias("nth_sending"))
    looked_for = numbered.join(given_back, on=col("activity_id") == col("given_id"), how="left")
    came_back = iff(col("nth_sending") == lit(1), lit("accepted"), lit("deduplicated"))
    outcome = iff(col("given_id").is_null(), lit("missing"), came_back)
    return looked_for.select(
        "destination", "activity", date_trunc("hour", col("recorded_at")).alias("hour_at"), outcome.alias("outcome")
    )


def _of_unexpected(events: DataFrame, publications: DataFrame, sent: DataFrame) -> DataFrame:
    """Events of published activities' names that no sending explains, in the hour in which they came."""
    ours = publications.select(col("activity").alias("published")).distinct()
    known = publications.group_by(col("activity_id").alias("known_id")).agg(max("destination").alias("destination"))
    confirmed = sent.select(col("activity_id").alias("sent_id")).distinct()
    of_ours = events.join(ours, on=col("event_type") == col("published"), how="inner")
    unsent = of_ours.join(confirmed, on=col("insert_id") == col("sent_id"), how="left").filter(col("sent_id").is_null())
    told = unsent.join(known, on=col("insert_id") == col("known_id"), how="left")
    return told.select(
        coalesce(col("destination"), lit(UNKNOWN)).alias("destination"),
        col("event_type").alias("activity"),
        date_trunc("hour", col("uploaded_at")).alias("hour_at"),
        lit("unexpected").alias("outcome"),
    )
