"""What streamers do, read from facts and histories: a declaration and a function for each activity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from transforms.activity.definitions import features
from transforms.activity.definitions.activity import STREAMER, Activity, Definition, Feature
from transforms.activity.definitions.events import OF_STREAMER, event_rows, with_gift_value
from transforms.contract import BOOLEAN, FLOAT, INTEGER, TEXT
from transforms.formulas.frames import null_of
from transforms.formulas.measures import MS_PER_HOUR
from transforms.functions import DataFrame, Expression, Window, coalesce, col, datediff, equal_null, lag, lit, max
from transforms.types import DataType

CHANGED_CATEGORY = Activity(
    name="changed_category",
    stream=STREAMER,
    description="the channel was seen in another category than before, also when a later broadcast is",
    features=(
        features.stream_id,
        Feature("from_game_id", TEXT, "category before; empty for none"),
        Feature("from_game_name", TEXT, "its name"),
        Feature("to_game_id", TEXT, "category from then on; empty for none"),
        Feature("to_game_name", TEXT, "its name"),
    ),
)
CHANGED_TITLE = Activity(
    name="changed_title",
    stream=STREAMER,
    description="the channel was seen under another title than before, also when a later broadcast is",
    features=(
        features.stream_id,
        Feature("from_title", TEXT, "title before"),
        Feature("to_title", TEXT, "title from then on"),
    ),
)
GIFT_RECEIVED = Activity(
    name="gift_received",
    stream=STREAMER,
    description="a viewer gave the streamer a gift; cancelled gifts stay, with a negative revenue_impact",
    features=(features.gift_transaction_id, features.user_id, *features.OF_GIFT),
)
STREAM_ENDED = Activity(
    name="stream_ended",
    stream=STREAMER,
    description="a broadcast was over: at its logged end, or at its last sample once the polls went on without it",
    features=(
        features.stream_id,
        Feature("duration_seconds", INTEGER, "from begin to end"),
        features.max_viewers,
        features.unique_viewers,
        Feature("hours_watched", FLOAT, "viewer-hours"),
        Feature("like_count", INTEGER, "likes received, live logs only"),
        Feature("comment_count", INTEGER, "comments received, live logs only"),
        Feature("follow_change", INTEGER, "followers won less followers lost, live logs only"),
        Feature("receive_points", INTEGER, "points received as the log estimates them, live logs only"),
        Feature("close_by", TEXT, "what ended it, live logs only"),
    ),
)
STREAM_STARTED = Activity(
    name="stream_started",
    stream=STREAMER,
    description="a broadcast began, as its source dates it; a restart is a broadcast of its own",
    features=(
        features.stream_id,
        Feature("streamer_type", TEXT, "kind of broadcast, live logs only"),
        Feature("is_private", BOOLEAN, "not shown to everybody, live logs only"),
        Feature("is_show", BOOLEAN, "announced as a show, live logs only"),
        Feature("culture_group", TEXT, "audience that it is made for, live logs only"),
    ),
)
WENT_LIVE = Activity(
    name="went_live",
    stream=STREAMER,
    description="a streamer who was offline for longer than the gap cap began to broadcast; a restart is none",
    features=(
        features.stream_id,
        Feature("offline_seconds", INTEGER, "since the broadcast before; NULL for the first"),
    ),
)
_CARRIED = ("streamer_key", "platform", "streamer_id", "stream_id", "version_key", "valid_from")
# Broadcasts of all platforms in one shape: sessions that polls saw, and streams that the live logs list.
_STREAM = ("stream_id", "platform", "streamer_key", "streamer_id")
_KIND = {"streamer_type": TEXT, "is_private": BOOLEAN, "is_show": BOOLEAN, "culture_group": TEXT}
_RESULT = {
    "unique_viewers": INTEGER,
    "like_count": INTEGER,
    "comment_count": INTEGER,
    "follow_change": INTEGER,
    "receive_points": INTEGER,
    "close_by": TEXT,
}
_SECONDS_PER_HOUR = MS_PER_HOUR // 1000


def emit_changed_category(channel_history: DataFrame) -> DataFrame:
    """Emit one row per version of the channel with another category than the version before."""
    changes = _changes_of(channel_history, "game_id", ("game_id", "game_name"))
    return event_rows(CHANGED_CATEGORY, changes, OF_STREAMER, business_key=("version_key",), ts="valid_from")


def emit_changed_title(channel_history: DataFrame) -> DataFrame:
    """Emit one row per version of the channel with another title than the version before."""
    changes = _changes_of(channel_history, "title", ("title",))
    return event_rows(CHANGED_TITLE, changes, OF_STREAMER, business_key=("version_key",), ts="valid_from")


def emit_gift_received(fact_gifts: DataFrame, *, point_value: Decimal | None) -> DataFrame:
    """Emit one row per gift transaction."""
    return event_rows(
        GIFT_RECEIVED,
        with_gift_value(fact_gifts, point_value),
        OF_STREAMER,
        business_key=("gift_transaction_id",),
        ts="gifted_at",
        revenue="gift_value",
    )


def emit_stream_ended(int_stream_ends: DataFrame, fact_live_streams: DataFrame) -> DataFrame:
    """Emit one row per broadcast that is over."""
    ended = _list_ended(int_stream_ends, fact_live_streams)
    return event_rows(STREAM_ENDED, ended, OF_STREAMER, business_key=("stream_id",), ts="ended_at")


def emit_stream_started(fact_stream_sessions: DataFrame, fact_live_streams: DataFrame) -> DataFrame:
    """Emit one row per broadcast."""
    started = _list_started(fact_stream_sessions, fact_live_streams)
    return event_rows(STREAM_STARTED, started, OF_STREAMER, business_key=("stream_id",), ts="started_at")


def emit_went_live(fact_stream_sessions: DataFrame, fact_live_streams: DataFrame, *, gap_cap_seconds: int) -> DataFrame:
    """Emit one row per broadcast before which the streamer was offline."""
    started = _list_started(fact_stream_sessions, fact_live_streams)
    earlier = (
        Window.partition_by("streamer_key")
        .order_by("started_at", "stream_id")
        .rows_between(Window.UNBOUNDED_PRECEDING, -1)
    )
    followed = started.select("*", max("live_until").over(earlier).alias("was_live_until"))
    offline = followed.select(
        "*", datediff("second", col("was_live_until"), col("started_at")).alias("offline_seconds")
    )
    was_offline = col("was_live_until").is_null() | (col("offline_seconds") > lit(gap_cap_seconds))
    return event_rows(WENT_LIVE, offline.filter(was_offline), OF_STREAMER, business_key=("stream_id",), ts="started_at")


def _list_started(fact_stream_sessions: DataFrame, fact_live_streams: DataFrame) -> DataFrame:
    """List every broadcast with its begin, what is known of its kind, and `live_until`: its end or last sample."""
    begin = coalesce(col("started_at"), col("first_seen_at"))
    polled = fact_stream_sessions.select(
        *_STREAM, begin.alias("started_at"), col("last_seen_at").alias("live_until"), *_unknown(_KIND)
    )
    until = coalesce(col("ended_at"), col("started_at"))
    logged = fact_live_streams.select(*_STREAM, "started_at", until.alias("live_until"), *_cast_all(_KIND))
    return polled.union_all(logged)


def _list_ended(int_stream_ends: DataFrame, fact_live_streams: DataFrame) -> DataFrame:
    """List every broadcast that is over, with its length and what came of it."""
    seconds = datediff("second", col("started_at"), col("ended_at"))
    polled = int_stream_ends.select(
        *_STREAM,
        "ended_at",
        seconds.alias("duration_seconds"),
        col("peak_viewers").alias("max_viewers"),
        "hours_watched",
        *_unknown(_RESULT),
    )
    hours = col("total_viewer_seconds").cast(FLOAT) / lit(float(_SECONDS_PER_HOUR))
    logged = fact_live_streams.filter(col("ended_at").is_not_null()).select(
        *_STREAM, "ended_at", "duration_seconds", "max_viewers", hours.alias("hours_watched"), *_cast_all(_RESULT)
    )
    return polled.union_all(logged)


def _unknown(types: Mapping[str, DataType]) -> list[Expression]:
    return [null_of(type_).alias(name) for name, type_ in types.items()]


def _cast_all(types: Mapping[str, DataType]) -> list[Expression]:
    return [col(name).cast(type_).alias(name) for name, type_ in types.items()]


def _changes_of(channel_history: DataFrame, watched: str, shown: Sequence[str]) -> DataFrame:
    """Return the versions whose watched column differs from the version before, NULL-safely.

    Args:
        channel_history: Versions; all of a channel that has any.
        watched: Column whose change counts.
        shown: Columns to give before and after the change, as `from_<name>` and `to_<name>`.
    """
    in_order = Window.partition_by("streamer_key").order_by("valid_from")
    before = [lag(col(name)).over(in_order).alias(f"from_{name}") for name in shown]
    followed = channel_history.select(
        *_CARRIED,
        *before,
        *[col(name).alias(f"to_{name}") for name in shown],
        lag("valid_from").over(in_order).alias("was_since"),
    )
    is_changed = ~equal_null(col(f"from_{watched}"), col(f"to_{watched}"))
    return followed.filter(col("was_since").is_not_null() & is_changed)


ACTIVITIES = (
    Definition(CHANGED_CATEGORY, emit_changed_category),
    Definition(CHANGED_TITLE, emit_changed_title),
    Definition(GIFT_RECEIVED, emit_gift_received, is_row_wise=True),
    Definition(STREAM_ENDED, emit_stream_ended),
    Definition(STREAM_STARTED, emit_stream_started),
    Definition(WENT_LIVE, emit_went_live),
)
