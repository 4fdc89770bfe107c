"""Deliveries into RAW: each record once, nothing read twice, whatever crashed in between."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from flows.errors import ConfigError
from flows.files import deliveries
from flows.files.deliveries import deliver, has_others
from flows.files.locations import FileLocation
from flows.files.report import DELIVERED_BEFORE, EMPTY, LANDED, LOADED_BEFORE, REFUSED
from flows.landing import LandingWriter
from flows.load import loader
from flows.load.loader import load_pending
from flows.reporting import LogReporter, report_to
from flows.settings import Settings, load_settings
from flows.sources.billing import billing_files

if TYPE_CHECKING:
    from snowflake.snowpark import Session

USERS = "user_id,country,signup_date,plan_type\nU1,US,2023-01-05,basic\nU2,DE,2023-01-06,premium\n"
PAYMENTS = "payment_id,user_id,payment_date,amount\nP1,U1,2023-01-05,9.99\n"
USER_ROWS = [["U1", "US", "2023-01-05", "basic"], ["U2", "DE", "2023-01-06", "premium"]]


class Told:
    """A reporter that keeps what it is told."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str, str]] = []

    def show_progress(self, step: str, detail: str) -> None:
        pass

    def show_result(self, step: str, detail: str, mark: str = "ok") -> None:
        self.lines.append((step, detail, mark))


class Way:
    """A folder of deliveries, a landing root, and the tables that deliveries reach."""

    def __init__(self, session: Session, database: str, root: Path) -> None:
        from transforms.catalog import select_models
        from transforms.engine.tables import create_table
        from transforms.ops import DELIVERIES, LOADS, POLLS, QUARANTINE

        self.session, self.folder = session, root / "given"
        self.settings: Settings = load_settings(home=root / "home", database=database)
        self.tables = [model.table for model in select_models(["raw"]) if "billing" in model.table.tags]
        for statement in (f"SCHEMA {database}.RAW", f"SCHEMA {database}.OPS", f"STAGE {database}.RAW.LANDING"):
            session.sql(f"CREATE {statement}").collect()
        for table in (*self.tables, LOADS, POLLS, QUARANTINE, DELIVERIES):
            create_table(session, table)

    def put(self, name: str, content: str) -> Path:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
        return file

    def deliver(self, **options: Any) -> dict[str, str]:
        """Deliver the folder; the status of each file."""
        fetched = deliver(self.session, self.settings, billing_files(), FileLocation(str(self.folder)), **options)
        return {report.file: report.status for report in fetched.files}

    def load(self) -> None:
        load_pending(self.session, self.settings.database, self.settings.landing_root, self.tables)

    def deliver_and_load(self) -> None:
        self.deliver()
        self.load()

    def rows(self, name: str) -> list[dict[str, Any]]:
        found = self.session.table(f"{self.settings.database}.{name}").collect()
        return [{column.lower(): value for column, value in row.as_dict().items()} for row in found]

    def records(self, entity: str) -> list[list[Any]]:
        rows = self.rows(f"RAW.RAW_BILLING_{entity.upper()}")
        rows.sort(key=lambda row: (row["_snapshot_at"], row["_source_file"], row["_source_row"]))
        return [list(json.loads(row["record"]).values()) for row in rows]


@pytest.fixture
def way(session: Session, database: str, tmp_path: Path) -> Way:
    return Way(session, database, tmp_path)


def test_the_same_folder_again_is_not_read(way: Way) -> None:
    file = way.put("users_20261101.csv", USERS)
    way.put("payments_20261101.csv", PAYMENTS)
    assert set(way.deliver().values()) == {LANDED}
    way.load()
    state = file.stat()
    file.write_text(USERS.replace("US", "XX"))
    os.utime(file, ns=(state.st_atime_ns, state.st_mtime_ns))

    assert set(way.deliver().values()) == {DELIVERED_BEFORE}

    way.load()
    assert way.records("users") == USER_ROWS
    assert len(way.rows("OPS.DELIVERIES")) == 2


def test_the_ledger_tells_of_each_file(way: Way) -> None:
    file = way.put("users_20261101.csv", USERS)
    way.deliver()
    way.load()

    (row,) = way.rows("OPS.DELIVERIES")
    (load,) = way.rows("OPS.LOADS")
    assert json.loads(row.pop("landed_files")) == [load["source_file"]]
    assert len(row.pop("delivery_id")) == 32
    assert row.pop("read_at") <= load["loaded_at"]
    assert row == {
        "source": "billing",
        "file_path": str(file),
        "size_bytes": len(USERS),
        "file_version": str(file.stat().st_mtime_ns),
        "snapshot_at": load["snapshot_at"],
        "status": LANDED,
        "rows_landed": 2,
    }


def test_a_file_that_was_written_again_is_read_and_its_equal_content_not_loaded(way: Way) -> None:
    file = way.put("users_20261101.csv", USERS)
    way.deliver()
    way.load()
    os.utime(file, ns=(0, 0))

    assert way.deliver() == {file.name: LOADED_BEFORE}

    way.load()
    assert way.records("users") == USER_ROWS


def test_a_corrected_file_of_the_same_day_is_loaded_beside_the_first(way: Way) -> None:
    file = way.put("users_20261101.csv", USERS)
    way.deliver()
    file.write_text(USERS.replace("premium", "basic"))

    assert way.deliver() == {file.name: LANDED}

    way.load()
    assert sorted(way.records("users")) == sorted([*USER_ROWS, USER_ROWS[0], ["U2", "DE", "2023-01-06", "basic"]])


def test_an_undated_file_that_goes_back_to_what_it_was_is_another_observation(way: Way) -> None:
    """Only its modification time dates it; a copy under another name would be left out."""
    changed = USERS.replace("premium", "basic")
    for day, content in enumerate((USERS, changed, USERS)):
        file = way.put("users.csv", content)
        os.utime(file, (day * 86400, day * 86400))
        assert way.deliver() == {"users.csv": LANDED}
    way.put("copy.csv", USERS)
    assert way.deliver()["copy.csv"] == LOADED_BEFORE

    way.load()
    assert [row[3] for row in way.records("users")] == ["basic", "premium", "basic", "basic", "basic", "premium"]


def test_what_is_lost_before_it_was_loaded_is_read_again(way: Way) -> None:
    file = way.put("users_20261101.csv", USERS)
    way.deliver()
    shutil.rmtree(way.settings.landing_root)

    assert way.deliver() == {file.name: LANDED}

    way.load()
    assert way.records("users") == USER_ROWS


def test_a_landing_root_that_is_gone_does_not_matter_once_loaded(way: Way) -> None:
    file = way.put("users_20261101.csv", USERS)
    way.deliver()
    way.load()
    shutil.rmtree(way.settings.landing_root)

    assert way.deliver() == {file.name: DELIVERED_BEFORE}


def test_another_time_or_encoding_is_another_delivery(way: Way) -> None:
    from datetime import UTC, datetime

    way.put("users.csv", USERS)
    for day in (1, 2):
        assert way.deliver(snapshot_at=datetime(2026, 11, day, tzinfo=UTC)) == {"users.csv": LANDED}
    place = FileLocation(str(way.folder))
    (report,) = deliver(
        way.session, way.settings, billing_files("cp1252"), place, datetime(2026, 11, 2, tzinfo=UTC)
    ).files

    assert report.status != DELIVERED_BEFORE


def test_good_and_bad_files_are_told_one_by_one_and_bad_ones_again(way: Way) -> None:
    way.put("a_20261101.csv", PAYMENTS)
    way.put("b_20261101.csv", "")
    way.put("c_20261101.csv", USERS.splitlines()[0] + "\n")
    way.put("users.csv", USERS)
    told = Told()
    report_to(told)
    try:
        first = way.deliver()
        second = way.deliver()
    finally:
        report_to(LogReporter())

    assert list(first.values()) == [LANDED, REFUSED, EMPTY, LANDED]
    assert list(second.values()) == [DELIVERED_BEFORE, REFUSED, DELIVERED_BEFORE, DELIVERED_BEFORE]
    steps = [(step, mark) for step, _, mark in told.lines]
    assert steps == [
        ("read a_20261101.csv", "ok"),
        ("read b_20261101.csv", "failed"),
        ("read c_20261101.csv", "warning"),
        ("read users.csv", "warning"),
        ("read b_20261101.csv", "failed"),
        ("read billing files", "skipped"),
    ]
    assert told.lines[1][1] == "refused: is empty"
    assert told.lines[5][1].startswith("3 files were delivered before")


@pytest.mark.parametrize(
    ("module", "name", "survivors"),
    [
        pytest.param(LandingWriter, "finish", 1, id="between-two-landing-files"),
        pytest.param(deliveries, "append_rows", 0, id="before-the-ledger-of-deliveries"),
        pytest.param(loader, "put_files", 0, id="before-the-stage"),
        pytest.param(loader, "copy_files", 1, id="between-two-copies"),
        pytest.param(loader, "append_rows", 1, id="before-the-ledger-of-loads"),
    ],
)
def test_a_crash_between_two_steps_loses_and_repeats_nothing(
    module: Any, name: str, survivors: int, way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    way.put("users_20261101.csv", USERS)
    way.put("payments_20261101.csv", PAYMENTS)
    real, calls = getattr(module, name), []

    def crash(*arguments: Any, **options: Any) -> Any:
        calls.append(name)
        if len(calls) > survivors:
            raise KeyboardInterrupt
        return real(*arguments, **options)

    monkeypatch.setattr(module, name, crash)
    with pytest.raises(KeyboardInterrupt):
        way.deliver_and_load()
    monkeypatch.setattr(module, name, real)

    way.deliver_and_load()

    assert way.records("users") == USER_ROWS
    assert way.records("payments") == [["P1", "U1", "2023-01-05", "9.99"]]
    assert len(way.rows("OPS.LOADS")) == len(way.rows("OPS.DELIVERIES")) == 2
    assert set(way.deliver().values()) == {DELIVERED_BEFORE}


def test_a_place_that_is_not_there_or_empty_is_a_configuration_error(way: Way) -> None:
    with pytest.raises(ConfigError, match=r"--from-files: .*given does not exist"):
        way.deliver()
    way.folder.mkdir()
    with pytest.raises(ConfigError, match=r"--from-files: .*given holds no files"):
        way.deliver()


def test_the_ledger_tells_whether_files_came_from_elsewhere(way: Way) -> None:
    way.put("users_20261101.csv", USERS)
    way.deliver()

    assert not has_others(way.session, way.settings, "billing", FileLocation(str(way.folder)))
    assert not has_others(way.session, way.settings, "twitch", FileLocation("/elsewhere"))
    assert has_others(way.session, way.settings, "billing", FileLocation(str(way.folder) + "2"))
