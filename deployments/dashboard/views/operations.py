"""Operations: whether the warehouse is well, for whoever is on call."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from deployments.dashboard import charts
from deployments.dashboard.filters import choose, choose_period, choose_zone
from deployments.dashboard.panels import beside, format_number, metrics, panel, read, records, show_ages
from deployments.dashboard.queries import operations
from deployments.dashboard.queries.period import Period
from deployments.dashboard.results import run

_NOTHING = "Nothing has been loaded yet. `snowcast run` reads what is configured."
_NO_RUN = "No run in these days. `snowcast run` starts one."


def draw() -> None:
    """Draw the page."""
    st.title("Operations", anchor=False)
    show_ages()
    with st.container(horizontal=True, gap="small"):
        period = choose_period("operations", 30)
        zone = choose_zone()
    _draw_summary(period)
    _draw_sources(period, zone)
    _draw_checks(period, zone)
    _draw_runs(period, zone)
    _draw_traffic(period, zone)


def _draw_summary(period: Period) -> None:
    failed = read(lambda: operations.list_failed_rules(run))
    refused = read(lambda: operations.list_quarantine(run))
    runs = read(lambda: operations.list_runs(run, period))
    is_critical = failed["severity"] == "critical" if len(failed) else failed
    metrics(
        ("Critical rules failed", format_number(len(failed[is_critical]) if len(failed) else 0), "block what follows"),
        ("Warnings", format_number(len(failed[~is_critical]) if len(failed) else 0), "reported, nothing waits"),
        (
            "In quarantine",
            format_number((refused["records"] - refused["redriven"]).sum() if len(refused) else 0),
            "records, repaired ones left out",
        ),
        (
            "Last run",
            str(runs["state"].iloc[0]) if len(runs) else "–",
            str(runs["flow"].iloc[0]) if len(runs) else "none",
        ),
    )


def _draw_sources(period: Period, zone: str) -> None:
    panel(
        "Freshness",
        "when each source was observed last, and loaded",
        lambda: operations.list_freshness(run),
        empty=_NOTHING,
        zone=zone,
    )
    panel(
        "Loads",
        "rows loaded by UTC day and source",
        lambda: operations.list_loads(run, period),
        lambda rows: charts.grouped_bars(rows, "date_day", "source", "rows_loaded", "rows"),
        empty=_NOTHING,
    )
    panel(
        "Quarantine",
        "records that were refused, with reasons; `snowcast quarantine` shows and repairs them",
        lambda: operations.list_quarantine(run),
        empty="Nothing is refused. `snowcast run` puts here what it cannot take.",
        zone=zone,
    )


def _draw_checks(period: Period, zone: str) -> None:
    panel(
        "Validations",
        "rules that did not hold, by validation; critical ones block what is built from the table",
        lambda: operations.list_validations(run, period),
        lambda rows: charts.time_line(
            rows, "validated_at", {"warnings": "warnings", "failed": "critical"}, "rules", zone
        ),
        empty="Nothing was validated in these days. `snowcast validate` does it.",
        zone=zone,
    )
    panel(
        "Rules that do not hold",
        "by the newest validation of each table; `snowcast report` prints them",
        lambda: operations.list_failed_rules(run),
        empty="Every rule holds. `snowcast validate` checks again.",
        zone=zone,
    )


def _draw_runs(period: Period, zone: str) -> None:
    panel(
        "Runs",
        "the newest first",
        lambda: operations.list_runs(run, period),
        empty=_NO_RUN,
        zone=zone,
    )
    runs = records(read(lambda: operations.list_runs(run, period)))
    options = {str(one["run_id"]): f"{one['flow']}, {one['started_at']:%Y-%m-%d %H:%M:%S} UTC" for one in runs}
    chosen = choose("Run", "run", options)
    if chosen is None:
        return
    panel(
        "Parts of a run",
        f"seconds of the fifteen longest steps of {options.get(chosen, chosen)}",
        lambda: operations.list_parts(run, chosen),
        lambda rows: charts.bars(rows.assign(part=_name_parts(rows)), "part", "seconds", "seconds"),
        empty="The run has told no costs. `snowcast run` keeps them of each run that ends.",
    )


def _name_parts(rows: pd.DataFrame) -> list[str]:
    """Name steps with their table, unless they name it themselves."""
    pairs = zip(rows["step"], rows["table_name"], strict=True)
    return [step if table in step.split() else f"{step} {table}".strip() for step, table in pairs]


def _draw_traffic(period: Period, zone: str) -> None:
    beside(
        lambda: panel(
            "Publications",
            "activities sent in these days, each by its newest attempt",
            lambda: operations.list_publications(run, period),
            empty="Nothing was sent. `snowcast publish amplitude` does it.",
            zone=zone,
        ),
        lambda: panel(
            "Lag of the stream",
            "messages that the newest batch of each partition left unread",
            lambda: operations.list_lag(run),
            empty="No batch was consumed. `snowcast stream consume` does it.",
            zone=zone,
        ),
    )
