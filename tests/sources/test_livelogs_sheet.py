"""Live logs through the real gspread client from a server of the Sheets API's shape, faults included."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from deployments.sandbox import SHEET_ID, TABS, SandboxServer
from deployments.sandbox.world.timestamps import epoch
from flows.errors import ConfigError, TransientError
from flows.files.convert import deliver_files
from flows.files.known_files import DeliveredBefore
from flows.files.report import FileReport
from flows.sources.livelogs.client import SheetsAccess, SheetsClient
from flows.sources.livelogs.sheet import SheetLocation, livelogs_files
from tests.sources.conftest import FAST, records_in

READ_AT = datetime(2026, 11, 1, 18, tzinfo=UTC)
ENTITY_OF = {"LOGS": "streams", "TRANSACTIONS": "gifts", "GIFT_TYPE": "gift_types"}
Read = Callable[..., dict[str, FileReport]]


@pytest.fixture
def place_of(sandbox: SandboxServer) -> Callable[..., SheetLocation]:
    """Makes the place of the sandbox's sheet."""

    def make(sheet_id: str = SHEET_ID, tabs: tuple[str, ...] = TABS, **account: Any) -> SheetLocation:
        key = {**sandbox.service_account(), **account}
        return SheetLocation(SheetsAccess(key, f"{sandbox.url}/", FAST, rows_a_batch=100), sheet_id, tabs)

    return make


@pytest.fixture
def read(place_of: Callable[..., SheetLocation], tmp_path: Path) -> Read:
    """Reads the sheet; what became of each tab, by its name."""

    def run(**changes: Any) -> dict[str, FileReport]:
        kind, known = livelogs_files(), DeliveredBefore(tmp_path, "livelogs")
        reports = deliver_files(kind, place_of(**changes), tmp_path, known, snapshot_at=READ_AT)
        return {report.file: report for report in reports}

    return run


def shown(sandbox: SandboxServer) -> dict[str, list[dict[str, Any]]]:
    """What the sandbox's sheet holds now, as records."""
    tabs = sandbox.sheets.view.at(epoch(sandbox.now))
    return {name: [dict(zip(rows[0], row, strict=True)) for row in rows[1:]] for name, rows in tabs.items()}


def test_every_row_of_every_tab_lands_as_the_sheet_holds_it(sandbox: SandboxServer, read: Read, tmp_path: Path):
    reports = read()
    for name, records in shown(sandbox).items():
        (landed,) = reports[name].landed
        assert (landed.entity, landed.snapshot_at, reports[name].warnings) == (ENTITY_OF[name], READ_AT, ())
        assert records_in(tmp_path, landed) == records
        assert len(records) == reports[name].rows > 5
    batches = sandbox.requests[f"/v4/spreadsheets/{SHEET_ID}/values:batchGet"]
    assert batches == sum(-(-(report.rows + 21) // 100) for report in reports.values()) > len(TABS)
    assert sandbox.requests["/sheets/token"] == 1


@pytest.mark.parametrize(
    ("fault", "rule"),
    [
        *[(name, {"times": 3}) for name in ("429", "500", "502", "503", "504", "drop_connection", "truncate_body")],
        *(("not_json", {"times": 2, "after": 2}), ("expired_token", {"after": 2}), ("slow", {"seconds": 3})),
        ("503", {"path": "/sheets/token", "times": 1}),
    ],
)
def test_a_fault_that_passes_costs_nothing(
    sandbox: SandboxServer, read: Read, fault: str, rule: dict[str, Any], tmp_path: Path
):
    sandbox.inject(fault, **{"path": "/v4/", **rule})
    reports = read()
    assert {name: report.rows for name, report in reports.items()} == {
        name: len(records) for name, records in shown(sandbox).items()
    }


@pytest.mark.parametrize("fault", ["429", "503", "drop_connection", "not_json"])
def test_a_fault_that_stays_is_transient_and_lands_no_part_of_a_tab(
    sandbox: SandboxServer, read: Read, fault: str, tmp_path: Path
):
    sandbox.inject(fault, path=f"/v4/spreadsheets/{SHEET_ID}/values", after=2, times=None)
    with pytest.raises(TransientError, match="Sheets API"):
        read()
    landed = [path.name for path in tmp_path.rglob("*.ndjson.gz")]
    assert not [name for name in landed if name.startswith("gifts_")], "a tab that was half read became visible"
    sandbox.clear_faults()
    assert read()["TRANSACTIONS"].status == "landed"


def test_a_changed_header_of_an_optional_column_is_told_and_the_rows_land_without_it(
    sandbox: SandboxServer, read: Read
):
    sandbox.inject("changed_header", tab="LOGS", times=None)
    reports = read()
    assert [reports[name].status for name in TABS] == ["landed", "landed", "landed"]
    assert any("has no column dau: NULL in every row" in warning for warning in reports["LOGS"].warnings)


def test_a_new_column_is_kept_for_the_drift_to_tell(sandbox: SandboxServer, read: Read, tmp_path: Path):
    sandbox.inject("new_column", tab="GIFT_TYPE", times=None)
    (landed,) = read()["GIFT_TYPE"].landed
    assert {record["note"] for record in records_in(tmp_path, landed)} == {"sandbox"}


def test_blank_rows_and_formula_errors_are_reported(sandbox: SandboxServer, read: Read, tmp_path: Path):
    sandbox.inject("blank_rows", tab="GIFT_TYPE", rows=120, times=None)
    sandbox.inject("formula_errors", tab="GIFT_TYPE", rows=2, times=None)
    report = read()["GIFT_TYPE"]
    kinds = len(shown(sandbox)["GIFT_TYPE"])
    assert report.rows == kinds
    assert report.warnings == (
        "120 blank rows are left out (first: row 3)",
        "2 cells hold formula errors (first: row 2, column name: #REF!): staging refuses the rows",
    )
    names = [record["name"] for record in records_in(tmp_path, report.landed[0])]
    assert names[:2] == [{"formula_error": "#REF!"}] * 2


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"sheet_id": "elsewhere"}, "There is no sheet elsewhere"),
        ({"tabs": ("LOGS", "Gifts")}, "has no tab Gifts; it has LOGS, TRANSACTIONS, GIFT_TYPE"),
        ({"client_email": "other@example.com"}, "gives no token to the service account other@example.com"),
        ({"client_email": ""}, "has no client_email"),
        ({"private_key": "no key"}, "The private key .* cannot be read"),
    ],
)
def test_a_wrong_configuration_is_told_without_the_key(
    place_of: Callable[..., SheetLocation], changes: dict[str, Any], told: str
):
    with pytest.raises(ConfigError, match=told) as caught:
        place_of(**changes).files()
    assert "PRIVATE KEY" not in str(caught.value)
    assert "PRIVATE KEY" not in repr(place_of(**changes))


def test_a_sheet_that_is_not_shared_names_who_to_share_it_with(
    sandbox: SandboxServer, place_of: Callable[..., SheetLocation]
):
    sandbox.inject("no_access")
    email = sandbox.service_account()["client_email"]
    with pytest.raises(ConfigError, match=f"{email} may not read .* Share the sheet"):
        place_of().files()


def test_google_itself_is_asked_where_nothing_else_is_set(sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch):
    asked = []
    client = SheetsClient(SheetsAccess(sandbox.service_account()), "id")
    monkeypatch.setattr(client._http.session, "request", lambda method, url, **_: asked.append(url) or _answer())
    assert client.tabs() == {}
    assert asked == ["https://sheets.googleapis.com/v4/spreadsheets/id"]


def _answer() -> Any:
    from requests import Response

    answer = Response()
    answer.status_code, answer._content = 200, b'{"sheets": []}'
    return answer
