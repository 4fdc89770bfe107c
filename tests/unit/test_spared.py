"""What is spared of the work of Snowpark and Prefect is what these versions do, and nothing of what they give."""

from __future__ import annotations

import ssl

import pytest
from prefect._internal import version_checking
from prefect.client import orchestration
from prefect.settings import PREFECT_API_URL, temporary_settings
from snowflake.snowpark import Window, window
from snowflake.snowpark._internal import server_connection, telemetry, utils
from snowflake.snowpark._internal.analyzer import schema_utils
from snowflake.snowpark.functions import col, row_number

from flows.services.spared import spare_certificates
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


@pytest.mark.parametrize(
    ("server", "reads"),
    [("http://127.0.0.1:4200/api", False), ("https://127.0.0.1:4200/api", True), ("http://prefect.example/api", True)],
)
def test_certificates_are_read_for_any_server_but_the_homes_own(monkeypatch, server, reads):
    for module in (orchestration, version_checking):
        monkeypatch.setattr(module, "ssl", module.ssl)
    spare_certificates()
    with temporary_settings({PREFECT_API_URL: server}):
        contexts = [module.ssl.create_default_context() for module in (orchestration, version_checking)]
    assert [bool(context.get_ca_certs()) for context in contexts] == [reads, reads]
    assert {(context.verify_mode, context.check_hostname) for context in contexts} == {(ssl.CERT_REQUIRED, True)}
