"""What is spared of Snowpark's work is what this version does, and nothing of what a frame gives."""

from __future__ import annotations

from snowflake.snowpark import Window, window
from snowflake.snowpark._internal import server_connection, telemetry, utils
from snowflake.snowpark._internal.analyzer import schema_utils
from snowflake.snowpark.functions import col, row_number

from flows.warehouse.spared import spare_unread_work

REPLACED = (
    *((server_connection, "get_plan_telemetry_metrics"), (telemetry, "get_plan_telemetry_metrics")),
    *((schema_utils, "traceback"), (window, "with_src_position"), (utils, "Random")),
)


def test_what_is_replaced_is_still_there_to_be_replaced(monkeypatch):
    for module, name in REPLACED:
        monkeypatch.setattr(module, name, "as Snowpark has it")
    spare_unread_work()
    assert [name for module, name in REPLACED if getattr(module, name) == "as Snowpark has it"] == []


def test_names_still_differ_and_windows_still_work(session):
    assert len({utils.generate_random_alphanumeric() for _ in range(1_000)}) == 1_000
    frame = session.create_dataframe([(1, "b"), (1, "a"), (2, "c")], schema=["k", "v"])
    numbered = frame.select("v", row_number().over(Window.partition_by("k").order_by(col("v").desc())).alias("n"))
    assert sorted(map(tuple, numbered.collect())) == [("a", 2), ("b", 1), ("c", 1)]
