"""What is published of the activity streams, and how far that is: the state of each activity at a destination.

OPS.PUBLICATIONS only grows. An attempt begins with a `pending` row, written before anything is sent, and ends with
`sent`, `rejected` (with the reason) or `released` (surely not taken, so it may be sent at any time). The state of an
activity is that of its newest attempt; what is unpublished is the streams without the activities that have a state.

An event cannot be changed once it was taken. A row that changes afterwards (a late event moved its occurrence, an
identity link gave it a customer) is not published again: occurrences are no part of the event, and Amplitude joins an
anonymous person itself when a later event carries both ids.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import reduce

from transforms.contract import INTEGER, TIMESTAMP, VARIANT
from transforms.formulas.frames import null_of, union_all
from transforms.functions import (
    DataFrame,
    Expression,
    Window,
    charindex,
    coalesce,
    col,
    count,
    datediff,
    iff,
    lit,
    max as max_,
    min as min_,
    object_construct,
    row_number,
    substring,
    to_json,
)

PENDING, RELEASED, REJECTED, SENT = "pending", "released", "rejected", "sent"
_EPOCH = datetime(1970, 1, 1)
# The order of the states within an attempt.
_STATES = (PENDING, RELEASED, REJECTED, SENT)


def build_event() -> Expression:
    """Build an Amplitude event of a row of a stream: without its NULLs, the customer without its platform."""
    event = {
        "event_type": col("activity"),
        "user_id": substring(col("customer"), charindex(lit(":"), col("customer")) + 1),
        "device_id": col("anonymous_customer_id"),
        "time": datediff("millisecond", lit(_EPOCH).cast(TIMESTAMP), col("ts")),
        "event_properties": col("feature_json"),
        "revenue": col("revenue_impact"),
        "insert_id": col("activity_id"),
    }
    return object_construct(*[part for name, value in event.items() for part in (lit(name), value)]).cast(VARIANT)


def find_newest_states(publications: DataFrame, destination: str) -> DataFrame:
    """Find one row per activity at the destination: activity_id, activity, attempt, status, recorded_at."""
    ranks = {name: rank for rank, name in enumerate(_STATES)}
    place = reduce(
        lambda chain, name: iff(col("status") == lit(name), lit(ranks[name]), chain), _STATES[1:], lit(ranks[PENDING])
    )
    # The greatest of attempt x states + place is the newest state: one aggregation instead of a window.
    newest = max_(col("attempt") * len(_STATES) + place)
    states = (
        publications.filter(col("destination") == lit(destination))
        .group_by("activity_id", "activity")
        .agg(newest.alias("newest"), max_("recorded_at").alias("recorded_at"))
    )
    rank = col("newest") % len(_STATES)
    status = reduce(lambda chain, name: iff(rank == lit(ranks[name]), lit(name), chain), _STATES[1:], lit(PENDING))
    attempt = ((col("newest") - rank) / len(_STATES)).cast(INTEGER)
    return states.select(
        "activity_id", "activity", attempt.alias("attempt"), status.alias("status"), col("recorded_at")
    )


def select_events(streams: Sequence[DataFrame], activities: Sequence[str]) -> DataFrame:
    """Select the chosen activities of the streams as events: activity_id, activity, ts, event."""
    chosen = [
        stream.filter(col("activity").in_(*[lit(name) for name in activities])).select(
            col("activity_id"), col("activity"), col("ts"), build_event().alias("event")
        )
        for stream in streams
    ]
    return union_all(chosen)


def find_unpublished(streams: Sequence[DataFrame], activities: Sequence[str], states: DataFrame) -> DataFrame:
    """Find events that are new or were released: activity_id, activity, attempt, ts, event."""
    known = states.select(
        col("activity_id").alias("known_id"), col("attempt").alias("last_attempt"), col("status").alias("last_status")
    )
    events = select_events(streams, activities)
    joined = events.join(known, events["activity_id"] == known["known_id"], how="left")
    to_send = joined.filter(col("last_status").is_null() | (col("last_status") == lit(RELEASED)))
    attempt = coalesce(col("last_attempt"), lit(0)) + 1
    return to_send.select("activity_id", "activity", attempt.alias("attempt"), "ts", "event")


def find_unconfirmed(publications: DataFrame, states: DataFrame, destination: str) -> DataFrame:
    """Find attempts of unknown outcome, with the event as it was sent: activity_id, activity, attempt, ts, event."""
    open_ones = states.filter(col("status") == lit(PENDING))
    return _find_claims(publications, open_ones, destination).select(
        "activity_id", "activity", "attempt", col("recorded_at").alias("ts"), "event"
    )


def _find_claims(publications: DataFrame, states: DataFrame, destination: str) -> DataFrame:
    """Find the pending rows of the states' attempts, which have the event as it was sent."""
    newest = states.select(col("activity_id").alias("of_id"), col("attempt").alias("of_attempt"))
    claims = publications.filter((col("destination") == lit(destination)) & (col("status") == lit(PENDING)))
    is_its = (claims["activity_id"] == newest["of_id"]) & (claims["attempt"] == newest["of_attempt"])
    return claims.join(newest, is_its, how="inner")


def build_queue(again: DataFrame, new: DataFrame) -> DataFrame:
    """Build what a run sends, in order: first what may have been sent already, then the new events as they happened."""
    both = again.with_column("is_claimed", lit(True)).union_all(new.with_column("is_claimed", lit(False)))
    in_order = Window.order_by(col("is_claimed").desc(), col("ts"), col("activity_id"))
    position = row_number().over(in_order)
    return both.select("activity_id", "activity", "attempt", "event", "is_claimed", position.alias("position"))


def format_events(queue: DataFrame) -> DataFrame:
    """Format the queue for a client: the event as compact JSON."""
    in_order = queue.sort("position")
    return in_order.select("activity_id", "activity", "attempt", to_json(col("event")).alias("event"))


def build_claims(queue: DataFrame, destination: str, run_id: str, now: datetime) -> DataFrame:
    """Build the pending rows of the queue's events that have none yet."""
    new = queue.filter(~col("is_claimed"))
    return new.select(
        lit(destination).alias("destination"),
        "activity_id",
        "attempt",
        lit(PENDING).alias("status"),
        "activity",
        "event",
        lit(None).alias("reason"),
        lit(run_id).alias("run_id"),
        lit(now).cast(TIMESTAMP).alias("recorded_at"),
    )


def build_releases(states: DataFrame, destination: str, status: str, run_id: str, now: datetime) -> DataFrame:
    """Build rows that release the activities of a state, so that they are sent again."""
    return states.filter(col("status") == lit(status)).select(
        lit(destination).alias("destination"),
        "activity_id",
        (col("attempt") + 1).alias("attempt"),
        lit(RELEASED).alias("status"),
        "activity",
        null_of(VARIANT).alias("event"),
        lit(f"to be sent again after it was {status}").alias("reason"),
        lit(run_id).alias("run_id"),
        lit(now).cast(TIMESTAMP).alias("recorded_at"),
    )


def find_changed(
    streams: Sequence[DataFrame], activities: Sequence[str], publications: DataFrame, destination: str
) -> DataFrame:
    """Find sent activities whose row now gives another event, or is gone: activity_id, activity, is_gone."""
    states = find_newest_states(publications, destination).filter(col("status") == lit(SENT))
    as_sent = _find_claims(publications, states, destination).select(
        col("of_id").alias("sent_id"), col("activity").alias("sent_activity"), to_json(col("event")).alias("sent_event")
    )
    current = select_events(streams, activities).select("activity_id", to_json(col("event")).alias("current_event"))
    joined = as_sent.join(current, as_sent["sent_id"] == current["activity_id"], how="left")
    differs = col("current_event").is_null() | (col("current_event") != col("sent_event"))
    is_chosen = col("sent_activity").in_(*[lit(name) for name in activities])
    return joined.filter(differs & is_chosen).select(
        col("sent_id").alias("activity_id"),
        col("sent_activity").alias("activity"),
        col("current_event").is_null().alias("is_gone"),
    )


def count_by_status(states: DataFrame, fresh_since: datetime) -> DataFrame:
    """Count activities by activity and status: activity, status, is_fresh, activity_count, oldest recorded_at."""
    is_fresh = col("recorded_at") >= lit(fresh_since)
    return (
        states.with_column("is_fresh", is_fresh)
        .group_by("activity", "status", "is_fresh")
        .agg(count("*").alias("activity_count"), min_("recorded_at").alias("oldest_at"))
    )
