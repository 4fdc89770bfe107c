"""Games: one category or all of them, and when what is watched."""

from __future__ import annotations

import streamlit as st

from deployments.dashboard import charts
from deployments.dashboard.filters import choose, choose_period, choose_word, choose_zone
from deployments.dashboard.panels import Origin, format_number, panel, read, records, show_ages
from deployments.dashboard.queries import games
from deployments.dashboard.queries.period import Period
from deployments.dashboard.results import run
from deployments.dashboard.views.audience import draw_measures, draw_watched, viewers_line

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
        viewers_line(zone),
        empty=_NONE,
        zone=zone,
        origin=Origin(
            "mart_concurrent_viewers",
            "viewers",
            {"scope": "all"} if game is None else {"scope": "game", "scope_id": game},
        ),
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
    began = ("Broadcasts", format_number(one["streams_started"]), "began in these days")
    draw_measures(one, "of a stream", "concurrent", began, _origin(game))


def _origin(game: str | None) -> Origin:
    return Origin("mart_game_daily", "hours_watched", {} if game is None else {"game_id": game})


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
    draw_watched(
        lambda: games.list_days(run, game, period),
        lambda: games.list_streamers(run, game, period),
        title="Top streamers",
        unit="viewer-hours in these days, the fifteen most watched",
        label="streamer_name",
        empty=_NONE,
        origin=_origin(game),
    )
