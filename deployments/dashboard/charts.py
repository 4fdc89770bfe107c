"""Charts: frames of queries drawn with Altair. They know nothing of pages; the report draws the same ones.

Times are drawn as they are in the frame, on UTC scales: whoever wants another zone converts the frame first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import altair as alt
import pandas as pd

HEIGHT = 280
# Told apart by people who see colours otherwise (Okabe and Ito, 2008), on light and on dark.
COLORS = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#8F8F8F", "#B8A900"]
UP, DOWN = "#009E73", "#D55E00"
GROWTH_COLORS = [UP, COLORS[0], COLORS[4], DOWN]
MOVEMENT_COLORS = [COLORS[0], COLORS[4], UP, COLORS[1], DOWN]
TRIP_COLORS = [UP, COLORS[6], DOWN, COLORS[3]]  # what is missing is no good news
MOST_COHORTS = 30
# Columns of growth accounting and of movements of MRR, with what is written for them.
GROWTH_MEASURES = {
    "new_count": "new",
    "retained_count": "retained",
    "resurrected_count": "resurrected",
    "churned_below": "churned",
}
MOVEMENT_MEASURES = {
    "new_mrr": "new",
    "reactivation_mrr": "reactivation",
    "expansion_mrr": "expansion",
    "below_contraction": "contraction",
    "below_churned": "churned",
}
_TIME_FORMAT, _DAY_FORMAT, _MONTH_FORMAT = "%Y-%m-%d %H:%M", "%Y-%m-%d", "%Y-%m"
_NUMBER = ",.3~f"
_HOURS_OF_DAYS = 24 * 8
_SEEN_ON_DARK = [0.25, 1]  # of a scale whose darkest quarter is as dark as a dark page: a cell there looks left out
_LEGEND_COLUMNS = 2  # more are wider than a phone
_MOST_PERIODS = 400


def time_line(
    frame: pd.DataFrame, at: str, values: Mapping[str, str], unit: str, zone: str = "UTC", form: str = ""
) -> alt.Chart:
    """Values over time, a line each.

    Args:
        frame: A row per time.
        at: Column of times, or of days.
        values: Columns to draw, with what each is called.
        unit: What the values are counted in.
        zone: What the axis of times is labelled with.
        form: How values are written, e.g. `%` for shares; their axis then need not begin at 0.
    """
    tall = _melt(frame, at, values)
    tip = alt.Tooltip("period:N", title="time" if _is_time(tall, at) else "day")
    base = alt.Chart(tall).encode(
        x=_time_axis(tall, at, zone),
        y=alt.Y("value:Q", title=unit, axis=_axis(tall["value"], form), scale=alt.Scale(zero=not form)),
        tooltip=[tip, "measure:N", alt.Tooltip("value:Q", title=unit, format=form or _NUMBER)],
    )
    if len(values) > 1:
        base = base.encode(color=_color("measure", list(values.values())))
        line = base.mark_line(point=len(frame) <= 60, interpolate="step-after" if _is_time(tall, at) else "linear")
        return _size(line, HEIGHT + _legend_height(len(values)))
    return _size(base.mark_area(color=COLORS[0], opacity=0.25, line={"color": COLORS[0]}, point=len(frame) <= 2))


def bars(frame: pd.DataFrame, label: str, value: str, unit: str, most: int = 15) -> alt.Chart:
    """A bar a row, the highest first; bars below zero have another colour."""
    rows = _plain(frame).head(most)
    rows[label] = _tell_apart(rows[label])
    color = alt.condition(alt.datum[value] < 0, alt.value(DOWN), alt.value(COLORS[0]))
    base = alt.Chart(rows).mark_bar(cornerRadiusEnd=2)
    chart = base.encode(
        x=alt.X(f"{value}:Q", title=unit, axis=_axis(rows[value])),
        y=alt.Y(f"{label}:N", title=None, sort=None, axis=alt.Axis(labelLimit=190, labelOverlap=False)),
        color=color,
        tooltip=[alt.Tooltip(f"{label}:N"), alt.Tooltip(f"{value}:Q", title=unit, format=_NUMBER)],
    )
    return _size(chart, height=22 * len(rows) + 80)


def stacked_bars(
    frame: pd.DataFrame, at: str, values: Mapping[str, str], unit: str, colors: Sequence[str] = COLORS
) -> alt.Chart:
    """Stacked bars by day, week or month; columns of negative numbers hang below zero."""
    tall = _melt(frame, at, values)
    periods = _periods_of(tall, at)
    axis = alt.Axis(labelAngle=-40, labelOverlap="greedy", labelLimit=90, ticks=len(periods) <= 40)
    base = alt.Chart(tall).mark_bar()
    chart = base.encode(
        x=alt.X("period:O", title=None, axis=axis, scale=alt.Scale(domain=periods)),
        y=alt.Y("value:Q", title=unit, axis=_axis(tall["value"])),
        color=_color("measure", list(values.values()), colors),
        order=alt.Order("place:Q"),
        tooltip=["period:O", "measure:N", alt.Tooltip("value:Q", title=unit, format=_NUMBER)],
    )
    ordered = chart.transform_calculate(place=f"indexof({list(values.values())!r}, datum.measure)")
    return _size(ordered, HEIGHT + _legend_height(len(values)))


def _periods_of(tall: pd.DataFrame, at: str) -> list[str]:
    """List the texts of all days, weeks or months from the first to the last: those without a row stay in the axis."""
    found = tall[at].drop_duplicates().sort_values()
    if len(found) < 2:
        return list(tall["period"].unique())
    first, last = found.iloc[0], found.iloc[-1]
    by_month = bool((found.dt.day == 1).all())
    by_week = all((one - first).days % 7 == 0 for one in found)
    every = pd.date_range(first, last, freq="MS" if by_month else "7D" if by_week else "D")
    return list((every if len(every) <= _MOST_PERIODS else pd.DatetimeIndex(found)).strftime(_format_of(tall, at)))


def grouped_bars(frame: pd.DataFrame, at: str, group: str, value: str, unit: str) -> alt.Chart:
    """Bars by day, week or month, stacked of the groups that a column names."""
    wide = _plain(frame).pivot_table(index=at, columns=group, values=value, aggfunc="sum").reset_index()
    wide[at] = wide[at].dt.tz_localize(None)
    return stacked_bars(wide, at, {name: name for name in wide.columns if name != at}, unit)


def _tell_apart(labels: pd.Series) -> pd.Series:
    """Number labels that are the same, as two streamers of one name are: Altair would add their bars up."""
    place = labels.groupby(labels, dropna=False).cumcount() + 1
    return labels.where(place == 1, labels.astype(str) + " (" + place.astype(str) + ")")


def heat_map(
    frame: pd.DataFrame, across: str, down: str, value: str, unit: str, *, form: str = _NUMBER, titles: tuple[str, str]
) -> alt.Chart:
    """A cell per row of the frame, darker for more; cells without a value stay empty.

    Args:
        frame: Cells.
        across: Column of ordered values from left to right.
        down: Column of ordered values from top to bottom.
        value: Column of what the colour says.
        unit: What it is counted in.
        form: How numbers are written, e.g. `.0%`.
        titles: What stands at the axes.
    """
    rows = _plain(frame)
    height = max(HEIGHT, 22 * rows[down].nunique() + 130)
    base = alt.Chart(rows).mark_rect()
    chart = base.encode(
        x=alt.X(f"{across}:O", title=titles[0], axis=alt.Axis(labelAngle=0, labelOverlap=True), sort=None),
        y=alt.Y(f"{down}:O", title=titles[1] or None, sort=None, axis=alt.Axis(labelOverlap=False)),
        color=alt.Color(
            f"{value}:Q",
            title=unit,
            scale=alt.Scale(scheme=alt.SchemeParams("viridis", extent=_SEEN_ON_DARK)),
            legend=alt.Legend(format=form, orient="top", gradientLength=180, tickCount=3),
        ),
        tooltip=[f"{down}:O", f"{across}:O", alt.Tooltip(f"{value}:Q", title=unit, format=form)],
    )
    return _size(chart, height=height)


def waterfall(frame: pd.DataFrame, label: str, change: str, unit: str) -> alt.Chart:
    """Steps from an opening to a closing amount.

    Args:
        frame: Rows in order; the first and the last are amounts, those between are signed changes.
        label: Column of names.
        change: Column of amounts and changes.
        unit: What they are counted in.
    """
    rows = _plain(frame)
    changes = rows[change].astype(float)
    ends, place = changes.cumsum(), pd.Series(range(len(rows)), index=rows.index)
    is_amount = place.isin([0, len(rows) - 1])
    rows["end"] = ends.where(place < len(rows) - 1, changes)
    rows["begin"] = (ends - changes).where(~is_amount, 0.0)
    rows["kind"] = changes.ge(0).map({True: "up", False: "down"}).where(~is_amount, "amount")
    scale = alt.Scale(domain=["amount", "up", "down"], range=[COLORS[0], UP, DOWN])
    base = alt.Chart(rows).mark_bar()
    chart = base.encode(
        x=alt.X(f"{label}:N", sort=None, title=None, axis=alt.Axis(labelAngle=-40, labelOverlap=False)),
        y=alt.Y("begin:Q", title=unit, axis=_axis(rows["end"])),
        y2="end:Q",
        color=alt.Color("kind:N", scale=scale, legend=None),
        tooltip=[f"{label}:N", alt.Tooltip(f"{change}:Q", title=unit, format=_NUMBER)],
    )
    return _size(chart)


def _size(chart: alt.Chart, height: int = HEIGHT) -> alt.Chart:
    sized: alt.Chart = chart.properties(height=height, width="container").configure_view(strokeWidth=0)
    return sized


def _melt(frame: pd.DataFrame, at: str, values: Mapping[str, str]) -> pd.DataFrame:
    """Return a row per time and measure: the column of times, period (its text), measure, value."""
    tall = _plain(frame)[[at, *values]].rename(columns=dict(values))
    tall = tall.melt(id_vars=[at], var_name="measure", value_name="value").dropna(subset=["value"])
    tall["value"] = tall["value"].astype(float)
    tall["period"] = tall[at].dt.strftime(_format_of(tall, at))
    return tall


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame without the nullable types, which Altair takes for names instead of numbers."""
    rows = frame.copy()
    for name in rows.columns:
        if str(rows[name].dtype) in ("Int64", "boolean"):
            rows[name] = rows[name].astype("float64")
        elif pd.api.types.is_datetime64_dtype(rows[name]):
            rows[name] = rows[name].dt.tz_localize("UTC")
    return rows


def _is_time(frame: pd.DataFrame, at: str) -> bool:
    """Whether a column holds times and not only days."""
    return at.endswith("_at") or bool((frame[at] != frame[at].dt.normalize()).any())


def _format_of(frame: pd.DataFrame, at: str) -> str:
    if _is_time(frame, at):
        return _TIME_FORMAT
    return _MONTH_FORMAT if at == "year_month" else _DAY_FORMAT


def _time_axis(frame: pd.DataFrame, at: str, zone: str) -> alt.X:
    title = f"time ({zone})" if _is_time(frame, at) else "month" if at == "year_month" else "day (UTC)"
    hours = (frame[at].max() - frame[at].min()) / pd.Timedelta(hours=1) if len(frame) else 0
    form = "%b %d" if not _is_time(frame, at) or hours > _HOURS_OF_DAYS else "%H:%M" if hours <= 24 else "%b %d %H:%M"
    form = "%b %Y" if at == "year_month" else form
    axis = alt.Axis(labelOverlap=True, labelFlush=True, tickCount=6, format=form)
    return alt.X(f"{at}:T", title=title, scale=alt.Scale(type="utc"), axis=axis)


def _color(field: str, names: Sequence[str], colors: Sequence[str] = COLORS) -> alt.Color:
    scale = alt.Scale(domain=list(names), range=list(colors[: len(names)]))
    legend = alt.Legend(orient="top", labelLimit=200, columns=_LEGEND_COLUMNS) if len(names) > 1 else None
    return alt.Color(f"{field}:N", title=None, scale=scale, legend=legend)


def _legend_height(names: int) -> int:
    """Return the pixels that a legend takes from the height of its chart; none where there is one name."""
    return 0 if names < 2 else 50 + 18 * -(-names // _LEGEND_COLUMNS)


def _axis(values: pd.Series, form: str = "") -> alt.Axis:
    """Return an axis of numbers; 12k, where they are large."""
    highest = values.abs().max() if len(values) else 0
    is_large = pd.notna(highest) and highest >= 10_000
    if form:
        return alt.Axis(format=form)
    return alt.Axis(format="~s", labelExpr="datum.value ? datum.label : '0'") if is_large else alt.Axis()
