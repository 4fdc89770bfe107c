"""Exports of live logs: CSV and XLSX, recognised by their headers, with the oddities of spreadsheets reported."""

from __future__ import annotations

import zipfile
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from flows.files.convert import deliver_files
from flows.files.known_files import DeliveredBefore
from flows.files.locations import FileLocation
from flows.files.report import FileReport
from flows.sources.livelogs.sheet import livelogs_files
from tests.sources.conftest import records_in
from tests.unit.livelogs import GIFT, STREAM

KIND = {"giftID": "rose", "name": "Rose", "point": "10"}
READ_AT = datetime(2026, 11, 1, tzinfo=UTC)


def as_csv(*records: dict[str, str]) -> str:
    return "\n".join([",".join(records[0]), *(",".join(record.values()) for record in records)]) + "\n"


def workbook(**tabs: list[list[Any]]) -> bytes:
    book, content = Workbook(), BytesIO()
    book.remove(book.active)
    for name, rows in tabs.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(content)
    return content.getvalue()


def rows_of(*records: dict[str, Any]) -> list[list[Any]]:
    return [list(records[0]), *(list(record.values()) for record in records)]


class Folder:
    """Exports, and the landing root that they go to."""

    def __init__(self, root: Path) -> None:
        self.path, self.landing = root / "given", root / "landing"
        self.path.mkdir()

    def land(self, name: str, content: str | bytes) -> dict[str, FileReport]:
        (self.path / name).write_bytes(content.encode() if isinstance(content, str) else content)
        known = DeliveredBefore(self.landing, "livelogs")
        reports = deliver_files(
            livelogs_files(), FileLocation(str(self.path)), self.landing, known, snapshot_at=READ_AT
        )
        return {report.file: report for report in reports}

    def records(self, report: FileReport) -> dict[str, list[Any]]:
        return {file.entity: records_in(self.landing, file) for file in report.landed}


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


@pytest.mark.parametrize(("entity", "record"), [("streams", STREAM), ("gifts", GIFT), ("gift_types", KIND)])
def test_a_csv_is_recognised_by_its_header_and_stays_text(folder: Folder, entity: str, record: dict[str, str]):
    report = folder.land("export.csv", as_csv(record))["export.csv"]
    assert folder.records(report) == {entity: [record]}
    assert (report.status, report.warnings) == ("landed", ())


def test_a_header_without_a_column_that_it_must_have_is_refused_with_the_name_that_may_be_meant(folder: Folder):
    renamed = {("streamerID" if name == "userID" else name): value for name, value in STREAM.items()}
    report = folder.land("export.csv", as_csv(renamed))["export.csv"]
    assert str(report.reason).startswith("looks like streams, but its header has no column userID; it has liveStreamID")
    assert str(report.reason).endswith("; rename streamerID to userID?")


def test_other_columns_that_a_header_lacks_are_told_and_null(folder: Folder):
    renamed = {("fans" if name == "dau" else name): value for name, value in STREAM.items()}
    report = folder.land("export.csv", as_csv(renamed))["export.csv"]
    assert folder.records(report) == {"streams": [renamed]}
    assert report.warnings == ("its header has no column dau: NULL in every row; it has fans, which nobody knows",)


def test_a_row_that_is_cut_off_refuses_a_list_that_must_be_whole(folder: Folder):
    report = folder.land("export.csv", as_csv(GIFT) + "g2,ann\n" + as_csv(GIFT).splitlines()[1] + "\n")["export.csv"]
    assert report.is_refused
    assert "1 of 3 records that cannot be read" in str(report.reason)


def test_blank_rows_and_formula_errors_of_a_csv_are_reported(folder: Folder):
    blank, broken = ",," + "\n", "star,#N/A,5\n"
    report = folder.land("export.csv", as_csv(KIND) + blank + broken + blank)["export.csv"]
    assert report.warnings == (
        "2 blank rows are left out (first: row 3)",
        "1 cell holds a formula error (first: row 4, column name: #N/A): staging refuses the rows",
    )
    broken_kind = {"giftID": "star", "name": {"formula_error": "#N/A"}, "point": "5"}
    assert folder.records(report) == {"gift_types": [KIND, broken_kind]}


def test_a_workbook_is_its_tabs_and_tabs_for_people_are_left(folder: Folder):
    typed = {**GIFT, "isCanceled": False, "point": 10, "utcTimestamp": datetime(2023, 9, 24, 12, 10, 0, 500_000)}
    book = workbook(
        Streams=rows_of(STREAM),
        Given=[*rows_of(typed), [], [None], list(GIFT.values())[:1]],
        Kinds=rows_of({**KIND, "point": 10}, {"giftID": "star", "name": "#REF!", "point": 5}),
        Notes=[["ask Ann"], ["she knows", "everything"]],
        Empty=[],
    )
    reports = folder.land("book_20261101_040000.xlsx", book)
    landed = {name.partition("!")[2]: report for name, report in reports.items()}
    assert {name: report.status for name, report in landed.items()} == {
        **dict.fromkeys(("Streams", "Given", "Kinds"), "landed"),
        **dict.fromkeys(("Notes", "Empty"), "skipped"),
    }
    assert not any(report.is_refused for report in landed.values())
    assert {report.landed[0].snapshot_at.hour for report in landed.values() if report.landed} == {4}
    assert folder.records(landed["Streams"]) == {"streams": [STREAM]}
    spelled = {**typed, "utcTimestamp": "2023-09-24 12:10:00.500000 UTC"}
    assert folder.records(landed["Given"]) == {"gifts": [spelled, {**dict.fromkeys(GIFT, ""), "id": "g1"}]}
    assert landed["Given"].warnings == ("2 blank rows are left out (first: row 3)",)
    assert "first: row 3, column name: #REF!" in landed["Kinds"].warnings[0]


def test_a_workbook_of_something_else_is_refused_tab_by_tab(folder: Folder):
    reports = folder.land("book.xlsx", workbook(Prices=[["sku", "price"], [1, 2]], Notes=[[None, "x"]]))
    assert {name: report.status for name, report in reports.items()} == {
        "book.xlsx!Prices": "refused",
        "book.xlsx!Notes": "refused",
    }
    assert "holds something else than gift_types, gifts or streams" in str(reports["book.xlsx!Prices"].reason)


def test_a_row_beyond_the_header_and_a_header_of_one_name_twice_are_refused(folder: Folder):
    wide, twice = [*rows_of(KIND), ["star", "Star", 5, "and more"]], [["giftID", "name", "name"], ["a", "b", 1]]
    reports = folder.land("book.xlsx", workbook(Wide=wide, Twice=twice))
    assert "1 of 2 records that cannot be read" in str(reports["book.xlsx!Wide"].reason)
    assert "two columns of one name in its header: 'name'" in str(reports["book.xlsx!Twice"].reason)


def test_a_damaged_workbook_is_named_with_its_reason(folder: Folder):
    content = BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("xl/workbook.xml", "<no workbook>")
    (report,) = folder.land("book.xlsx", content.getvalue()).values()
    assert (report.file, report.status) == ("book.xlsx", "refused")
    assert "is a workbook that cannot be read" in str(report.reason)
