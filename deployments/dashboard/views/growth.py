"""Growth: who comes, stays, comes back and goes, and questions about what they do."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from deployments.dashboard import access, charts
from deployments.dashboard.access import WrongQuestionError
from deployments.dashboard.filters import choose_period, choose_word
from deployments.dashboard.panels import Origin, panel, show_ages, show_table
from deployments.dashboard.queries import growth
from deployments.dashboard.queries.period import Period
from deployments.dashboard.results import run

_NONE = "No activity in these days. `snowcast run` builds the activity streams and the growth marts."
_FORMS = {"day": "%Y-%m-%d", "week": "%Y-%m-%d", "month": "%Y-%m"}
# Those of streamers stand in transforms/datasets/QUERIES.md with their answers.
EXAMPLES = {
    "streamer": {
        "The first gift within 7 days of the first stream": "first stream_started\n"
        "append first gift_received after within 7 days take ts as first_gift_at, points as points",
        "Streams before activation": "first streamer_activated append aggregate stream_started before "
        "take count() as streams_before",
        "Streams of each day": "every day of stream_started\n"
        "append aggregate stream_started in_between on_or_after take count() as streams",
    },
    "viewer": {
        "Whether who pays cancels later": "first payment_made append first subscription_cancelled after "
        "take ts as cancelled_at, days_between as days",
        "Payments after the first subscription": "first subscription_started append aggregate payment_made after "
        "take count() as payments",
        "What payers watch in each month": "every month of payment_made\n"
        "append aggregate watched in_between on_or_after take count() as watched",
    },
}


def draw() -> None:
    """Draw the page."""
    st.title("Growth", anchor=False)
    show_ages("twitch", "livelogs", "billing", "amplitude")
    with st.container(horizontal=True, gap="small"):
        kind = choose_word("Whose", "whose", ["viewer", "streamer"])
        step = choose_word("By", "by", ["day", "week", "month"], "week")
        period = choose_period("growth", 365)
    panel(
        "Growth accounting",
        f"{kind}s by {step}: active ones are new, retained or resurrected; below zero those who churned. "
        "The newest period may not be over",
        lambda: growth.list_accounts(run, kind, step, period),
        lambda rows: charts.stacked_bars(
            rows, "period_start", charts.GROWTH_MEASURES, f"{kind}s", charts.GROWTH_COLORS
        ),
        empty=_NONE,
        origin=Origin("mart_growth_accounting", "active_count", {"customer_kind": kind, "period": step}),
    )
    _draw_retention(kind, step, period)
    panel(
        "Activities",
        "how often what was done in these days, and by how many",
        lambda: growth.list_activities(run, kind, period),
        lambda rows: charts.bars(rows, "activity", "event_count", "events"),
        empty=_NONE,
    )
    _draw_questions(kind)


def _draw_retention(kind: str, step: str, period: Period) -> None:
    measures = {"customers": ("retention_rate", "share of the cohort", ".0%")}
    if kind == "streamer":
        measures["streams"] = ("stream_count", "streams", ",d")
    measure = choose_word("Retention by", "measure", list(measures)) if len(measures) > 1 else "customers"
    value, unit, form = measures[measure]
    panel(
        "Retention",
        f"cohorts by the {step} of their first act, and {step}s since; cells of {step}s that are not over are left out",
        lambda: growth.list_cohorts(run, kind, step, period),
        lambda rows: charts.heat_map(
            _name_cohorts(rows, step), "age", "cohort", value, unit, form=form, titles=(f"{step}s since", "cohort")
        ),
        empty=_NONE,
        origin=Origin("mart_retention_cohorts", value, {"customer_kind": kind, "period": step}),
    )


def _name_cohorts(rows: pd.DataFrame, step: str) -> pd.DataFrame:
    newest = sorted(rows["cohort_start"].unique())[-charts.MOST_COHORTS :]
    shown = rows[rows["cohort_start"].isin(newest)]
    return shown.assign(cohort=shown["cohort_start"].dt.strftime(_FORMS[step]))


def _draw_questions(kind: str) -> None:
    ask = access.current().ask
    if ask is None:
        return
    with st.container(border=True):
        st.header("Ask the activities", anchor=False)
        st.caption("a cohort and what is appended to it; `snowcast activity describe NAME` says what can be named")
        with st.container(horizontal=True, gap="small"):
            for title, example in EXAMPLES[kind].items():
                st.button(title, key=f"example {title}", help=f"`{example}`", on_click=_take, args=(example,))
        question = st.text_area("Question", key="question", bind="query-params", height=100)
        if question.strip():
            _answer(question)


def _take(example: str) -> None:
    st.session_state["question"] = example


def _answer(question: str) -> None:
    try:
        answer = _ask(question)
    except WrongQuestionError as error:
        st.error(str(error))
        return
    if answer.rows.empty:
        st.info("Nobody has done that. `snowcast activity list` shows what there is.", icon=":material/inbox:")
        return
    st.caption(f"the first {len(answer.rows):,} rows" if answer.is_cut else f"{len(answer.rows):,} rows")
    show_table("Answer", answer.rows.drop(columns="activity_id", errors="ignore"), source=answer.rows)


@st.cache_data(ttl=access.current().refresh_seconds, max_entries=20, show_spinner="asking the warehouse")
def _ask(question: str) -> access.Answer:
    ask = access.current().ask
    assert ask is not None
    return ask(question)
