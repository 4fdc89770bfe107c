"""What is to be told of spikes: episodes that nobody was told of, why they rose, and which of those told are over.

OPS.ALERTS only grows. An alert begins with a `decided` row, which holds what it says; each attempt to send it with a
`pending` row, written before anything is sent, and ends with `sent`, `rejected`, `released` (surely not taken, to be
tried again) or `dropped` (never to be sent). The state of an alert is that of its newest attempt.

Late samples may move the begin of an episode, and with it its key. So an episode was told where any alert of its
stream was decided by a sample within it, or within the cool-down around it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import reduce

from transforms.contract import FLOAT, INTEGER
from transforms.formulas.frames import null_of, union_all
from transforms.functions import (
    DataFrame,
    Window,
    coalesce,
    col,
    dateadd,
    iff,
    in_,
    lag,
    lit,
    max,
    median,
    min,
    row_number,
    to_json,
)

SPIKE, RECOVERY = "spike", "recovery"
DECIDED, PENDING, RELEASED, DROPPED, REJECTED, SENT = "decided", "pending", "released", "dropped", "rejected", "sent"
# The order of the states within an attempt.
_STATES = (DECIDED, PENDING, RELEASED, DROPPED, REJECTED, SENT)
_CAUSE_MINUTES = 30
_SPIKE = (
    *("spike_key", "stream_id", "streamer_key", "game_id", "started_at", "spike_rule", "usual_viewers"),
    *("first_viewers", "peak_viewers", "peak_at", "last_spike_at", "closed_at", "closed_viewers"),
)
_NAMES = ("streamer_login", "streamer_name", "game_name", "title")
_CHANGE = ("changed_at", "game_before", "game_after", "title_before", "title_after")
# What `find_new_spikes` gives, in order.
NEW_SPIKE = (*_SPIKE, *_NAMES, *_CHANGE, "category_before", "category_after")


def find_newest_states(alerts: DataFrame) -> DataFrame:
    """Find one row per alert: spike_key, kind, stream_id, spiked_at, attempt, state, decided_at."""
    rank = reduce(lambda chain, name: iff(col("state") == lit(name), lit(_STATES.index(name)), chain), _STATES, lit(0))
    states = alerts.group_by("spike_key", "kind").agg(
        max("stream_id").alias("stream_id"),
        min("spiked_at").alias("spiked_at"),
        max(col("attempt") * len(_STATES) + rank).alias("newest"),
        min("recorded_at").alias("decided_at"),
    )
    place = col("newest") % len(_STATES)
    state = reduce(lambda chain, name: iff(place == lit(_STATES.index(name)), lit(name), chain), _STATES, lit(DECIDED))
    attempt = ((col("newest") - place) / len(_STATES)).cast(INTEGER)
    return states.select(
        *("spike_key", "kind", "stream_id", "spiked_at"), attempt.alias("attempt"), state.alias("state"), "decided_at"
    )


def find_unfinished(alerts: DataFrame) -> DataFrame:
    """Find the alerts that are to be sent or of unknown outcome, and the sent ones whose recovery is not decided.

    Columns: spike_key, kind, stream_id, spiked_at, attempt, state, decided_at, facts (JSON).
    """
    states = find_newest_states(alerts)
    recovering = alerts.filter(col("kind") == lit(RECOVERY)).select("spike_key")
    is_told = (col("kind") == lit(SPIKE)) & (col("state") == lit(SENT)) & ~in_([col("spike_key")], recovering)
    is_open = col("state").in_(lit(DECIDED), lit(RELEASED), lit(PENDING))
    decided = alerts.filter(col("state") == lit(DECIDED)).select(
        col("spike_key").alias("of_spike"), col("kind").alias("of_kind"), to_json(col("facts")).alias("facts")
    )
    unfinished = states.filter(is_told | is_open)
    same = (unfinished["spike_key"] == decided["of_spike"]) & (unfinished["kind"] == decided["of_kind"])
    joined = unfinished.join(decided, on=same, how="inner").drop("of_spike", "of_kind")
    return joined.sort("decided_at", "spiked_at", "spike_key", "kind")


def find_new_spikes(
    tables: Mapping[str, DataFrame], since: datetime, cooldown_ms: int, training_minutes: int
) -> DataFrame:
    """Find episodes that nobody was told of, with what a message says: the columns of NEW_SPIKE.

    Args:
        tables: mart_viewer_spikes, stg_stream_samples, stg_twitch_streams, channel_history, mart_concurrent_viewers and
            alerts, by name.
        since: UTC; what spiked last before it is not told any more.
        cooldown_ms: The cool-down of the spikes.
        training_minutes: How far back the usual of a category goes.
    """
    recent = tables["mart_viewer_spikes"].filter(col("last_spike_at") >= lit(since)).select(*_SPIKE)
    told = _match_alerts(recent, tables["alerts"], cooldown_ms).select("spike_key")
    new = recent.filter(~in_([col("spike_key")], told))
    named = _leave_out(new, _find_names(new, tables))
    changed = _leave_out(named, _find_change(new, tables["channel_history"]))
    return _leave_out(changed, _measure_category(new, tables["mart_concurrent_viewers"], training_minutes)).select(
        *NEW_SPIKE
    )


def find_recovered(tables: Mapping[str, DataFrame], told: DataFrame, cooldown_ms: int) -> DataFrame:
    """Find what became of the told spikes that are over.

    Columns: told_key, last_spike_at, closed_at, closed_viewers, peak_viewers, peak_at, last_seen_at. closed_at is NULL
    where the stream is not seen any more, last_spike_at where late samples say that it was no spike.

    Args:
        tables: mart_viewer_spikes and int_stream_observations, by name.
        told: told_key, told_stream_id and spiked_at of the alerts.
        cooldown_ms: The cool-down of the spikes.
    """
    of_spike = ("stream_id", "started_at", "last_spike_at", "closed_at", "closed_viewers", "peak_viewers", "peak_at")
    spikes = tables["mart_viewer_spikes"].select(*of_spike)
    is_within = (
        (col("told_stream_id") == col("stream_id"))
        & (col("spiked_at") >= col("started_at"))
        & (col("spiked_at") <= col("last_spike_at"))
    )
    seen = _find_unseen(tables["int_stream_observations"], told, cooldown_ms)
    joined = told.join(spikes, on=is_within, how="left").join(
        seen, on=col("told_stream_id") == col("seen_stream_id"), how="left"
    )
    is_over = col("closed_at").is_not_null() | col("last_spike_at").is_null() | coalesce(col("is_unseen"), lit(False))
    return joined.filter(is_over).select(
        "told_key", "last_spike_at", "closed_at", "closed_viewers", "peak_viewers", "peak_at", "last_seen_at"
    )


def _match_alerts(spikes: DataFrame, alerts: DataFrame, cooldown_ms: int) -> DataFrame:
    decided = alerts.filter((col("kind") == lit(SPIKE)) & (col("state") == lit(DECIDED))).select(
        col("stream_id").alias("told_stream_id"), "spiked_at"
    )
    is_told = (
        (col("stream_id") == col("told_stream_id"))
        & (col("spiked_at") >= dateadd("millisecond", lit(-cooldown_ms), col("started_at")))
        & (col("spiked_at") <= dateadd("millisecond", lit(cooldown_ms), col("last_spike_at")))
    )
    return spikes.join(decided, on=is_told, how="inner")


def _find_names(new: DataFrame, tables: Mapping[str, DataFrame]) -> DataFrame:
    """Find what the sample by which an episode began says of its stream."""
    times = {"stg_stream_samples": "collected_at", "stg_twitch_streams": "snapshot_at"}
    samples = union_all(
        tables[name].select(col("stream_id").alias("named_stream_id"), col(time).alias("named_at"), *_NAMES)
        for name, time in times.items()
    )
    is_first = (col("stream_id") == col("named_stream_id")) & (col("started_at") == col("named_at"))
    found = new.select("spike_key", "stream_id", "started_at").join(samples, on=is_first, how="inner")
    return found.group_by(col("spike_key").alias("of_spike")).agg(*[max(name).alias(name) for name in _NAMES])


def _find_change(new: DataFrame, channel_history: DataFrame) -> DataFrame:
    """Find the newest change of category or title that may have brought the viewers."""
    in_order = Window.partition_by("streamer_key").order_by("valid_from")
    versions = channel_history.select(
        col("streamer_key").alias("of_streamer"),
        col("valid_from").alias("changed_at"),
        lag("game_name").over(in_order).alias("game_before"),
        col("game_name").alias("game_after"),
        lag("title").over(in_order).alias("title_before"),
        col("title").alias("title_after"),
        lag("version_key").over(in_order).is_not_null().alias("has_before"),
    )
    is_cause = (
        (col("streamer_key") == col("of_streamer"))
        & col("has_before")
        & (col("changed_at") >= dateadd("minute", lit(-_CAUSE_MINUTES), col("started_at")))
        & (col("changed_at") <= col("peak_at"))
    )
    changes = new.select("spike_key", "streamer_key", "started_at", "peak_at").join(versions, on=is_cause, how="inner")
    newest_first = Window.partition_by("spike_key").order_by(col("changed_at").desc())
    placed = changes.select(
        col("spike_key").alias("of_spike"), *_CHANGE, row_number().over(newest_first).alias("place")
    )
    return placed.filter(col("place") == lit(1)).select("of_spike", *_CHANGE)


def _measure_category(new: DataFrame, concurrent: DataFrame, training_minutes: int) -> DataFrame:
    """Measure the viewers that the category has without the stream: their usual, and at the peak."""
    games = concurrent.filter(col("scope") == lit("game")).select(
        col("scope_id").alias("of_game"), col("snapshot_at").alias("counted_at"), col("viewers").alias("game_viewers")
    )
    is_near = (
        (col("game_id") == col("of_game"))
        & (col("game_id") != lit(""))
        & (col("counted_at") >= dateadd("minute", lit(-training_minutes), col("started_at")))
        & (col("counted_at") <= col("peak_at"))
    )
    near = new.join(games, on=is_near, how="inner")
    is_before = col("counted_at") < col("started_at")
    latest = Window.partition_by("spike_key").order_by(col("counted_at").desc())
    counted = near.select(
        col("spike_key").alias("of_spike"),
        iff(is_before, col("game_viewers") - coalesce(col("usual_viewers"), lit(0)), null_of(FLOAT)).alias(
            "others_before"
        ),
        iff(~is_before, col("game_viewers") - col("peak_viewers"), null_of(FLOAT)).alias("others_after"),
        row_number().over(latest).alias("place"),
    )
    after = iff(col("place") == lit(1), col("others_after"), null_of(FLOAT))
    return counted.group_by("of_spike").agg(
        median("others_before").alias("category_before"), max(after).alias("category_after")
    )


def _find_unseen(observations: DataFrame, told: DataFrame, cooldown_ms: int) -> DataFrame:
    """Find streams that polls or samples, whichever saw them, have not seen for the cool-down, though they looked."""
    streams = told.select("told_stream_id").distinct()
    looked = observations.group_by(col("is_poll").alias("by_poll")).agg(max("snapshot_at").alias("looked_at"))
    seen = observations.filter(in_([col("stream_id")], streams)).group_by("stream_id", "is_poll")
    both = seen.agg(max("snapshot_at").alias("seen_at")).join(looked, on=col("is_poll") == col("by_poll"), how="inner")
    is_unseen = col("looked_at") >= dateadd("millisecond", lit(cooldown_ms), col("seen_at"))
    return both.group_by(col("stream_id").alias("seen_stream_id")).agg(
        max("seen_at").alias("last_seen_at"), (min(iff(is_unseen, lit(1), lit(0))) == lit(1)).alias("is_unseen")
    )


def _leave_out(spikes: DataFrame, found: DataFrame) -> DataFrame:
    return spikes.join(found, on=col("spike_key") == col("of_spike"), how="left").drop("of_spike")
