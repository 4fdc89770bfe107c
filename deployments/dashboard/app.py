"""The dashboard as Streamlit starts it: which pages there are."""

from pathlib import Path

import streamlit as st

from deployments.dashboard.views import explain, games, growth, live, operations, product, revenue, streamers

# The icon first: unless there is one, the navigation takes the page's own, which a browser fetches from another host.
st.set_page_config(page_icon=str(Path(__file__).with_name("icon.png")), layout="wide")
page = st.navigation(
    [
        st.Page(live.draw, title="Live", icon=":material/podcasts:", url_path="live", default=True),
        st.Page(streamers.draw, title="Streamers", icon=":material/person_search:", url_path="streamers"),
        st.Page(games.draw, title="Games", icon=":material/sports_esports:", url_path="games"),
        st.Page(growth.draw, title="Growth", icon=":material/trending_up:", url_path="growth"),
        st.Page(revenue.draw, title="Revenue", icon=":material/payments:", url_path="revenue"),
        st.Page(product.draw, title="Product", icon=":material/touch_app:", url_path="product"),
        st.Page(operations.draw, title="Operations", icon=":material/monitor_heart:", url_path="operations"),
        st.Page(explain.draw, title="Explain", icon=":material/account_tree:", url_path="explain"),
    ]
)
st.set_page_config(page_title=f"{page.title} · Snowcast")
page.run()
