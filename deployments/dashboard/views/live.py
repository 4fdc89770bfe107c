"""Live: who watches now, how it came there, and what is unusual. Looks again by itself."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from deployments.dashboard import access, charts
from deployments.dashboard.filters import choose, choose_word, choose_zone
from deployments.dashboard.panels import Origin, beside, format_number, metrics, panel, read, records, show_ages
from deployments.dashboard.queries import live
from deployments.dashboard.queries.live import Audience
from deployments.dashboard.results import run
from deployments.dashboard.views.audience import viewers_line

_WINDOWS = {"3h": 3, "24h": 24, "7d": 168, "30d": 720}
_EMPTY = "No stream has been polled yet. `snowcast run` polls them once, `snowcast ingest twitch` again."
_NO_SPIKES = "No spike is open. `snowcast run` looks for them as it builds mart_viewer_spikes."


def draw() -> None:
    """Draw the page."""
    st.title("Live", anchor=False)
    with st.container(horizontal=True, gap="small"):
        hours = _WINDOWS[choose_word("Window", "window", list(_WINDOWS), "24h")]
        zone = choose_zone()
    with st.container(horizontal=True, gap="small"):
        audience = _choose_audience(hours)
    st.fragment(_draw_numbers, run_every=access.current().refresh_seconds)(hours, audience, zone)


def _choose_audience(hours: int) -> Audience:
    found = read(lambda: live.list_choices(run, hours))
    options: dict[str, dict[str, str]] = {"game": {}, "language": {}}
    for one in records(found):
        options[one["scope"]][one["scope_id"]] = one["name"]
    game = choose("Category", "game", options["game"], "all categories")
    language = choose("Language", "language", options["language"], "all languages")
    return Audience(game, language)


def _draw_numbers(hours: int, audience: Audience, zone: str) -> None:
    show_ages("twitch", "stream")
    _draw_summary(hours, audience)
    panel(
        "Concurrent viewers",
        "viewers of all streams together, at each poll; of a category that is sampled, each minute",
        lambda: live.viewers_over_time(run, audience, hours),
        viewers_line(zone),
        empty=_EMPTY,
        zone=zone,
        origin=_origin(audience, "viewers"),
    )
    _draw_shares(audience)
    _draw_streams(audience)
    panel(
        "Open spikes",
        "streams with many more viewers than they usually have, or very many",
        lambda: live.list_open_spikes(run, audience),
        empty=_NO_SPIKES,
        zone=zone,
    )


def _draw_shares(audience: Audience) -> None:
    beside(
        lambda: panel(
            "Categories now",
            "viewers at the newest snapshot, the ten most watched",
            lambda: live.list_games(run, audience),
            lambda rows: charts.bars(rows, "game_name", "viewers", "viewers"),
            empty=_EMPTY,
        ),
        lambda: panel(
            "Languages now",
            "viewers at the newest snapshot, the ten most watched",
            lambda: live.list_languages(run, audience),
            lambda rows: charts.bars(rows, "language", "viewers", "viewers"),
            empty=_EMPTY,
        ),
    )


def _draw_streams(audience: Audience) -> None:
    beside(
        lambda: panel(
            "Rising and falling",
            "change of viewers since the snapshot before, the eight largest each way",
            lambda: live.list_movers(run, audience),
            lambda rows: charts.bars(rows, "streamer_name", "change", "viewers", most=16),
            empty="Nothing to compare: it takes two polls. `snowcast ingest twitch` polls again.",
        ),
        lambda: panel(
            "Top streamers now",
            "viewers at the newest snapshot, the fifteen most watched",
            lambda: live.list_top_streams(run, audience),
            lambda rows: charts.bars(rows, "streamer_name", "viewers", "viewers"),
            empty=_EMPTY,
        ),
    )


def _draw_summary(hours: int, audience: Audience) -> None:
    found = read(lambda: live.summarize(run, audience, hours))
    if found.empty:
        st.info(_EMPTY, icon=":material/inbox:")
        return
    now = found.iloc[0]
    before = now["viewers_before"]
    change = "first poll" if pd.isna(before) else f"{now['viewers'] - before:+,.0f} since the time before"
    metrics(
        ("Viewers now", format_number(now["viewers"]), change),
        ("Streams live", format_number(now["streams"]), "with viewers"),
        ("Peak of the window", format_number(now["peak_viewers"]), f"{now['peak_at']:%m-%d %H:%M} UTC"),
        origins={
            name: origin
            for name, column, at in (
                ("Viewers now", "viewers", now["snapshot_at"]),
                ("Streams live", "streams", now["snapshot_at"]),
                ("Peak of the window", "viewers", now["peak_at"]),
            )
            if (origin := _origin(audience, column, at))
        },
    )


def _origin(audience: Audience, column: str, at: pd.Timestamp | None = None) -> Origin | None:
    """Return what a number is read from; one of a category and a language at once is stored nowhere."""
    if audience.game_id is not None and audience.language is not None:
        return None
    named = {"game": audience.game_id, "language": audience.language}
    scope, scope_id = next(((name, one) for name, one in named.items() if one is not None), ("all", "all"))
    moment = {} if at is None else {"snapshot_at": at.isoformat(sep=" ")}
    return Origin("mart_concurrent_viewers", column, {"scope": scope, "scope_id": scope_id, **moment})
