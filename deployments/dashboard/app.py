"""The dashboard as Streamlit starts it: which pages there are."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from deployments.dashboard.views import live, streamers

st.set_page_config(page_title="Snowcast", page_icon=str(Path(__file__).with_name("icon.png")), layout="wide")
st.navigation(
    [
        st.Page(live.draw, title="Live", icon=":material/podcasts:", url_path="live", default=True),
        st.Page(streamers.draw, title="Streamers", icon=":material/person_search:", url_path="streamers"),
    ]
).run()
