"""How a page shows numbers: a panel with title, unit, chart, the numbers as a table, and the same as CSV."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias
from urllib.parse import urlencode

import altair as alt
import pandas as pd
import streamlit as st

from deployments.dashboard import access
from deployments.dashboard.downloads import csv_of
from deployments.dashboard.filters import in_zone, is_time
from deployments.dashboard.queries.freshness import list_ages
from deployments.dashboard.results import run
from deployments.dashboard.warehouse import MissingTableError

Fetch: TypeAlias = Callable[[], pd.DataFrame]
Draw: TypeAlias = Callable[[pd.DataFrame], alt.Chart]
_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True)
class Origin:
    """The column of a table that a shown number is read from.

    Args:
        table: Its name, without schema.
        column: Its name.
        key: Columns with values, as texts, that name its row, or some rows to choose from.
    """

    table: str
    column: str
    key: Mapping[str, str] = field(default_factory=dict)

    @property
    def link(self) -> str:
        """Where the page Explain tells of it, seen from another page."""
        key = {"key": write_key(self.key)} if self.key else {}
        return f"explain?{urlencode({'table': self.table, 'column': self.column, **key})}"


def write_key(key: Mapping[str, str]) -> str:
    """Return columns with values as they stand in the address."""
    return ", ".join(f"{name}={value}" for name, value in key.items())


def read_key(text: str) -> dict[str, str]:
    """Return columns with values that somebody wrote; a part without a column belongs to the value before it."""
    found: dict[str, str] = {}
    name = ""
    for part in text.split(","):
        begin, is_there, value = part.partition("=")
        if is_there:
            name = begin.strip().lower()
            found[name] = value.strip()
        elif name:
            found[name] += f",{part}"
    return found


def read(fetch: Fetch) -> pd.DataFrame:
    """Return what a query gives; nothing where its tables are not there yet."""
    try:
        return fetch()
    except MissingTableError:
        return pd.DataFrame()


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a frame by column."""
    return [dict(zip(frame.columns, row, strict=True)) for row in frame.itertuples(index=False, name=None)]


def panel(
    title: str,
    unit: str,
    fetch: Fetch,
    draw: Draw | None = None,
    *,
    empty: str,
    zone: str = "UTC",
    origin: Origin | None = None,
) -> None:
    """Show one chart, or one table.

    Args:
        title: What is shown.
        unit: In what it is counted, and what else is to be known.
        fetch: The query.
        draw: Makes the chart of its rows; None: they are shown as a table only.
        empty: What it says where there is nothing: which command fills it.
        zone: Times are labelled in it.
        origin: What its numbers are read from, where they can be explained.
    """
    with st.container(border=True):
        st.header(title, anchor=False)
        st.caption(unit)
        rows = read(fetch)
        if rows.empty:
            st.info(empty, icon=":material/inbox:")
            return
        shown = in_zone(rows, zone)
        if draw is None:
            show_table(title, shown, zone, rows)
            _link_origins({f"{title}, one number": origin})
            return
        st.altair_chart(draw(shown), key=f"chart {title}", alt=f"{title}, {unit}")
        with st.expander("Numbers", icon=":material/table_rows:"):
            show_table(title, shown, zone, rows)
            _link_origins({"one of them": origin})


def beside(*parts: Callable[[], None]) -> None:
    """Draw parts beside each other, below each other on a phone."""
    for column, draw in zip(st.columns(len(parts)), parts, strict=True):
        with column:
            draw()


def _link_origins(origins: Mapping[str, Origin | None]) -> None:
    """Link to what explains numbers, where they can be explained."""
    if access.current().explainer is None:
        return
    links = [f"[{name}]({origin.link})" for name, origin in origins.items() if origin is not None]
    if links:
        st.markdown(f":small[Where it comes from: {' · '.join(links)}]")  # links of captions are too pale to read


def show_table(
    title: str, rows: pd.DataFrame, zone: str = "UTC", source: pd.DataFrame | None = None, *, with_keys: bool = False
) -> None:
    """Show rows as a table, and offer them as CSV.

    Args:
        title: What they are.
        rows: Rows whose times are those of the zone.
        zone: In which times are labelled.
        source: The same rows in UTC, where the zone is another.
        with_keys: Show hashed keys, too; the CSV has them always.
    """
    visible = rows[[name for name in rows.columns if with_keys or not name.endswith("_key")]]
    configured = {name: _configure(name, visible[name], zone) for name in visible.columns}
    st.dataframe(
        visible,
        hide_index=True,
        column_config=configured,
        key=f"table {title}",
        alt=f"{title} as a table",
        placeholder="–",
    )
    _offer_download(title, rows if source is None else source)


def _configure(name: str, values: pd.Series, zone: str) -> Any:
    label = name.replace("_", " ")
    if is_time(name):
        return st.column_config.DatetimeColumn(f"{label} ({zone})", format="YYYY-MM-DD HH:mm:ss")
    if name.endswith(("_day", "_date", "_start", "_month")):
        return st.column_config.DateColumn(label, format="YYYY-MM" if name == "year_month" else "YYYY-MM-DD")
    if name.endswith(("rate", "coverage", "nrr", "grr", "stickiness", "share")):
        return st.column_config.NumberColumn(label, format="percent")
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        return st.column_config.NumberColumn(label, format="localized")
    return st.column_config.Column(label)


def _offer_download(title: str, rows: pd.DataFrame) -> None:
    st.download_button(
        "CSV",
        lambda: csv_of(rows),
        file_name=f"{title.lower().replace(' ', '_')}.csv",
        mime="text/csv",
        icon=":material/download:",
        key=f"csv {title}",
        on_click="ignore",
        help="times in UTC",
    )


def metrics(*shown: tuple[str, str, str], origins: Mapping[str, Origin] | None = None) -> None:
    """Show numbers side by side, below each other on a phone.

    Args:
        shown: Of each: what it is, the number as text, and what is said of it: a change, a time, a unit.
        origins: What numbers are read from, by what they are.
    """
    with st.container(horizontal=True, gap="small"):
        for label, value, note in shown:
            st.metric(label, value, border=True, delta=note, delta_color="off", delta_arrow="off", width="stretch")
    _link_origins(origins or {})


def show_ages(*sources: str) -> None:
    """Say how old what the sources told last is."""
    ages = read(lambda: list_ages(run))
    if ages.empty:
        st.caption("No source has been read yet. `snowcast run` reads what is configured.")
        return
    now = datetime.now(UTC).replace(tzinfo=None)
    parts = [
        f"{one['source']}: {one['snapshot_at']:%Y-%m-%d %H:%M} UTC, {format_age(now - one['snapshot_at'])}"
        for one in records(ages)
        if not sources or one["source"] in sources
    ]
    if parts:
        st.caption("Observed last: " + " · ".join(parts))
    else:
        st.caption("Not observed yet. `snowcast run` reads what is configured.")


def format_age(age: timedelta) -> str:
    """Return how long ago something was, in the largest unit that it fills."""
    for unit, name in ((_DAY, "day"), (_HOUR, "hour"), (_MINUTE, "minute")):
        if count := age // unit:
            return f"{count:,} {name}{'' if count == 1 else 's'} ago"
    return "just now"


def format_number(value: Any, digits: int = 0) -> str:
    """Return a number for people, a dash where there is none."""
    return "–" if value is None or pd.isna(value) else f"{value:,.{digits}f}"


def format_share(value: Any) -> str:
    """Return a share as a percentage, a dash where there is none."""
    return "–" if value is None or pd.isna(value) else f"{value:.0%}"
