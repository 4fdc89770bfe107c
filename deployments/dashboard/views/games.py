"""Games: one category or all of them, and when what is watched."""

from __future__ import annotations

import streamlit as st

from deployments.dashboard import charts
from deployments.dashboard.filters import choose, choose_period, choose_word, choose_zone
from deployments.dashboard.panels import format_number, format_share, metrics, panel, read, records, show_ages
from deployments.dashboard.queries import games
from deployments.dashboard.queries.period import Period
from deployments.dashboard.results import run

_NONE = "Nothing in these days. Choose more of them, or poll again with `snowcast ingest twitch`."
_NOTHING = "No category is known yet. `snowcast run` polls the streams."
WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
_MEASURES = {
    "viewers": ("viewers", "concurrent viewers, the average of the hour"),
    "channels": ("channels", "streams with viewers, the average of the hour"),
    "median": ("viewers", "viewers of the channel in the middle"),
}


def draw() -> None:
    """Draw the page."""
    st.title("Games", anchor=False)
    show_ages("twitch", "stream")
    with st.container(horizontal=True, gap="small"):
        period = choose_period("games", 30)
        found = records(read(lambda: games.list_games(run, period)))
        options = {str(one["game_id"]): str(one["game_name"]) for one in found if one["game_id"]}
        game = choose("Category", "game", options, "all categories")
        zone = choose_zone()
    _draw_summary(game, period)
    panel(
        "Concurrent viewers",
        "viewers at each snapshot; the highest of the hour or day where the range is long",
        lambda: games.viewers_over_time(run, game, period),
        lambda rows: charts.time_line(rows, "snapshot_at", {"viewers": "viewers"}, "viewers", zone),
        empty=_NONE,
        zone=zone,
    )
    _draw_week(game, period)
    _draw_days(game, period)
    panel(
        "All categories",
        "measures of these days, the most watched first; average viewers are those of a stream",
        lambda: games.list_games(run, period),
        empty=_NOTHING,
    )


def _draw_summary(game: str | None, period: Period) -> None:
    found = read(lambda: games.summarize(run, game, period))
    if found.empty:
        st.info(_NOTHING, icon=":material/inbox:")
        return
    one = found.iloc[0]
    metrics(
        ("Hours watched", format_number(one["hours_watched"]), "viewer-hours"),
        ("Average viewers", format_number(one["avg_viewers"], 1), "of a stream, weighted by time"),
        ("Peak viewers", format_number(one["peak_viewers"]), "concurrent"),
        ("Broadcasts", format_number(one["streams_started"]), "began in these days"),
        ("Coverage", format_share(one["coverage"]), "of air time is sampled"),
    )


def _draw_week(game: str | None, period: Period) -> None:
    measure = choose_word("When and what", "measure", list(_MEASURES))
    unit, note = _MEASURES[measure]
    panel(
        "Hours of the week",
        f"{note}; hours and weekdays are UTC",
        lambda: games.list_hours_of_the_week(run, game, period),
        lambda rows: charts.heat_map(
            rows.assign(day=rows["weekday"].map(lambda day: WEEKDAYS[day - 1])),
            "hour",
            "day",
            "median_viewers" if measure == "median" else measure,
            unit,
            titles=("hour (UTC)", ""),
        ),
        empty=_NONE,
    )


def _draw_days(game: str | None, period: Period) -> None:
    left, right = st.columns(2)
    with left:
        panel(
            "Watched by day",
            "viewer-hours by UTC day",
            lambda: games.list_days(run, game, period),
            lambda rows: charts.stacked_bars(rows, "date_day", {"hours_watched": "hours watched"}, "viewer-hours"),
            empty=_NONE,
        )
    with right:
        panel(
            "Top streamers",
            "viewer-hours in these days, the fifteen most watched",
            lambda: games.list_streamers(run, game, period),
            lambda rows: charts.bars(rows, "streamer_name", "hours_watched", "viewer-hours"),
            empty=_NONE,
        )
