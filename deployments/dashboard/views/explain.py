"""Explain: where one number comes from, from its formula down to landing files."""

from __future__ import annotations

from collections.abc import Mapping
from shlex import quote

import pandas as pd
import streamlit as st

from deployments.dashboard import access
from deployments.dashboard.access import Explained, Explainer, UnknownNumberError
from deployments.dashboard.filters import choose
from deployments.dashboard.panels import read_key, show_table, write_key

_MOST_ROWS = 200
_NO_ROW = "No row is named so. `snowcast run` builds the tables."
_COMMAND_ONLY = (
    "Explanations are told where the project is installed: `snowcast explain TABLE COLUMN --key NAME=VALUE`."
)


def draw() -> None:
    """Draw the page."""
    st.title("Explain", anchor=False)
    st.caption("where one number comes from: its formula, the rows behind it, their landing files and checks")
    explainer = access.current().explainer
    if explainer is None:
        st.info(_COMMAND_ONLY, icon=":material/terminal:")
        return
    measures = explainer.measures()
    with st.container(horizontal=True, gap="small"):
        table = choose("Table", "table", {name: name for name in measures})
        columns = {name: name for name in measures.get(table or "", ())}
        asked = st.query_params.get("column")
        if asked and asked not in columns:
            st.query_params.pop("column")
        column = choose("Column", "column", columns)
        text = st.text_input(
            "Row", placeholder="name=value, name=value", key="key", bind="query-params", help="what names one row"
        )
    if table is None or column is None:
        st.info("There is no such table or column.", icon=":material/inbox:")
        return
    _draw_number(explainer, table, column, read_key(text))


def _draw_number(explainer: Explainer, table: str, column: str, key: Mapping[str, str]) -> None:
    try:
        rows = explainer.rows(table, column, key, _MOST_ROWS)
        if rows.empty:
            st.info(_NO_ROW, icon=":material/inbox:")
        elif len(rows) > 1:
            _choose_row(rows, column)
        else:
            named = {name: str(rows[name].iloc[0]) for name in rows.columns if name != column}
            _draw_explanation(table, column, named, _explain(table, column, tuple(named.items())))
    except UnknownNumberError as error:
        st.error(str(error))


def _choose_row(rows: pd.DataFrame, column: str) -> None:
    more = f", the newest {len(rows)} of them" if len(rows) == _MOST_ROWS else ""
    st.caption(f"choose one of these rows{more}")

    def take() -> None:
        chosen = st.session_state["rows"]["selection"]["rows"]
        if chosen:
            named = rows.iloc[chosen[0]]
            st.session_state["key"] = write_key({name: str(named[name]) for name in rows.columns if name != column})

    st.dataframe(rows, hide_index=True, key="rows", on_select=take, selection_mode="single-row", alt="rows to choose")


@st.cache_data(ttl=access.current().refresh_seconds, max_entries=20, show_spinner="following it to its landing files")
def _explain(table: str, column: str, named: tuple[tuple[str, str], ...]) -> Explained:
    explainer = access.current().explainer
    assert explainer is not None
    return explainer.explain(table, column, dict(named))


def _draw_explanation(table: str, column: str, named: Mapping[str, str], found: Explained) -> None:
    with st.container(border=True):
        st.header(f"{column} = {found.value}", anchor=False)
        st.caption(f"{table}, {write_key(named)}")
        st.code(found.formula, language="sql", wrap_lines=True)
        st.caption("the same on the command line")
        keys = " ".join(f"--key {quote(f'{name}={value}')}" for name, value in named.items())
        st.code(f"snowcast explain {table} {column} {keys}", language="bash", wrap_lines=True)
        with st.expander("SQL that gives it again", icon=":material/code:"):
            st.code(found.sql, language="sql", wrap_lines=True)
    for step in found.steps:
        with st.container(border=True):
            st.header(step.title, anchor=False)
            for note in step.notes:
                st.text(note)
            show_table(step.title, step.rows, with_keys=True)
    with st.container(border=True):
        count = len(found.files)
        st.header(f"{count:,} landing file{'' if count == 1 else 's'}", anchor=False)
        show_table("Landing files", found.files)
