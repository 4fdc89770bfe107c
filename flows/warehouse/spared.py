"""What Snowpark does for every frame that nobody reads: a fifth of what a build costs the client."""

from __future__ import annotations

import os
import random
from types import SimpleNamespace
from typing import Any

_GENERATOR = random.Random()
os.register_at_fork(after_in_child=_GENERATOR.seed)  # or two commands of the resident worker would give the same names


def spare_unread_work() -> None:
    """Replace the private functions of Snowpark that cost and give nothing where its telemetry is not sent.

    A version of Snowpark that has them elsewhere just does the work; tests/unit/test_spared.py then says so.
    """
    from snowflake.snowpark import window
    from snowflake.snowpark._internal import server_connection, telemetry, utils
    from snowflake.snowpark._internal.analyzer import schema_utils

    # Every plan is measured for telemetry, sent or not, and so is the stack of who asks for a frame's columns.
    _replace(server_connection, "get_plan_telemetry_metrics", _measure_nothing)
    _replace(telemetry, "get_plan_telemetry_metrics", _measure_nothing)
    _replace(schema_utils, "traceback", SimpleNamespace(extract_stack=lambda limit: []))
    # Every window looks up the line of the source that made it.
    _replace(window, "with_src_position", lambda tree, *_: tree)
    # Every letter of every query's name has a generator of its own, seeded for it.
    _replace(utils, "Random", lambda: _GENERATOR)


def _measure_nothing(plan: Any) -> dict[str, Any]:
    return {}


def _replace(module: Any, name: str, value: Any) -> None:
    if hasattr(module, name):
        setattr(module, name, value)
