"""Billing's files: any spelling of CSV, dated by manifest, name or folder; what cannot be trusted is refused."""

from __future__ import annotations

import gzip
import json
import os
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from flows.files.convert import deliver_files
from flows.files.known_files import DeliveredBefore
from flows.files.locations import FileLocation
from flows.files.report import EMPTY, LANDED, LOADED_BEFORE, REFUSED, FileReport
from flows.sources.billing import billing_files
from tests.sources.conftest import records_in, visible_files

USER = {"user_id": "U1", "country": "US", "signup_date": "2023-01-05", "plan_type": "basic"}
SUBSCRIPTION = {
    "subscription_id": "S1",
    "user_id": "U1",
    "start_date": "2023-01-05",
    "end_date": "",
    "monthly_price": "9.99",
}
PAYMENT = {"payment_id": "P1", "user_id": "U1", "payment_date": "2023-01-05", "amount": "9.99"}
VIEWING = {"user_id": "U1", "watch_date": "2023-01-10", "hours_watched": "2.5"}
DAY = datetime(2026, 11, 1, tzinfo=UTC)


def as_csv(*records: dict[str, str], end: str = "\n") -> str:
    lines = [",".join(records[0]), *(",".join(record.values()) for record in records)]
    return end.join(lines) + end


class Folder:
    """A folder of deliveries and the landing root that they go to."""

    def __init__(self, root: Path) -> None:
        self.path, self.landing = root / "given", root / "landing"
        self.path.mkdir()

    def put(self, name: str, content: str | bytes) -> Path:
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file

    def land(self, *, encoding: str = "utf-8", **options: Any) -> dict[str, FileReport]:
        kind = billing_files(encoding)
        known = DeliveredBefore(self.landing, kind.source)
        reports = deliver_files(kind, FileLocation(str(self.path)), self.landing, known, **options)
        return {report.file: report for report in reports}

    def land_one(self, name: str, content: str | bytes, **options: Any) -> FileReport:
        self.put(name, content)
        return self.land(**options)[name]

    def records(self, report: FileReport) -> dict[str, list[Any]]:
        return {file.entity: records_in(self.landing, file) for file in report.landed}


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


@pytest.mark.parametrize(
    ("entity", "record"),
    [("users", USER), ("subscriptions", SUBSCRIPTION), ("payments", PAYMENT), ("viewing_activity", VIEWING)],
)
def test_the_header_tells_what_a_file_holds_and_values_stay_text(
    entity: str, record: dict[str, str], folder: Folder
) -> None:
    report = folder.land_one("anything_20261101.csv", as_csv(record))

    assert folder.records(report) == {entity: [record]}
    assert (report.status, report.rows, report.warnings, report.is_refused) == (LANDED, 1, (), False)
    assert report.landed[0].snapshot_at == DAY


@pytest.mark.parametrize(
    ("setting", "content"),
    [
        pytest.param("utf-8", lambda text: text.encode(), id="utf-8"),
        pytest.param("utf-8", lambda text: text.encode("utf-8-sig"), id="byte-order-mark"),
        pytest.param("UTF8", lambda text: text.encode(), id="other-spelling"),
        pytest.param("cp1252", lambda text: text.encode("cp1252"), id="cp1252"),
        pytest.param("utf-16", lambda text: text.encode("utf-16"), id="utf-16"),
        pytest.param("utf-16-be", lambda text: text.encode("utf-16-be"), id="utf-16-be"),
        pytest.param("utf-8", lambda text: gzip.compress(text.encode()), id="gzip"),
        pytest.param("cp1252", lambda text: gzip.compress(text.encode("cp1252")), id="gzip-cp1252"),
    ],
)
def test_a_file_in_the_encoding_that_is_set_is_read(setting: str, content: Any, folder: Folder) -> None:
    record = USER | {"plan_type": "Prämie €"}
    report = folder.land_one("users_20261101.csv", content(as_csv(USER, record)), encoding=setting)

    assert folder.records(report) == {"users": [USER, record]}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (as_csv(USER).encode("utf-16"), "is not UTF-8 text: it begins with the byte order mark of UTF-16"),
        (as_csv(USER).encode("utf-16-le"), "is not UTF-8 text: its first line has NUL bytes"),
        (as_csv(USER | {"country": "Ö"}).encode("cp1252"), "is not UTF-8 text (byte 0xd6 after"),
    ],
)
def test_a_file_in_another_encoding_is_refused_and_the_setting_is_named(
    content: bytes, reason: str, folder: Folder
) -> None:
    report = folder.land_one("users_20261101.csv", content)

    assert report.status == REFUSED
    assert str(report.reason).startswith(reason)
    assert "SNOWCAST_BILLING_ENCODING states another encoding" in str(report.reason)
    assert visible_files(folder.landing) == []


def test_line_ends_quotes_and_newlines_in_fields(folder: Folder) -> None:
    text = 'user_id,country,signup_date,plan_type\r\nU1,"two\r\nlines, ""quoted""",2023-01-05,\r\n\r\nU2,,,x\r\n'
    report = folder.land_one("users_20261101.csv", text)

    first = USER | {"country": 'two\r\nlines, "quoted"', "plan_type": ""}
    second = {"user_id": "U2", "country": "", "signup_date": "", "plan_type": "x"}
    assert folder.records(report) == {"users": [first, second]}


def test_extra_columns_are_kept_in_any_order_and_optional_ones_may_be_missing(folder: Folder) -> None:
    record = {"plan_type": "basic", "referrer": "ad", "signup_date": "2023-01-05", "user_id": "U1"}
    report = folder.land_one("users_20261101.csv", as_csv(record))

    assert folder.records(report) == {"users": [record]}


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (PAYMENT, "looks like payments, but its header has no column payment_id; it has user_id, payment_date, amount"),
        (VIEWING, "looks like viewing_activity, but its header has no column user_id; it has watch_date"),
        (SUBSCRIPTION, "looks like subscriptions, but its header has no column subscription_id; it has user_id"),
        (USER, "looks like users, but its header has no column user_id; it has country, signup_date, plan_type"),
    ],
)
def test_a_file_without_a_column_that_it_must_have_is_refused(
    record: dict[str, str], reason: str, folder: Folder
) -> None:
    without_the_first = dict(list(record.items())[1:])
    report = folder.land_one("delivery_20261101.csv", as_csv(without_the_first))

    assert report.status == REFUSED
    assert str(report.reason).startswith(reason)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "is empty"),
        ("\ufeff\r\n", "is empty"),
        ("id,name\n1,x\n", "holds something else than payments, subscriptions, users or viewing_activity: its records"),
        ("id,name\n", "holds something else than"),
        ("user_id,country,country,plan_type\nU1,US,US,basic\n", "has two columns of one name in its header: 'country'"),
        ("user_id:country:plan_type\nU1:US:basic\n", "is neither JSON nor CSV with a header"),
        (as_csv(USER, USER)[:-12], "is cut off: its last row has 3 of 4 fields"),
        (as_csv(USER) + 'U2,"US', "is cut off: its last quoted field has no end"),
    ],
)
def test_a_bad_file_is_refused_with_its_reason_and_the_good_one_lands(
    content: str, reason: str, folder: Folder
) -> None:
    folder.put("good_20261101.csv", as_csv(PAYMENT))
    bad = folder.land_one("bad_20261101.csv", content)

    assert (bad.status, bad.is_refused) == (REFUSED, True)
    assert str(bad.reason).startswith(reason)
    assert [path.split("/")[1] for path in visible_files(folder.landing)] == ["payments"]


def test_a_header_without_rows_is_no_snapshot(folder: Folder) -> None:
    report = folder.land_one("users_20261101.csv", as_csv(USER).splitlines()[0] + "\n")

    assert (report.status, report.is_refused) == (EMPTY, False)
    assert report.reason == "holds no records, only a header: no snapshot is taken of it"
    assert visible_files(folder.landing) == []


def test_a_row_of_another_length_is_landed_for_staging_to_refuse(folder: Folder) -> None:
    report = folder.land_one("payments_20261101.csv", as_csv(PAYMENT) + "P2,U1,2023-01-05,9,99\nP3,U1,,\n")

    assert folder.records(report)["payments"][1:] == [
        ["P2", "U1", "2023-01-05", "9", "99"],
        {"payment_id": "P3", "user_id": "U1", "payment_date": "", "amount": ""},
    ]
    assert "not the fields of the others" in report.warnings[0]


@pytest.mark.parametrize(
    ("name", "content", "first"),
    [
        ("users.csv", as_csv(USER) + "U2,US,2023-01-05,basic,more\nU3,US,,\n", "['U2', 'US',"),
        ("users.ndjson", json.dumps(USER) + "\n{oops}\n" + json.dumps(USER) + "\n", "line 2: Expecting"),
    ],
)
def test_a_complete_delivery_with_a_row_that_cannot_be_read_is_refused(
    name: str, content: str, first: str, folder: Folder
) -> None:
    """Who is in that row would be missing, and so count as deleted."""
    report = folder.land_one(name, content, snapshot_at=DAY)

    assert report.status == REFUSED
    assert str(report.reason).startswith(f"has 1 of 3 records that cannot be read (first: {first}")
    assert visible_files(folder.landing) == []


@pytest.mark.parametrize(
    ("name", "manifest", "given", "moment"),
    [
        ("users_20261102.csv", {"snapshot_at": "2026-11-01"}, datetime(2026, 11, 3, tzinfo=UTC), DAY),
        ("2026-11-02/users_20261101.csv", None, datetime(2026, 11, 3, tzinfo=UTC), DAY),
        ("2026/11/01/users.csv", None, datetime(2026, 11, 3, tzinfo=UTC), DAY),
        ("users.csv", {"snapshot_at": "2026-11-01T02:00:00+02:00"}, None, DAY),
        ("users.csv", {"partial": ["payments"]}, DAY, DAY),
        ("users.csv", None, DAY, DAY),
    ],
)
def test_what_dates_a_delivery(
    name: str, manifest: dict[str, Any] | None, given: datetime | None, moment: datetime, folder: Folder
) -> None:
    if manifest is not None:
        folder.put(f"{Path(name).parent}/manifest.json", json.dumps(manifest))
    report = folder.land_one(name, as_csv(USER), snapshot_at=given)

    assert (report.landed[0].snapshot_at, report.warnings) == (moment, ())


def test_the_folder_that_is_given_may_state_the_day(folder: Folder) -> None:
    folder.path = folder.path / "2026-11-01"
    report = folder.land_one("users.csv", as_csv(USER))

    assert report.landed[0].snapshot_at == DAY


def test_a_manifest_speaks_of_its_own_folder_only(folder: Folder) -> None:
    folder.put("a/manifest.json", json.dumps({"snapshot_at": "2026-11-01"}))
    folder.put("a/users.csv", as_csv(USER))
    other = folder.land_one("b/users.csv", as_csv(USER), snapshot_at=datetime(2026, 11, 2, tzinfo=UTC))

    assert other.landed[0].snapshot_at == datetime(2026, 11, 2, tzinfo=UTC)


def test_a_delivery_in_a_zip_archive_has_its_manifest_there(folder: Folder) -> None:
    with zipfile.ZipFile(folder.path / "delivery.zip", "w") as archive:
        archive.writestr("manifest.json", json.dumps({"snapshot_at": "2026-11-01"}))
        archive.writestr("users.csv", as_csv(USER))

    (report,) = folder.land().values()

    assert (report.file, report.landed[0].snapshot_at) == ("delivery.zip!users.csv", DAY)


def test_the_modification_time_is_the_last_resort_and_is_told(folder: Folder) -> None:
    file = folder.put("users.csv", as_csv(USER))
    os.utime(file, (DAY.timestamp(), DAY.timestamp()))
    report = folder.land()["users.csv"]

    assert report.landed[0].snapshot_at == DAY
    assert "modification time 2026-11-01 00:00:00 UTC is taken" in report.warnings[0]


@pytest.mark.parametrize("name", ["users", "users_20261101.csv", "users_20261101"])
def test_a_manifest_may_not_call_a_complete_source_partial(name: str, folder: Folder) -> None:
    folder.put("manifest.json", json.dumps({"partial": [name, "payments"]}))
    folder.put("payments_20261101.csv", as_csv(PAYMENT))
    folder.put("users_20261101.csv", as_csv(USER))

    reports = folder.land()

    assert reports["payments_20261101.csv"].status == LANDED
    assert reports["users_20261101.csv"].status == REFUSED
    assert "a delivery of users must list everything" in str(reports["users_20261101.csv"].reason)


@pytest.mark.parametrize(
    ("manifest", "fault"),
    [
        ("{", "is not valid JSON"),
        ("[]", "is no JSON object"),
        ('{"snapshot_at": "yesterday"}', "has a \"snapshot_at\" that is no ISO 8601 time: 'yesterday'"),
        ('{"snapshot_at": 5}', 'has a "snapshot_at" that is no ISO 8601 time: 5'),
        ('{"partial": "users"}', 'has a "partial" that is no list of names'),
    ],
)
def test_files_beside_a_broken_manifest_are_refused(manifest: str, fault: str, folder: Folder) -> None:
    folder.put("broken/manifest.json", manifest)
    folder.put("users_20261101.csv", as_csv(USER))
    bad = folder.land_one("broken/users_20261101.csv", as_csv(USER))

    assert bad.status == REFUSED
    assert str(bad.reason).startswith(f"cannot be dated: the manifest.json beside it {fault}")


def test_the_same_content_at_another_day_is_another_observation(folder: Folder) -> None:
    folder.put("users_20261101.csv", as_csv(USER))
    folder.put("users_20261102.csv", as_csv(USER))

    assert {report.status for report in folder.land().values()} == {LANDED}
    assert len(visible_files(folder.landing)) == 2


def test_a_renamed_copy_is_recognised(folder: Folder) -> None:
    folder.put("users_20261101.csv", as_csv(USER))
    folder.put("a copy of 20261101.csv", as_csv(USER))
    folder.put("another copy.csv", as_csv(USER))

    reports = folder.land()

    assert [reports[name].status for name in sorted(reports)] == [LANDED, LOADED_BEFORE, LOADED_BEFORE]
    assert len(visible_files(folder.landing)) == 1
