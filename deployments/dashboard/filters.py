"""What a page is filtered by. Every choice stands in the address, so that a view can be shared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pandas as pd
import streamlit as st

from deployments.dashboard.queries.freshness import read_span
from deployments.dashboard.queries.period import Period
from deployments.dashboard.results import run
from deployments.dashboard.warehouse import MissingTableError

UTC_LABEL, LOCAL_LABEL = "UTC", "local"
_DAYS_WIDTH = 260  # pixels: both days are seen, on a phone in a line of their own


def choose_period(subject: str, days: int) -> Period:
    """Ask for a range of UTC days; unless chosen, the last `days` of those that the subject has data of.

    Args:
        subject: One of those of `read_span`.
        days: Length of the range at first.
    """
    first_day, last_day = _span(subject)
    first = max(first_day, last_day - timedelta(days=days - 1))
    chosen = st.date_input(
        "Days (UTC)", (first, last_day), format="YYYY-MM-DD", key="days", bind="query-params", width=_DAYS_WIDTH
    )
    begin, *rest = chosen if isinstance(chosen, tuple) and chosen else (first, last_day)
    return Period(begin, rest[0] if rest else begin)


def _span(subject: str) -> tuple[date, date]:
    today = datetime.now(UTC).date()
    try:
        found = read_span(run, subject).iloc[0]
    except MissingTableError:
        return today, today
    if pd.isna(found["last_day"]):
        return today, today
    return found["first_day"].date(), found["last_day"].date()


def choose(label: str, name: str, options: Mapping[str, str], everything: str | None = None) -> str | None:
    """Ask for one of some values; the value, not its label, stands in the address.

    Args:
        label: What is asked for.
        name: Name of the value in the address.
        options: Values with what they are called.
        everything: What it is called not to choose; None: one is always chosen, the first unless another is.

    Returns:
        The value; None where none is chosen, or there is none to choose.
    """
    asked = st.query_params.get(name)
    called = {**({"": everything} if everything else {}), **options}
    if asked:
        called.setdefault(asked, asked)
    if not called:
        return None
    values, key = list(called), f"choose_{name}"

    def keep_in_address() -> None:
        if chosen := st.session_state[key]:
            st.query_params[name] = chosen
        else:
            st.query_params.pop(name, None)

    place = values.index(asked) if asked else 0
    chosen = st.selectbox(
        label, values, place, format_func=lambda value: called.get(value, value), key=key, on_change=keep_in_address
    )
    return chosen or None


def choose_word(label: str, name: str, words: Sequence[str], default: str | None = None) -> str:
    """Ask for one of a few words, the first unless another is the default; the word stands in the address."""
    default = default or words[0]
    chosen = st.segmented_control(label, words, default=default, required=True, key=name, bind="query-params")
    return str(chosen or default)


def choose_zone() -> str:
    """Ask in which zone times are labelled; returns its name, UTC unless the reader's own is chosen.

    It changes labels only: days, hours and sums are those of UTC.
    """
    chosen = st.segmented_control(
        "Times", [UTC_LABEL, LOCAL_LABEL], default=UTC_LABEL, required=True, key="times", bind="query-params"
    )
    zone = st.context.timezone if chosen == LOCAL_LABEL else None
    try:
        ZoneInfo(zone or UTC_LABEL)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC_LABEL
    return zone or UTC_LABEL


def in_zone(frame: pd.DataFrame, zone: str) -> pd.DataFrame:
    """Return a frame whose times, not its days, are those of clocks in a zone."""
    if zone == UTC_LABEL:
        return frame
    moved = frame.copy()
    for name in moved.columns:
        if pd.api.types.is_datetime64_dtype(moved[name]) and is_time(name):
            moved[name] = moved[name].dt.tz_localize("UTC").dt.tz_convert(zone).dt.tz_localize(None)
    return moved


def is_time(column: str) -> bool:
    """Whether a column of this name holds times, and not days."""
    return column.endswith("_at") or column in ("ts", "valid_from", "valid_to")
