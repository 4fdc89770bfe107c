from __future__ import annotations

import base64
import re
from typing import Any

import pytest
import snowflake.connector

from deployments.dashboard.report import make_report
from deployments.dashboard.warehouse import Warehouse
from deployments.embedded import Endpoint
from tests.dashboard.known import known_warehouse

pytest.importorskip("vl_convert", reason="pictures of charts need the extra `dashboard`")


def pictures(page: str) -> dict[str, str]:
    """Charts of the page by what is said of them."""
    found = re.findall(r'<img alt="([^"]*)" src="data:image/svg\+xml;base64,([^"]*)">', page)
    return {says: base64.b64decode(data).decode() for says, data in found}


def test_the_report_holds_its_charts_and_asks_nobody(run):
    page = make_report(run, "known <warehouse>")
    drawn = pictures(page)
    assert len(drawn) == 7
    top = next(svg for says, svg in drawn.items() if says.startswith("Top streamers"))
    assert "=Bert" in top
    assert "Carl_1" in top
    assert "known &lt;warehouse&gt;" in page
    assert "<td>name in r2</td>" in page
    assert "<script" not in page
    assert not re.findall(r"(?:src|href)=\"(?!data:)", page)


def test_a_warehouse_without_tables_has_a_report_too(endpoint: Endpoint):
    with known_warehouse(endpoint, {}) as parameters:
        page = make_report(Warehouse(lambda: snowflake.connector.connect(**parameters)), "empty")
    assert page.count("<p>Nothing yet.</p>") == 11
    assert not pictures(page)


def test_the_warehouse_is_logged_in_to_again_where_the_login_is_lost(known: dict[str, Any]):
    logins: list[Any] = []

    def connect() -> Any:
        logins.append(snowflake.connector.connect(**known))
        return logins[-1]

    warehouse = Warehouse(connect)
    assert list(warehouse("SELECT 1 AS one")["one"]) == [1]
    logins[0].close()
    assert list(warehouse("SELECT ? AS two", (2,))["two"]) == [2]
    assert len(logins) == 2
    warehouse.close()
