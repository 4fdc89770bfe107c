"""What pages of an audience share: its measures, viewers over time, what was watched by day and by whom."""

from __future__ import annotations

from typing import Any

import pandas as pd

from deployments.dashboard import charts
from deployments.dashboard.panels import Draw, Fetch, Origin, beside, format_number, format_share, metrics, panel


def draw_measures(one: pd.Series[Any], average: str, peak: str, between: tuple[str, str, str], origin: Origin) -> None:
    """Show the measures of some days.

    Args:
        one: hours_watched, avg_viewers, peak_viewers, coverage.
        average: What the average is of.
        peak: What the peak is of.
        between: One more measure, as `metrics` takes it.
        origin: Rows of the mart that they are sums of; the column is chosen here.
    """
    shown = {"Hours watched": "hours_watched", "Average viewers": "avg_viewers", "Peak viewers": "peak_viewers"}
    metrics(
        ("Hours watched", format_number(one["hours_watched"]), "viewer-hours"),
        ("Average viewers", format_number(one["avg_viewers"], 1), average),
        ("Peak viewers", format_number(one["peak_viewers"]), peak),
        between,
        ("Coverage", format_share(one["coverage"]), "of air time is sampled"),
        origins={f"{name} of a day": Origin(origin.table, column, origin.key) for name, column in shown.items()},
    )


def viewers_line(zone: str) -> Draw:
    """Return what draws viewers over time, from snapshot_at and viewers; times are labelled in the zone."""
    return lambda rows: charts.time_line(rows, "snapshot_at", {"viewers": "viewers"}, "viewers", zone)


def draw_watched(
    by_day: Fetch, ranked: Fetch, *, title: str, unit: str, label: str, empty: str, origin: Origin
) -> None:
    """Show viewer-hours by day, and beside them who or what has most of them.

    Args:
        by_day: Gives date_day and hours_watched.
        ranked: Gives the label and hours_watched, the most first.
        title: Of what is ranked.
        unit: What is said of it.
        label: Its column of names.
        empty: What they say where there is nothing.
        origin: What the days are read from.
    """
    beside(
        lambda: panel(
            "Watched by day",
            "viewer-hours by UTC day",
            by_day,
            lambda rows: charts.stacked_bars(rows, "date_day", {"hours_watched": "hours watched"}, "viewer-hours"),
            empty=empty,
            origin=origin,
        ),
        lambda: panel(
            title,
            unit,
            ranked,
            lambda rows: charts.bars(rows, label, "hours_watched", "viewer-hours"),
            empty=empty,
        ),
    )
