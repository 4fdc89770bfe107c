"""Spikes: the episodes in which a stream had many more viewers than it usually has, or very many.

Grain    one spike episode of one stream
Key      spike_key, the hash of (platform, stream_id, started_at)
Source   int_stream_observations: polls and samples of a stream are one
Units    viewers; usual_viewers is a median of samples; every *_at is UTC without zone
Rerun    recomputes the streams that new samples touch: a late one may move the begin of an episode, or join two
Gaps     a stream that is not seen any more has no sample that closes its last episode: closed_at stays NULL

A sample spikes where it has `viewers`, or `ratio` times the median of the stream's samples of the training window
before it, itself not among them (SEMANTICS §8). Samples that spike and lie at most the cool-down apart are one episode;
the first sample behind the cool-down closes it.
"""

from __future__ import annotations

from dataclasses import dataclass

from transforms import columns
from transforms.contract import BOOLEAN, FLOAT, INTEGER, TEXT, TIMESTAMP, Column, MergeOnKey, Table, locate_table
from transforms.formulas.frames import have_same, null_of
from transforms.formulas.keys import hash_key
from transforms.functions import (
    DataFrame,
    Expression,
    Window,
    coalesce,
    col,
    count,
    date_part,
    iff,
    lag,
    least,
    lit,
    max,
    median,
    min,
    sum,
)

THRESHOLD, RATIO, BOTH = "threshold", "ratio", "both"
TABLE = Table(
    *locate_table(__name__),
    grain="one spike episode of one stream",
    key=("spike_key",),
    write=MergeOnKey(),
    recompute_by=("stream_id",),
    cluster_by="started_at",
    tags=("twitch", "kafka"),
    columns=(
        Column("spike_key", TEXT, "hash of (platform, stream_id, started_at)", nullable=False),
        columns.platform,
        columns.stream_id,
        columns.streamer_key,
        columns.streamer_id,
        columns.game_id.replace(description="the category when it began; '' is none"),
        Column("started_at", TIMESTAMP, "first sample that spiked, UTC", nullable=False),
        Column(
            "spike_rule",
            TEXT,
            "why the first sample spiked: threshold (very many viewers), ratio (many more than usual) or both",
            nullable=False,
            accepted=(BOTH, RATIO, THRESHOLD),
        ),
        Column("usual_viewers", FLOAT, "median before it began; NULL where there were too few samples", minimum=0),
        Column("first_viewers", INTEGER, "viewers of the first sample that spiked", nullable=False, minimum=1),
        columns.peak_viewers.replace(description="most viewers of a sample that spiked", minimum=1),
        Column("peak_at", TIMESTAMP, "first sample that reached peak_viewers, UTC", nullable=False),
        Column("spike_samples", INTEGER, "samples that spiked", nullable=False, minimum=1),
        Column("last_spike_at", TIMESTAMP, "last sample that spiked, UTC", nullable=False),
        Column("closed_at", TIMESTAMP, "first sample below, behind the cool-down, UTC; NULL while it lasts"),
        Column("closed_viewers", INTEGER, "viewers of that sample", minimum=0),
        Column("is_open", BOOLEAN, "no sample closes it yet", nullable=False),
    ),
)

_US_PER_MINUTE = 60_000_000


@dataclass(frozen=True)
class SpikeLimits:
    """What a spike is.

    Args:
        viewers: A sample with so many spikes, whoever streams.
        ratio: So does one with so many times the usual viewers of the stream.
        least_viewers: Below it no ratio is a spike: three viewers instead of one are none.
        training_minutes: How far back the samples go whose median is the usual.
        min_samples: With fewer of them nothing is usual.
        cooldown_minutes: Samples that spike further apart are two episodes.
    """

    viewers: int = 10_000
    ratio: float = 3.0
    least_viewers: int = 100
    training_minutes: int = 120
    min_samples: int = 5
    cooldown_minutes: float = 30

    @property
    def training_us(self) -> int:
        """Length of the training window in microseconds."""
        return self.training_minutes * _US_PER_MINUTE

    @property
    def cooldown_us(self) -> int:
        """The cool-down in microseconds."""
        return round(self.cooldown_minutes * _US_PER_MINUTE)


_STREAM = ("platform", "stream_id")
_OF_SAMPLE = ("streamer_key", "streamer_id", "game_id")
_SAMPLE = (*_STREAM, *_OF_SAMPLE, "viewer_count", "snapshot_at", "at_us")


def build(int_stream_observations: DataFrame, *, spike_limits: SpikeLimits) -> DataFrame:
    """Judge every sample, and join those that spike into episodes."""
    at_us = date_part("epoch_microsecond", col("snapshot_at"))
    observed = int_stream_observations.select(
        *_STREAM, *_OF_SAMPLE, "viewer_count", "snapshot_at", at_us.alias("at_us")
    )
    samples = _with_lowest(observed, spike_limits)
    judged = _with_usual(samples, spike_limits)
    has_many = col("viewer_count") >= lit(spike_limits.viewers)
    is_unusual = coalesce(_has_times(spike_limits, "usual_viewers"), lit(False))
    told = judged.select(
        "*",
        (has_many | is_unusual).alias("is_spike"),
        iff(has_many & is_unusual, lit(BOTH), iff(has_many, lit(THRESHOLD), lit(RATIO))).alias("spike_rule"),
    )
    return TABLE.select(_episodes(told, spike_limits.cooldown_us))


def _has_times(limits: SpikeLimits, level: str) -> Expression:
    """Condition on a sample: it has enough viewers, and so many times those of the column."""
    return (col("viewer_count") >= lit(limits.least_viewers)) & (col("viewer_count") >= lit(limits.ratio) * col(level))


def _with_lowest(samples: DataFrame, limits: SpikeLimits) -> DataFrame:
    """Add a number that no median of the training window is below: what is no spike of it needs no median.

    A sample's training window lies in its own bucket, of the window's length, and the one before.
    """
    begin = col("at_us") - col("at_us") % lit(limits.training_us)
    bucketed = samples.select("*", begin.alias("bucket_us"))
    lowest = bucketed.group_by(*_STREAM, "bucket_us").agg(min("viewer_count").alias("lowest_of_bucket"))
    before = lag("lowest_of_bucket").over(Window.partition_by(*_STREAM).order_by("bucket_us"))
    of_both = coalesce(least(col("lowest_of_bucket"), before), col("lowest_of_bucket"))
    known = lowest.select(
        *[col(name).alias(f"of_{name}") for name in (*_STREAM, "bucket_us")], of_both.alias("lowest_viewers")
    )
    joined = bucketed.join(known, on=have_same((*_STREAM, "bucket_us"), "of_"), how="inner")
    return joined.select(*_SAMPLE, "bucket_us", "lowest_viewers")


def _with_usual(samples: DataFrame, limits: SpikeLimits) -> DataFrame:
    """Add the median of the samples of the training window, where it can matter and there are enough of them."""
    can_spike = (col("viewer_count") >= lit(limits.viewers)) | _has_times(limits, "lowest_viewers")
    tested = samples.filter(can_spike).select(
        *[col(name).alias(f"tested_{name}") for name in (*_STREAM, "at_us", "bucket_us")]
    )
    earlier = (col("tested_bucket_us") - lit(limits.training_us)).alias("tested_bucket_us")
    # By bucket a stream's samples meet only those of its last hours, not all of its others.
    in_buckets = tested.union_all(tested.select(*[f"tested_{name}" for name in (*_STREAM, "at_us")], earlier))
    is_training = (
        have_same((*_STREAM, "bucket_us"), "tested_")
        & (col("at_us") < col("tested_at_us"))
        & (col("at_us") >= col("tested_at_us") - lit(limits.training_us))
    )
    pairs = samples.select(*_STREAM, "at_us", "viewer_count", "bucket_us").join(in_buckets, on=is_training, how="inner")
    usual = pairs.group_by(*[f"tested_{name}" for name in (*_STREAM, "at_us")]).agg(
        median("viewer_count").alias("median_viewers"), count(lit(1)).alias("training_samples")
    )
    joined = samples.join(usual, on=have_same((*_STREAM, "at_us"), "tested_"), how="left")
    is_known = col("training_samples") >= lit(limits.min_samples)
    return joined.select(
        *_SAMPLE, iff(is_known, col("median_viewers").cast(FLOAT), null_of(FLOAT)).alias("usual_viewers")
    )


def _episodes(judged: DataFrame, cooldown_us: int) -> DataFrame:
    """Give one row per episode: its first sample, with what its others say."""
    in_order = Window.partition_by(*_STREAM).order_by("at_us")
    before = in_order.rows_between(Window.UNBOUNDED_PRECEDING, -1)
    followed = judged.select(
        "*", max(iff(col("is_spike"), col("at_us"), null_of(INTEGER))).over(before).alias("spiked_us")
    )
    since = col("at_us") - col("spiked_us")
    is_first = col("is_spike") & coalesce(since > lit(cooldown_us), lit(True))
    marked = followed.select(
        "*",
        is_first.alias("is_first"),
        coalesce(~col("is_spike") & (since >= lit(cooldown_us)), lit(False)).alias("is_behind"),
    )
    so_far = in_order.rows_between(Window.UNBOUNDED_PRECEDING, Window.CURRENT_ROW)
    numbered = marked.select("*", sum(iff(col("is_first"), lit(1), lit(0))).over(so_far).alias("episode"))
    return _first_samples(numbered.filter(col("episode") > lit(0)))


def _first_samples(numbered: DataFrame) -> DataFrame:
    of_episode = Window.partition_by(*_STREAM, "episode")
    spiking = iff(col("is_spike"), col("viewer_count"), null_of(INTEGER))
    closing = iff(col("is_behind"), col("snapshot_at"), null_of(TIMESTAMP))
    measured = numbered.select(
        "*", max(spiking).over(of_episode).alias("peak_viewers"), min(closing).over(of_episode).alias("closed_at")
    )
    at_peak = col("is_spike") & (col("viewer_count") == col("peak_viewers"))
    spiked_at = iff(col("is_spike"), col("snapshot_at"), null_of(TIMESTAMP))
    closed_viewers = iff(col("snapshot_at") == col("closed_at"), col("viewer_count"), null_of(INTEGER))
    complete = measured.select(
        "*",
        min(iff(at_peak, col("snapshot_at"), null_of(TIMESTAMP))).over(of_episode).alias("peak_at"),
        sum(iff(col("is_spike"), lit(1), lit(0))).over(of_episode).alias("spike_samples"),
        max(spiked_at).over(of_episode).alias("last_spike_at"),
        max(closed_viewers).over(of_episode).alias("closed_viewers"),
        col("closed_at").is_null().alias("is_open"),
    )
    return complete.filter(col("is_first")).select(
        "*",
        hash_key("platform", "stream_id", "at_us").alias("spike_key"),
        col("snapshot_at").alias("started_at"),
        col("viewer_count").alias("first_viewers"),
    )
