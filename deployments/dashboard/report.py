"""The state of things on one page: charts as pictures and numbers as tables, without a server and without a script."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from html import escape
from typing import Any

import altair as alt
import pandas as pd
import vl_convert

from deployments.dashboard import charts
from deployments.dashboard.queries import freshness, games, growth, live, operations, product, revenue
from deployments.dashboard.queries.live import Audience
from deployments.dashboard.queries.period import Period, Run
from deployments.dashboard.warehouse import MissingTableError

_EVERYONE = Audience()
_WIDTH = 640
_MOST_ROWS = 15
_STYLE = """
:root { color-scheme: light }
body { font: 15px/1.45 system-ui, sans-serif; color: #0b0c10; max-width: 720px; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.7rem; margin: 0 0 .2rem } h2 { font-size: 1.15rem; margin: 2rem 0 0 }
p { margin: .2rem 0 .8rem; color: #555 } img { width: 100%; height: auto }
table { border-collapse: collapse; font-size: 13px; width: 100%; display: block; overflow-x: auto }
th, td { text-align: left; padding: .25rem .6rem .25rem 0; border-bottom: 1px solid #ddd; vertical-align: top }
td.number { text-align: right; font-variant-numeric: tabular-nums }
"""


@dataclass(frozen=True)
class Part:
    """One part of the report.

    Args:
        title: What is shown.
        unit: In what it is counted.
        fetch: The query.
        draw: Makes the chart; None: the rows are shown as a table.
    """

    title: str
    unit: str
    fetch: Callable[[], pd.DataFrame]
    draw: Callable[[pd.DataFrame], alt.Chart] | None = None


def make_report(run: Run, name: str) -> str:
    """Return the report as HTML.

    Args:
        run: Sends statements.
        name: Which warehouse it is of.
    """
    at = datetime.now(UTC)
    parts = "\n".join(_section(part) for part in [*_of_streams(run), *_of_customers(run), *_of_operations(run)])
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Snowcast, {at:%Y-%m-%d}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body>\n'
        f"<h1>Snowcast</h1><p>{escape(name)}, {at:%Y-%m-%d %H:%M} UTC; every time is UTC.</p>\n{parts}\n"
        "</body></html>\n"
    )


def _of_streams(run: Run) -> Sequence[Part]:
    days = _last_days(run, "games", 30)
    return (
        Part("Observed last", "the newest state of each source", partial(freshness.list_ages, run)),
        Part(
            "Concurrent viewers",
            "viewers of all streams together, the 24 hours before the newest poll",
            partial(live.viewers_over_time, run, _EVERYONE, 24),
            lambda rows: charts.time_line(rows, "snapshot_at", {"viewers": "viewers"}, "viewers"),
        ),
        Part(
            "Top streamers",
            "viewers at the newest poll",
            partial(live.list_top_streams, run, _EVERYONE, 10),
            lambda rows: charts.bars(rows, "streamer_name", "viewers", "viewers"),
        ),
        Part(
            "Top categories",
            f"viewer-hours from {days.first} to {days.last}",
            partial(games.list_games, run, days, 10),
            lambda rows: charts.bars(rows, "game_name", "hours_watched", "viewer-hours"),
        ),
    )


def _of_customers(run: Run) -> Sequence[Part]:
    quarter, year = _last_days(run, "growth", 91), _last_days(run, "revenue", 366)
    month, currency = _last_days(run, "product", 30), _name_currency(run)
    return (
        Part(
            "Growth of viewers",
            "viewers by week: new, retained, resurrected; below zero those who churned",
            partial(growth.list_accounts, run, "viewer", "week", quarter),
            lambda rows: charts.stacked_bars(
                rows, "period_start", charts.GROWTH_MEASURES, "viewers", charts.GROWTH_COLORS
            ),
        ),
        Part(
            "Movements of MRR",
            f"{currency} by month and customer; what fell is below zero",
            partial(revenue.list_movements, run, "customer", year),
            lambda rows: charts.stacked_bars(
                rows, "year_month", charts.MOVEMENT_MEASURES, currency, charts.MOVEMENT_COLORS
            ),
        ),
        Part(
            "Revenue",
            f"{currency}: payments less refunds, by month of payment",
            partial(revenue.list_months, run, year),
            lambda rows: charts.stacked_bars(rows, "year_month", {"revenue": "revenue"}, currency),
        ),
        Part(
            "Sessions in the product",
            "sessions by UTC day",
            partial(product.list_sessions, run, month),
            lambda rows: charts.time_line(rows, "date_day", {"session_count": "sessions"}, "sessions"),
        ),
    )


def _of_operations(run: Run) -> Sequence[Part]:
    days = _last_days(run, "operations", 30)
    return (
        Part("Rules that do not hold", "by the newest validation", partial(operations.list_failed_rules, run)),
        Part("Quarantine", "records that were refused, with reasons", partial(operations.list_quarantine, run)),
        Part("Runs", f"those from {days.first} on, the newest first", partial(operations.list_runs, run, days)),
    )


def _name_currency(run: Run) -> str:
    try:
        found = revenue.read_currency(run)
    except MissingTableError:
        return revenue.MONEY
    return revenue.MONEY if found.empty else str(found["currency"].iloc[0])


def _last_days(run: Run, subject: str, days: int) -> Period:
    today = datetime.now(UTC).date()
    try:
        found = freshness.read_span(run, subject)["last_day"].iloc[0]
    except MissingTableError:
        found = None
    last: date = today if found is None or pd.isna(found) else found.date()
    return Period(last - timedelta(days=days - 1), last)


def _section(part: Part) -> str:
    try:
        rows = part.fetch()
    except MissingTableError:
        rows = pd.DataFrame()
    if rows.empty:
        shown = "<p>Nothing yet.</p>"
    elif part.draw:
        shown = _picture(part.draw(rows), f"{part.title}, {part.unit}")
    else:
        shown = _table(rows)
    return f"<h2>{escape(part.title)}</h2><p>{escape(part.unit)}</p>\n{shown}"


def _picture(chart: alt.Chart, says: str) -> str:
    """Return a chart as an image that is part of the page; mail programs show no script."""
    spec = chart.properties(width=_WIDTH).to_json()
    svg = vl_convert.vegalite_to_svg(spec)
    data = base64.b64encode(svg.encode()).decode()
    return f'<img alt="{escape(says)}" src="data:image/svg+xml;base64,{data}">'


def _table(rows: pd.DataFrame) -> str:
    shown = rows[[name for name in rows.columns if not name.endswith(("_key", "_id"))]].head(_MOST_ROWS)
    head = "".join(f"<th>{escape(name.replace('_', ' '))}</th>" for name in shown.columns)
    body = "\n".join(
        f"<tr>{''.join(_cell(value) for value in row)}</tr>" for row in shown.itertuples(index=False, name=None)
    )
    more = f"<p>and {len(rows) - _MOST_ROWS:,} more</p>" if len(rows) > _MOST_ROWS else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table>{more}"


def _cell(value: Any) -> str:
    if value is None or pd.isna(value):
        return "<td>–</td>"
    if isinstance(value, int | float):
        return f'<td class="number">{value:,.10g}</td>'
    text = f"{value:%Y-%m-%d %H:%M:%S}" if isinstance(value, datetime) else str(value)
    breakable = escape(text).replace("_", "_<wbr>")  # names of tables and rules are wider than their column
    return f"<td>{breakable}</td>"
