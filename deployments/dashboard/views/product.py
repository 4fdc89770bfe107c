"""Product: what people do in the app, as Amplitude's events tell it."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from deployments.dashboard import charts
from deployments.dashboard.filters import choose_period
from deployments.dashboard.panels import Origin, beside, format_number, format_share, metrics, panel, read, show_ages
from deployments.dashboard.queries import product
from deployments.dashboard.queries.period import Period
from deployments.dashboard.results import run

_NONE = "No product event in these days. `snowcast ingest amplitude` reads them, `snowcast run` builds the tables."
_NOT_SENT = (
    "Nothing has been published yet. `snowcast publish amplitude` does it, `snowcast ingest amplitude` reads it back."
)
_CALLED = {"day": "DAU", "week": "WAU", "month": "MAU"}
_TRIP = {
    "accepted_count": "came back",
    "deduplicated_count": "dropped as copies",
    "missing_count": "missing",
    "unexpected_count": "not recorded as sent",
}


def draw() -> None:
    """Draw the page."""
    st.title("Product", anchor=False)
    show_ages("amplitude")
    with st.container(horizontal=True, gap="small"):
        period = choose_period("product", 30)
    _draw_summary(period)
    _draw_users(period)
    _draw_events(period)
    panel(
        "Round trip",
        "activities published to Amplitude, held against what its export gave back; events by UTC day",
        lambda: product.list_round_trip(run, period),
        lambda rows: charts.stacked_bars(rows, "date_day", _TRIP, "events", charts.TRIP_COLORS),
        empty=_NOT_SENT,
    )


def _draw_users(period: Period) -> None:
    beside(
        lambda: panel(
            "Daily active users",
            "different users by UTC day",
            lambda: _of_kind(period, "day"),
            lambda rows: charts.stacked_bars(rows, "period_start", {"active_users": "DAU"}, "users"),
            empty=_NONE,
        ),
        lambda: panel(
            "Stickiness",
            "users of an average day as a share of the users of the calendar week (from Monday)",
            lambda: _of_kind(period, "week"),
            lambda rows: charts.time_line(
                rows, "period_start", {"stickiness": "DAU / WAU"}, "share of WAU", form=".0%"
            ),
            empty=_NONE,
        ),
    )


def _draw_events(period: Period) -> None:
    beside(
        lambda: panel(
            "Sessions",
            "sessions by the UTC day on which they began, first ones of a user among them",
            lambda: product.list_sessions(run, period),
            lambda rows: charts.time_line(
                rows, "date_day", {"session_count": "all", "first_session_count": "first ones"}, "sessions"
            ),
            empty=_NONE,
        ),
        lambda: panel(
            "Top events",
            "events by type, the fifteen most frequent",
            lambda: product.list_top_events(run, period),
            lambda rows: charts.bars(rows, "event_type", "event_count", "events"),
            empty=_NONE,
        ),
    )


def _of_kind(period: Period, kind: str) -> pd.DataFrame:
    rows = product.list_active_users(run, period)
    return rows[rows["period"] == kind]


def _draw_summary(period: Period) -> None:
    found = read(lambda: product.list_active_users(run, period))
    sessions = read(lambda: product.list_sessions(run, period))
    if found.empty:
        st.info(_NONE, icon=":material/inbox:")
        return
    newest = found.groupby("period").tail(1).set_index("period")
    shown: list[tuple[str, str, str]] = []
    origins: dict[str, Origin] = {}
    for kind, called in _CALLED.items():
        if kind in newest.index:
            start = f"{newest.loc[kind, 'period_start']:%Y-%m-%d}"
            shown.append((called, format_number(newest.loc[kind, "active_users"]), f"{kind} of {start}"))
            key = {"period": kind, "period_start": start, "active_days": "1"}
            origins[called] = Origin("product_active_users", "active_users", key)
    if "month" in newest.index:
        shown.append(("Stickiness", format_share(newest.loc["month", "stickiness"]), "average day / MAU"))
    count = sessions["session_count"].sum() if len(sessions) else None
    metrics(*shown, ("Sessions", format_number(count), "in these days"), origins=origins)
