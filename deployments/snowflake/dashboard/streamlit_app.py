"""The dashboard as Streamlit in Snowflake starts it: its pages, drawn anew each time."""

from __future__ import annotations

import runpy

runpy.run_module("deployments.dashboard.app", run_name="__main__")
