"""What a good row of each table says, and the one change that breaks each hand-written rule."""

from __future__ import annotations

from typing import Any

from tests.expectations import (
    planted_activity,
    planted_amplitude,
    planted_billing,
    planted_growth,
    planted_livelogs,
    planted_product,
    planted_stream,
)

Values = dict[str, Any]

_RAW = {"record": {"id": "1", "viewer_count": 5}, "_loaded_at": "2026-03-01 12:00:05"}
# About 10 viewers for 30 minutes, with a fraction that a division of decimals would round.
_SUMS = {"viewer_ms": 18_000_007, "covered_ms": 1_799_999}
_MEASURES = {
    **_SUMS,
    "hours_watched": 18_000_007 / 3_600_000,
    "avg_viewers": 18_000_007 / 1_799_999,
    "airtime_minutes": 1_799_999 / 60_000,
    "peak_viewers": 11,
}
_TIMES = {
    "started_at": "2026-03-01 11:00:00",
    "first_seen_at": "2026-03-01 12:00:00",
    "last_seen_at": "2026-03-01 12:30:00",
    "last_live_at": "2026-03-01 12:30:00",
    "peak_at": "2026-03-01 12:15:00",
}
_SPAN = {name: _TIMES[name] for name in ("first_seen_at", "last_seen_at")}

GOOD: dict[str, Values] = {
    "raw_twitch_streams": _RAW,
    "raw_twitch_users": _RAW,
    "raw_twitch_games": _RAW,
    "stg_twitch_streams": {"started_at": _TIMES["started_at"]},
    "stg_twitch_users": {"account_created_at": "2020-01-01 00:00:00", "streamer_name": "Ann", "streamer_login": "ann"},
    "dim_date": {"week_start": "2026-02-23", "day_of_week": 7, "is_weekend": True},
    "dim_games": _SPAN,
    "dim_streamers": {**_SPAN, "last_live_at": _TIMES["last_live_at"]},
    "fact_stream_snapshots": {
        "started_at": _TIMES["started_at"],
        "minutes_live": 60,
        "next_snapshot_at": "2026-03-01 12:15:00",
        "hold_ms": 900_000,
    },
    "fact_stream_sessions": {
        **{name: _TIMES[name] for name in ("started_at", "first_seen_at", "last_seen_at", "peak_at")},
        **_MEASURES,
        "stream_id": "whole",
        "samples": 1,
    },
    "fact_stream_days": {**_SUMS, "stream_id": "whole"},
    "mart_concurrent_viewers": {"scope_id": "all"},
    "mart_streamer_daily": {**_MEASURES, "streamer_key": "summed"},
    "mart_game_daily": {**_MEASURES, "game_id": "summed"},
    "mart_top_streamers": {**_MEASURES, "streamer_rank": 1},
    **planted_billing.GOOD,
    **planted_livelogs.GOOD,
    **planted_activity.GOOD,
    **planted_amplitude.GOOD,
    **planted_product.GOOD,
    **planted_growth.GOOD,
    **planted_stream.GOOD,
}

# Rows that rules look up, in no batch that is checked.
ALSO: dict[str, list[Values]] = {
    "stg_twitch_streams": [{"stream_id": name} for name in ("restarted", *["held"] * 3)],
    "dim_streamers": [{"streamer_key": "summed"}],
    "dim_games": [{"game_id": "summed"}],
    "int_stream_observations": [
        {"stream_id": "whole", "viewer_count": 11},
        *[{"stream_id": name, "snapshot_at": "2026-03-01 12:01:00", "hold_ms": 0} for name in ("held", "too long")],
    ],
    "fact_stream_sessions": [{"stream_id": "other", "covered_ms": 5}],
    "fact_stream_days": [
        {"stream_id": "a", "streamer_key": "summed", "game_id": "x"},
        {"stream_id": "b", "streamer_key": "x", "game_id": "summed"},
    ],
    "mart_concurrent_viewers": [{"scope": "game", "scope_id": "x"}, {"scope": "language", "scope_id": "en"}],
    **planted_billing.ALSO,
    **planted_activity.ALSO,
    **planted_growth.ALSO,
    **planted_product.ALSO,
    "streamer_activity": [*planted_activity.ALSO["streamer_activity"], planted_growth.STREAM_BEGUN],
}

# What bad rows say where the good row's group must stay as it is.
APART: dict[str, Values] = {
    "int_stream_observations": {"stream_id": "apart"},
    "fact_stream_days": {"stream_id": "apart"},
    "fact_stream_sessions": {"stream_id": "apart"},
    "mart_viewer_spikes": {"stream_id": "apart"},
    **planted_billing.APART,
    **planted_livelogs.APART,
    **planted_product.APART,
    **planted_activity.APART,
    **planted_growth.APART,
}

_RAW_PLANTED: dict[str, Values] = {
    "every record is a JSON object": {"record": [1]},
    "every row's load is in OPS.LOADS with its number of rows": {"_load_id": "unknown"},
    "no snapshot is later than its load": {"_snapshot_at": "2026-03-02 12:00:00"},
}
_MEASURES_PLANTED: dict[str, Values] = {
    "hours_watched follows from viewer_ms": {"hours_watched": 5.1},
    "airtime_minutes follows from covered_ms": {"airtime_minutes": 31.0},
    "avg_viewers follows from viewer_ms and covered_ms": {"avg_viewers": None},
}
_SUMMED = "viewer time and airtime are the sums of fact_stream_days"

_OF_TABLE: dict[str, dict[str, Values]] = {
    "raw_twitch_streams": {
        **_RAW_PLANTED,
        "viewer_count is a number": {"record": {"id": "1", "viewer_count": [98688, 999, 342, 234]}},
    },
    "raw_twitch_users": _RAW_PLANTED,
    "raw_twitch_games": _RAW_PLANTED,
    "stg_twitch_streams": {
        "no stream is seen before it started": {"stream_id": "early", "started_at": "2026-03-01 12:30:00"},
        "a stream keeps its started_at": {"stream_id": "restarted", "started_at": "2026-03-01 11:00:01"},
        "a live stream names its streamer's login and name": {"streamer_name": None},
    },
    "stg_twitch_users": {
        "no account is seen before it was made": {"account_created_at": "2027-01-01 00:00:00"},
        "the login is the name without capitals": {"streamer_name": "Bob"},
    },
    "stg_twitch_games": {"every category has a name": {"game_name": None}},
    "dim_date": {
        "no day is missing": {"date_day": "2026-03-05"},
        "weeks begin on Monday": {"week_start": "2026-02-24"},
        "weekends are Saturday and Sunday": {"is_weekend": False},
        "date_day never repeats": {"date_day": "2026-03-01"},
    },
    "dim_games": {
        "first_seen_at is not after last_seen_at": {"first_seen_at": "2026-03-02 12:00:00"},
        "the empty id is the member without a category": {"game_id": "", "game_name": "Chess"},
        "every category has a name": {"game_name": None},
    },
    "dim_streamers": {
        "first_seen_at is not after last_seen_at": {"first_seen_at": "2026-03-02 12:00:00"},
        "last_live_at is not after last_seen_at": {"last_live_at": "2026-03-02 12:00:00"},
        "no streamer has two current rows": {"streamer_key": "another"},
        "every streamer has a name": {"streamer_name": None},
    },
    "fact_stream_snapshots": {
        "a stream has one row at a snapshot": {"stream_snapshot_key": "another"},
        "minutes_live is not negative": {"minutes_live": -1},
        "minutes_live is the time since the start, floored": {"minutes_live": 61},
        "the next sample is later": {"next_snapshot_at": "2026-03-01 12:00:00"},
        "a count holds at most until the next sample": {"hold_ms": 900_001},
    },
    "fact_stream_sessions": {
        **_MEASURES_PLANTED,
        "first_seen_at is not after last_seen_at": {"first_seen_at": "2026-03-02 12:00:00"},
        "first_seen_at is not after peak_at": {"peak_at": "2026-03-01 11:59:00"},
        "peak_at is not after last_seen_at": {"peak_at": "2026-03-01 12:31:00"},
        "no stream was last seen before it started": {"started_at": "2026-03-01 12:40:00"},
        "the peak is not below the average": {"avg_viewers": 11.5},
        "airtime is at most the time from first to last sample": {"covered_ms": 1_800_001},
        "samples and peak are those of int_stream_observations": {"stream_id": "whole", "samples": 2},
        "stream_id never repeats": {"stream_id": "whole"},
    },
    "fact_stream_days": {
        "a day covers at most 24 hours": {"covered_ms": 86_400_001},
        "a day without samples has no peak, one with samples has one": {"peak_viewers": None},
        "no viewer time without covered time": {"covered_ms": 0},
        "a stream's days cover what its session covers": {"stream_id": "other"},
        "stream_id, game_id, date_day never repeat": {"stream_id": "whole", "covered_ms": 0, "viewer_ms": 0},
    },
    "mart_concurrent_viewers": {
        "all viewers are the sum over categories": {"streams": 11},
        "all viewers are the sum over languages": {"viewers": 11},
        "only streams with viewers are counted": {"streams": 11},
        "date_day is the day of snapshot_at": {"date_day": "2026-03-02"},
    },
    "mart_streamer_daily": {
        **_MEASURES_PLANTED,
        _SUMMED: {"viewer_ms": 18_000_001},
        "nobody is on air for more than 24 hours of a day": {"airtime_minutes": 1441.0},
    },
    "mart_game_daily": {
        **_MEASURES_PLANTED,
        _SUMMED: {"covered_ms": 1_800_001},
        "the category's peak is at least the highest sample of its streams": {"peak_viewers": 9},
    },
    "mart_top_streamers": {
        **_MEASURES_PLANTED,
        "a rank is held once": {"streamer_key": "another"},
        "a better rank was watched at least as much": {"streamer_rank": 2, "viewer_ms": 18_000_008},
    },
}
# One bad row, or the rows that break a rule together.
PLANTED: dict[tuple[str, str], Values | list[Values]] = {
    (table, rule): values
    for tables in (
        _OF_TABLE,
        planted_billing.PLANTED,
        planted_livelogs.PLANTED,
        planted_activity.PLANTED,
        planted_amplitude.PLANTED,
        planted_product.PLANTED,
        planted_growth.PLANTED,
        planted_stream.PLANTED,
    )
    for table, planted in tables.items()
    for rule, values in planted.items()
}
