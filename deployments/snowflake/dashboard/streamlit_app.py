"""The dashboard as Streamlit in Snowflake starts it: its pages, drawn anew each time."""

import runpy

runpy.run_module("deployments.dashboard.app", run_name="__main__")
