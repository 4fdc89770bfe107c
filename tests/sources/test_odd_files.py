"""Files as people and programs leave them: taken where nothing is lost, else refused by name, and the others land."""

from __future__ import annotations

import gzip
import io
import json
import lzma
import os
import time
import zipfile
from datetime import datetime, time as clock, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from flows.files.convert import deliver_files
from flows.files.kinds import FileKind
from flows.files.known_files import DeliveredBefore
from flows.files.limits import LIMITS, Limits
from flows.files.locations import FileLocation
from flows.files.report import LANDED, REFUSED, SKIPPED, FileReport
from flows.landing import read_lines
from flows.sources.billing import billing_files
from flows.sources.livelogs.sheet import livelogs_files
from flows.sources.twitch.files import HELIX_FILES
from tests.sources.conftest import records_in
from tests.unit.livelogs import GIFT

HEADER, ROW = "payment_id,user_id,payment_date,amount", "P1,U1,2026-10-01,1.00"
PAYMENT = dict(zip(HEADER.split(","), ROW.split(","), strict=True))


class Folder:
    """A folder of files of one source and where they land."""

    def __init__(self, root: Path) -> None:
        self.path, self.landing = root / "given", root / "landing"
        self.path.mkdir()

    def land(self, kind: FileKind | None = None, **files: str | bytes) -> dict[str, FileReport]:
        for name, content in files.items():
            file = self.path / name.replace("__", ".")
            file.write_bytes(content.encode() if isinstance(content, str) else content)
        kind = kind or billing_files()
        known = DeliveredBefore(self.landing, kind.source)
        return {one.file: one for one in deliver_files(kind, FileLocation(str(self.path)), self.landing, known)}

    def records(self, report: FileReport) -> list[Any]:
        return [record for file in report.landed for record in records_in(self.landing, file)]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"{HEADER}\n{ROW}\n".replace(",", ";"), id="semicolons"),
        pytest.param(f"{HEADER}\n{ROW}\n".replace(",", "\t"), id="tabs"),
        pytest.param(f"{HEADER}\n{ROW}\n".replace(",", "|"), id="pipes"),
        pytest.param(f"sep=;\n{HEADER}\n{ROW}\n".replace(",", ";"), id="stated separator"),
        pytest.param(f"{HEADER.upper()}\n{ROW}\n", id="capitals"),
        pytest.param(f"{HEADER.title()}\n{ROW}\n", id="other capitals"),
        pytest.param(f"{HEADER}\n{ROW}\n".replace(",", ", "), id="blanks behind commas"),
        pytest.param("payment_id, user_id, payment_date, amount\n" + ROW + "\n", id="blanks in the header alone"),
        pytest.param(" payment_id ,user_id\t,payment_date\u00a0,amount \n" + ROW + "\n", id="blanks around names"),
        pytest.param(f"\n\n{HEADER}\n{ROW}\n", id="blank lines above"),
        pytest.param(f"{HEADER},,\n{ROW},,\n", id="empty columns at the end"),
        pytest.param(f"{HEADER},,\n{ROW}\n", id="empty columns in the header alone"),
        pytest.param(f"{HEADER}\n{ROW},,,\n", id="empty cells beyond the header"),
        pytest.param(f"{HEADER}\n{ROW}\n".replace("\n", "\r"), id="CR line ends"),
        pytest.param(f"{HEADER}\n{ROW}\n".replace("\n", "\r\n"), id="CRLF line ends"),
        pytest.param(f"{HEADER}\n{ROW}\n\x1a", id="Ctrl-Z on a line of its own"),
        pytest.param(f"{HEADER}\n{ROW}\x1a", id="Ctrl-Z behind the last line"),
        pytest.param(f"\ufeff\ufeff{HEADER}\n{ROW}\n", id="two byte order marks"),
    ],
)
def test_what_loses_nothing_is_taken(folder: Folder, text: str):
    report = folder.land(file_20261102__csv=text)["file_20261102.csv"]
    assert folder.records(report) == [PAYMENT]
    assert (report.status, report.warnings) == (LANDED, ())


def test_a_title_is_left_out_with_a_warning_and_data_above_the_header_refused(folder: Folder):
    reports = folder.land(
        title_20261102__csv=f"Payments report October,,,\n\n{HEADER}\n{ROW}\n",
        data_20261102__csv=f"P0,U0,2026-09-30,1.00\n{HEADER}\n{ROW}\n",
    )
    assert folder.records(reports["title_20261102.csv"]) == [PAYMENT]
    told = "1 line above the header left out (first: Payments report October)"
    assert reports["title_20261102.csv"].warnings == (told,)
    assert "Delete what stands above the header" in str(reports["data_20261102.csv"].reason)


def test_a_note_in_a_column_without_a_name_is_kept_beside_its_row(folder: Folder):
    report = folder.land(file_20261102__csv=f"{HEADER},\n{ROW},checked\n{ROW},\n")["file_20261102.csv"]
    assert folder.records(report) == [{**PAYMENT, "column_5": "checked"}, PAYMENT]


def test_a_decimal_comma_stays_for_staging(folder: Folder):
    text = f"{HEADER}\n{ROW}\n".replace(",", ";").replace("1.00", "12,50")
    assert folder.records(folder.land(f_20261102__csv=text)["f_20261102.csv"]) == [{**PAYMENT, "amount": "12,50"}]


def workbook(**tabs: list[list[Any]]) -> bytes:
    book, content = openpyxl.Workbook(), io.BytesIO()
    for name, rows in tabs.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.remove(book.worksheets[0])
    book.save(content)
    return content.getvalue()


def test_cells_that_are_no_text_are_spelled_for_staging_to_judge(folder: Folder):
    cells = {
        "id": 945.0,
        "recordID": 40_312_345_678_901_234,
        "utcTimestamp": clock(10, 30),
        "timestamp": timedelta(hours=30),
        "tradeID": datetime(2026, 11, 10),
    }
    book = workbook(GIFTS=[list(GIFT), list({**GIFT, **cells}.values())])
    report = folder.land(livelogs_files(), gifts_20261110_140000__xlsx=book)["gifts_20261110_140000.xlsx!GIFTS"]
    (record,) = folder.records(report)
    assert {name: record[name] for name in cells} == {
        "id": 945,
        "recordID": "4.03123456789012E+16",
        "utcTimestamp": "10:30:00",
        "timestamp": "1 day, 6:00:00",
        "tradeID": "2026-11-10",
    }


def test_sheets_of_something_else_are_left_out_and_only_empty_ones_are_called_empty(folder: Folder):
    book = workbook(
        GIFTS=[["Gifts of November"], [], [f" {name.upper()} " for name in GIFT], list(GIFT.values())],
        Twice=[["a", "a"], [1, 2]],
        Numbers=[[1, 2], [3, 4]],
        Late=[[], [], ["note"]],
        Empty=[[], []],
    )
    reports = folder.land(livelogs_files(), book_20261110_140000__xlsx=book)
    found = {name.partition("!")[2]: report for name, report in reports.items()}
    assert folder.records(found["GIFTS"]) == [GIFT]
    assert {name for name, report in found.items() if report.status == SKIPPED} == {"Twice", "Numbers", "Late", "Empty"}
    assert [name for name, report in found.items() if "is empty" in str(report.reason)] == ["Empty"]


def test_helix_files_without_an_id_are_refused_once_with_the_name_that_may_be_meant(folder: Folder):
    stream = {"stream_id": "1", "user_id": "7", "game_id": "", "viewer_count": 5, "started_at": "2026-11-10T09:55:00Z"}
    cells = ",".join(stream) + "\n" + ",".join(map(str, stream.values())) + "\n"
    reports = folder.land(
        HELIX_FILES,
        **{"page_1793556222000__json": json.dumps({"data": [stream] * 3}), "page_1793556222001__csv": cells},
    )
    assert {report.status for report in reports.values()} == {REFUSED}
    for report in reports.values():
        assert str(report.reason).startswith("looks like streams, but its header has no column id; it has stream_id")
        assert str(report.reason).endswith("; rename stream_id to id?")


def test_whatever_a_reader_raises_names_its_file_and_the_others_land(folder: Folder):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("payments_20261102.csv", f"{HEADER}\n" + f"{ROW}\n" * 500)
    damaged = bytearray(packed.getvalue())
    damaged[80:110] = b"\xff" * 30
    reports = folder.land(a_20261102__zip=bytes(damaged), good_20261103__csv=f"{HEADER}\n{ROW}\n")
    assert reports["good_20261103.csv"].status == LANDED
    (bad,) = [report for name, report in reports.items() if name.startswith("a_")]
    assert (bad.status, bad.file) == (REFUSED, "a_20261102.zip!payments_20261102.csv")


def test_names_links_and_pipes_are_told_and_never_waited_for(folder: Folder):
    odd = os.fsencode(folder.path) + b"/pay\xff_20261102.csv"
    with open(odd, "w") as file:  # noqa: PTH123 - a Path holds no such name as bytes
        file.write(f"{HEADER}\n{ROW}\n")
    os.mkfifo(folder.path / "pipe.csv")
    (folder.path / "nowhere.csv").symlink_to(folder.path / "absent.csv")
    (folder.path / "round.csv").symlink_to(folder.path / "round.csv")
    (folder.path / "above").symlink_to(folder.path.parent)
    reports = folder.land(good_20261103__csv=f"{HEADER}\n{ROW}\n")
    assert {name: report.status for name, report in reports.items()} == {
        "pay\\xff_20261102.csv": LANDED,
        "good_20261103.csv": LANDED,
        **dict.fromkeys(("pipe.csv", "nowhere.csv", "round.csv", "above"), REFUSED),
    }
    assert reports["nowhere.csv"].reason == "is a link that leads nowhere"
    assert "no regular file" in str(reports["pipe.csv"].reason)
    json.dumps([report.delivery.path for report in reports.values() if report.delivery], ensure_ascii=False).encode()


@pytest.mark.parametrize(
    "said", ['{"snapshot_at": "2026-', '{"snapshot_at": "0001-01-01T00:00:00+05:00"}', "[" * 100_000, "\udcff"]
)
def test_a_manifest_that_cannot_be_used_is_told_of_the_files_beside_it(folder: Folder, said: str):
    reports = folder.land(manifest__json=said.encode("utf-8", "surrogateescape"), good__csv=f"{HEADER}\n{ROW}\n")
    assert reports["good.csv"].status == REFUSED
    assert "the manifest.json beside it" in str(reports["good.csv"].reason)


def test_a_header_of_many_columns_is_read_at_once(folder: Folder):
    more = ",".join(f"c{number}" for number in range(20_000))
    begun = time.process_time()
    report = folder.land(f_20261102__csv=f"{HEADER},{more}\n{ROW}{',1' * 20_000}\n")["f_20261102.csv"]
    assert report.status == LANDED
    assert time.process_time() - begun < 5


def test_what_unpacks_to_too_much_is_refused_before_it_is_read_to_its_end(folder: Folder):
    bomb = gzip.compress(f"{HEADER}\n".encode() + b"x" * (64 * 1024 * 1024))
    packed, tabs = io.BytesIO(), io.BytesIO(workbook(Payments=[HEADER.split(",")]))
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb_20261102.csv", b"\n" * (64 * 1024 * 1024))
    with zipfile.ZipFile(tabs, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/image1.png", b"\0" * (64 * 1024 * 1024))
    reports = folder.land(
        a_20261102__gz=bomb,
        b_20261102__zip=packed.getvalue(),
        c_20261102__xlsx=tabs.getvalue(),
        d_20261103__csv=f"{HEADER}\n{ROW}\n",
    )
    assert [report.status for name, report in sorted(reports.items())] == [REFUSED] * 3 + [LANDED]
    assert all("SNOWCAST_FILE_RATIO" in str(report.reason) for report in reports.values() if report.is_refused)


def test_the_settings_bound_bytes_and_seconds(folder: Folder):
    kept = LIMITS.set(Limits(mebibytes=1))
    try:
        large = folder.land(a_20261102__csv=f"{HEADER}\n" + f"{ROW}\n" * 60_000)["a_20261102.csv"]
        LIMITS.set(Limits(seconds=0))
        slow = folder.land(a_20261102__csv=f"{HEADER}\n{ROW}\n")["a_20261102.csv"]
    finally:
        LIMITS.reset(kept)
    assert "holds more than 1 MiB (SNOWCAST_FILE_MEBIBYTES)" in str(large.reason)
    assert "SNOWCAST_FILE_SECONDS" in str(slow.reason)


def test_a_member_in_another_packing_is_read(folder: Folder):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("payments_20261102.csv", f"{HEADER}\n{ROW}\n")
    reports = folder.land(a__zip=packed.getvalue(), b_20261102__xz=lzma.compress(b"nothing of ours"))
    assert reports["a.zip!payments_20261102.csv"].status == LANDED
    assert reports["b_20261102.xz"].status == REFUSED


def test_a_line_that_is_no_text_is_landed_as_text_for_the_load_to_refuse(folder: Folder):
    good = json.dumps(PAYMENT).encode()
    report = folder.land(p_20261102__ndjson=good + b'\n{"a": "\xb3\x00\rx"}\n' + good + b"\n")["p_20261102.ndjson"]
    (landed,) = report.landed
    assert list(read_lines(folder.landing, landed))[1] == rb'{"a": "\xb3\x00\rx"}'
    assert (report.rows, report.bad_lines) == (3, 1)


def test_two_records_on_one_line_stay_one_line_that_is_refused(folder: Folder):
    good = json.dumps(PAYMENT)
    report = folder.land(p_20261102__ndjson=f"{good}\n{good}{good}\n{good}\n")["p_20261102.ndjson"]
    assert folder.records(report) == [PAYMENT, good + good, PAYMENT]
    assert (report.rows, report.bad_lines) == (3, 1)


def test_what_a_terminal_cannot_show_is_told_as_escapes(folder: Folder):
    text = json.dumps([{"\ud800\x1b[2J": 1}])
    report = folder.land(p_20261102__json=text)["p_20261102.json"]
    assert str(report.reason).endswith("its records have \\ud800\\x1b[2J")


@pytest.mark.parametrize("number", ["12345678901234567890123", "-9223372036854775809", "18446744073709551616", "1e400"])
def test_a_number_is_landed_as_the_source_has_it_however_long(folder: Folder, number: str):
    page = f'{{"data":[{{"id":"1","user_id":"2","game_id":"3","viewer_count":{number}}}]}}'

    reports = folder.land(HELIX_FILES, page_1764000000000__json=page, lines_1764000900000__json=f"{page}\n{page}\n")

    expected = json.loads(number)
    assert [record["viewer_count"] for one in reports.values() for record in folder.records(one)] == [expected] * 3
