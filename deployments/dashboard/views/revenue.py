"""Revenue: recurring revenue and what moves it, payments, and who pays."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from deployments.dashboard import charts
from deployments.dashboard.filters import choose, choose_period, choose_word
from deployments.dashboard.panels import (
    Origin,
    beside,
    format_number,
    format_share,
    metrics,
    panel,
    read,
    records,
    show_ages,
)
from deployments.dashboard.queries import revenue
from deployments.dashboard.queries.period import Period
from deployments.dashboard.queries.revenue import MONEY
from deployments.dashboard.results import run

_NONE = "Billing tells nothing of these months. `snowcast ingest billing` reads it, `snowcast run` builds the marts."


def draw() -> None:
    """Draw the page."""
    st.title("Revenue", anchor=False)
    show_ages("billing")
    with st.container(horizontal=True, gap="small"):
        grain = choose_word("Followed", "grain", ["customer", "subscription"])
        period = choose_period("revenue", 396)
    found = read(lambda: revenue.read_currency(run))
    currency = MONEY if found.empty else str(found["currency"].iloc[0])
    months = read(lambda: revenue.list_movements(run, grain, period))
    _draw_summary(months, grain, period, currency)
    _draw_waterfall(months, grain, currency)
    panel(
        "Movements of MRR",
        f"{currency} by month, followed by {grain}; what fell is below zero",
        lambda: revenue.list_movements(run, grain, period),
        lambda rows: charts.stacked_bars(
            rows, "year_month", charts.MOVEMENT_MEASURES, currency, charts.MOVEMENT_COLORS
        ),
        empty=_NONE,
    )
    _draw_retention(grain, period, currency)
    _draw_payments(period, currency)


def _draw_summary(months: pd.DataFrame, grain: str, period: Period, currency: str) -> None:
    if months.empty:
        st.info(_NONE, icon=":material/inbox:")
        return
    one = months.iloc[-1]
    note = f"{one['year_month']:%Y-%m}"
    paid = read(lambda: revenue.list_months(run, period))
    metrics(
        ("MRR", format_number(one["closing_mrr"], 2), f"{currency}, end of {note}"),
        ("NRR", format_share(one["nrr"]), f"net retention, {note}"),
        ("GRR", format_share(one["grr"]), f"gross retention, {note}"),
        ("ARPU", format_number(one["arpu"], 2), f"{currency} per active, {note}"),
        ("Revenue", format_number(paid["revenue"].iloc[-1] if len(paid) else None, 2), f"{currency}, less refunds"),
        origins=_find_origins(grain, one["year_month"], paid),
    )


def _find_origins(grain: str, month: pd.Timestamp, paid: pd.DataFrame) -> dict[str, Origin]:
    columns = {"MRR": "closing_mrr", "NRR": "nrr", "GRR": "grr", "ARPU": "arpu"}
    key = {"grain": grain, "year_month": f"{month:%Y-%m-%d}"}
    origins = {name: Origin("mart_mrr_movements", column, key) for name, column in columns.items()}
    if not paid.empty:
        newest = {"year_month": f"{paid['year_month'].iloc[-1]:%Y-%m-%d}"}
        origins["Revenue"] = Origin("mart_monthly_revenue", "revenue", newest)
    return origins


def _draw_waterfall(months: pd.DataFrame, grain: str, currency: str) -> None:
    names = [f"{one['year_month']:%Y-%m-%d}" for one in records(months)][::-1]
    month = choose("Month of the waterfall", "month", {name: name[:7] for name in names})
    if month is None:
        return
    panel(
        "MRR of a month",
        f"{currency}, from the end of the month before to the end of {month[:7]}",
        lambda: revenue.list_steps(run, grain, month),
        lambda rows: charts.waterfall(rows, "step", "amount", currency),
        empty=_NONE,
    )


def _draw_retention(grain: str, period: Period, currency: str) -> None:
    beside(
        lambda: panel(
            "Retention of revenue",
            "share of the month's opening MRR that is left: NRR with expansion, GRR without",
            lambda: revenue.list_movements(run, grain, period)[["year_month", "nrr", "grr"]],
            lambda rows: charts.time_line(
                rows, "year_month", {"nrr": "NRR", "grr": "GRR"}, "share of the opening", form=".0%"
            ),
            empty=_NONE,
        ),
        lambda: panel(
            "ARPU",
            f"{currency}: MRR at the month's end per active {grain}",
            lambda: revenue.list_movements(run, grain, period)[["year_month", "arpu", "active_count"]],
            lambda rows: charts.time_line(rows, "year_month", {"arpu": "ARPU"}, currency),
            empty=_NONE,
        ),
    )


def _draw_payments(period: Period, currency: str) -> None:
    beside(
        lambda: panel(
            "Revenue",
            f"{currency}: payments less refunds, by month of payment",
            lambda: revenue.list_months(run, period),
            lambda rows: charts.stacked_bars(rows, "year_month", {"revenue": "revenue"}, currency),
            empty=_NONE,
        ),
        lambda: panel(
            "Monthly active users",
            "users: paying ones made a payment in the month, watching ones watched",
            lambda: revenue.list_active_users(run, period),
            lambda rows: charts.time_line(rows, "year_month", {"paying": "paying", "watching": "watching"}, "users"),
            empty=_NONE,
        ),
    )
