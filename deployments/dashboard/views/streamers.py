"""Streamers: one of them, from the audience to the names it had."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from deployments.dashboard import charts
from deployments.dashboard.filters import choose, choose_period, choose_zone
from deployments.dashboard.panels import Origin, beside, format_number, panel, read, records, show_ages
from deployments.dashboard.queries import streamers
from deployments.dashboard.queries.period import Period
from deployments.dashboard.results import run
from deployments.dashboard.views.audience import draw_measures, draw_watched, viewers_line

_NONE = "Nothing in these days. Choose more of them, or poll again with `snowcast ingest twitch`."
_NO_LOGS = "The live logs tell nothing of these days. `snowcast ingest livelogs` reads them."
_NOBODY = "No streamer is known yet. `snowcast run` reads what is configured."


def draw() -> None:
    """Draw the page."""
    st.title("Streamers", anchor=False)
    show_ages("twitch", "livelogs")
    with st.container(horizontal=True, gap="small"):
        text = st.text_input("Find", placeholder="part of a name, or an id", key="find", bind="query-params")
        streamer = choose("Streamer", "streamer", _options(text))
        period = choose_period("streams", 30)
        zone = choose_zone()
    if streamer is None:
        st.info(f"Nobody is called like “{text}”." if text else _NOBODY, icon=":material/inbox:")
        return
    _draw_profile(streamer)
    _draw_summary(streamer, period)
    _draw_audience(streamer, period, zone)
    _draw_broadcasts(streamer, period, zone)
    _draw_channel(streamer, period, zone)
    _draw_gifts(streamer, period)
    panel(
        "Activities",
        "what happened, the newest first; features as JSON",
        lambda: streamers.list_activities(run, streamer, period),
        empty="No activity in these days. `snowcast run` builds streamer_activity.",
        zone=zone,
    )


def _options(text: str) -> dict[str, str]:
    found = read(lambda: streamers.find_streamers(run, text))
    asked = st.query_params.get("streamer")
    options = {str(one["streamer_key"]): _call(one) for one in records(found)}
    if asked and asked not in options:
        for one in records(read(lambda: streamers.read_profile(run, asked))):
            options[asked] = _call(one)
    return options


def _call(one: Mapping[str, Any]) -> str:
    return f"{one['streamer_name']} · {one['platform']}"


def _draw_profile(streamer: str) -> None:
    found = read(lambda: streamers.read_profile(run, streamer))
    if found.empty:
        return
    one = found.iloc[0]
    facts = {
        "login": one["streamer_login"],
        "id": f"{one['platform']}:{one['streamer_id']}",
        "type": one["broadcaster_type"],
        "country": one["register_country"],
        "account since": _format_day(one["account_created_at"]),
        "first seen": _format_day(one["first_seen_at"]),
        "last live": _format_day(one["last_live_at"]),
    }
    st.header(one["streamer_name"], anchor=False)
    st.text(" · ".join(f"{name} {value}" for name, value in facts.items() if value))


def _format_day(moment: pd.Timestamp) -> str:
    return "" if pd.isna(moment) else f"{moment:%Y-%m-%d}"


def _draw_summary(streamer: str, period: Period) -> None:
    found = read(lambda: streamers.summarize(run, streamer, period))
    if found.empty:
        return
    one = found.iloc[0]
    airtime = "–" if pd.isna(one["airtime_minutes"]) else _format_hours(one["airtime_minutes"])
    begun = ("Airtime", airtime, f"broadcasts begun: {format_number(one['streams_started'])}")
    draw_measures(one, "weighted by time", "highest sample", begun, _origin(streamer))


def _origin(streamer: str) -> Origin:
    return Origin("mart_streamer_daily", "hours_watched", {"streamer_key": streamer})


def _format_hours(minutes: float) -> str:
    hours, rest = divmod(round(minutes), 60)
    return f"{hours:,} h {rest:02d} min"


def _draw_audience(streamer: str, period: Period, zone: str) -> None:
    panel(
        "Audience",
        "viewers at each sample; the highest of the hour or day where the range is long",
        lambda: streamers.viewers_over_time(run, streamer, period),
        viewers_line(zone),
        empty=_NONE,
        zone=zone,
    )
    draw_watched(
        lambda: streamers.list_days(run, streamer, period),
        lambda: streamers.list_games(run, streamer, period),
        title="Categories",
        unit="viewer-hours by category",
        label="game_name",
        empty=_NONE,
        origin=_origin(streamer),
    )


def _draw_broadcasts(streamer: str, period: Period, zone: str) -> None:
    panel(
        "Broadcasts",
        "those on air in these days; coverage is the share of their time that samples cover (logged ones have none)",
        lambda: streamers.list_sessions(run, streamer, period),
        empty=_NONE,
        zone=zone,
    )


def _draw_channel(streamer: str, period: Period, zone: str) -> None:
    panel(
        "Titles and categories",
        "as they were in these days, the newest first",
        lambda: streamers.list_titles(run, streamer, period),
        empty=_NONE,
        zone=zone,
    )
    panel(
        "Names",
        "names and logins that the streamer had, the newest first",
        lambda: streamers.list_names(run, streamer),
        empty="No profile has been polled. `snowcast ingest twitch` polls them.",
        zone=zone,
    )


def _draw_gifts(streamer: str, period: Period) -> None:
    beside(
        lambda: panel(
            "Gifts",
            "points of gifts by UTC day; those taken back do not count",
            lambda: streamers.list_gifts(run, streamer, period),
            lambda rows: charts.stacked_bars(rows, "date_day", {"points": "points"}, "points"),
            empty=_NO_LOGS,
        ),
        lambda: panel(
            "Followers",
            "followers won less those lost since the first of these days, as the live logs estimate them",
            lambda: streamers.list_follower_changes(run, streamer, period),
            lambda rows: charts.time_line(rows, "date_day", {"total_change": "followers"}, "followers"),
            empty=_NO_LOGS,
        ),
    )
