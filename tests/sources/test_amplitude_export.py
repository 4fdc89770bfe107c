"""Hours out of the Export API: each whole and once, whatever it answers, and no personal data anywhere."""

from __future__ import annotations

import gzip
import io
import json
import subprocess
import uuid
import zipfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from deployments.sandbox import SandboxServer
from flows.errors import ConfigError, SourceError
from flows.files.deliveries import deliver
from flows.files.locations import FileLocation
from flows.settings import load_settings
from flows.sources.amplitude.archive import ArchiveLimits
from flows.sources.amplitude.files import amplitude_files
from flows.sources.amplitude.personal import PersonalData
from tests.sources.amplitude import NOON, NOW, PERSONAL, Account, Warehouse, named
from tests.sources.conftest import visible_files

if TYPE_CHECKING:
    from deployments.embedded import Endpoint

FIRST = NOON - timedelta(hours=6)
EXPORT = "/amplitude/api/2/export"


def at(hour: int) -> datetime:
    return NOON.replace(hour=hour)


def hour_name(hour: int) -> str:
    return f"{at(hour):%Y%m%dT%H}"


@pytest.fixture(scope="module")
def _warehouse(endpoint: Endpoint) -> Iterator[Warehouse]:
    from snowflake.snowpark import Session

    name = f"AMPLITUDE_{uuid.uuid4().hex[:12].upper()}"
    session = Session.builder.configs(endpoint.connection_parameters(name)).create()
    warehouse = Warehouse(session, name, Path())
    warehouse.create()
    yield warehouse
    session.sql(f"DROP DATABASE IF EXISTS {name}").collect()
    session.close()


@pytest.fixture
def warehouse(_warehouse: Warehouse, tmp_path: Path) -> Warehouse:
    _warehouse.empty()
    _warehouse.root = tmp_path / "landing"
    return _warehouse


@pytest.fixture
def account(sandbox: SandboxServer, warehouse: Warehouse, tmp_path: Path) -> Account:
    return Account(sandbox, warehouse, tmp_path)


def test_the_hours_that_are_ready_land_once_each(account, warehouse):
    exported = account.export()
    assert warehouse.uuids() == account.uploaded(FIRST, 6)
    assert warehouse.states() == {name: ("landed", 1) for name in named(*map(at, range(6, 12)))}
    assert account.ledger.cursor == NOON
    assert exported.failure is None
    assert exported.reports() == ()
    row = next(row for row in warehouse.rows("ops.export_hours") if row["hour_at"].hour == 8)
    in_hour = [row for row in warehouse.rows("raw.raw_amplitude_events") if row["_snapshot_at"].hour == 8]
    assert (row["files"], row["events"]) == (3, len(in_hour))
    assert row["bytes"] > 1000 * len(in_hour)
    assert {one["_source_file"] for one in in_hour} == {row["landed_file"]}
    assert account.sandbox.requests[EXPORT] == 1


def test_a_record_is_as_it_was_sent_but_for_personal_data(account, warehouse):
    account.export()
    sent = {record["uuid"]: record for record in account.records(FIRST, 6)}
    for event in warehouse.events():
        wanted = sent[event["uuid"]]
        del wanted["ip_address"]
        wanted["user_properties"].pop("email", None)
        assert event == wanted


def test_the_next_run_asks_only_for_what_came_since(account, warehouse):
    account.export()
    account.export(NOW + timedelta(minutes=30))
    assert account.sandbox.requests[EXPORT] == 1, "nothing was due"
    account.export(NOW + timedelta(hours=3))
    assert warehouse.uuids() == account.uploaded(FIRST, 9)
    assert account.ledger.cursor == NOON + timedelta(hours=3)


@pytest.mark.parametrize("window", [1, 2, 24])
def test_any_window_lands_the_same(account, warehouse, window):
    account.export(window_hours=window)
    assert warehouse.uuids() == account.uploaded(FIRST, 6)
    assert account.sandbox.requests[EXPORT] == {1: 6, 2: 3, 24: 1}[window]


def test_an_hour_without_events_is_empty_and_done(account, warehouse):
    account.sandbox.inject("404", path=EXPORT, hour=hour_name(8), times=None)
    account.export(window_hours=1)
    assert warehouse.states()[named(at(8))[0]] == ("empty", 1)
    assert account.ledger.cursor == NOON
    account.export(NOW + timedelta(minutes=1))
    assert account.sandbox.requests[EXPORT] == 6


@pytest.mark.parametrize("fault", ["export_too_large", "export_timeout"])
def test_what_is_too_large_is_halved(account, warehouse, fault):
    account.sandbox.inject(fault, times=None, rows=2)
    exported = account.export()
    assert warehouse.uuids() == account.uploaded(FIRST, 6)
    assert exported.reports() == ()
    assert account.sandbox.requests[EXPORT] == 7, "6 = 3 + 3, 3 = 1 + 2"


@pytest.mark.parametrize("fault", ["export_too_large", "export_timeout"])
def test_an_hour_that_is_too_large_is_kept_as_such_and_the_others_land(account, warehouse, fault):
    account.sandbox.inject(fault, times=None, rows=0, hour=hour_name(8))
    exported = account.export()
    assert warehouse.states()[named(at(8))[0]][0] == "too_large"
    assert warehouse.uuids() == account.uploaded(FIRST, 6) - account.uploaded(at(8), 1)
    assert account.ledger.cursor == at(8), "the cursor does not pass it"
    assert account.ledger.gaps() == [at(8)]
    assert "SNOWCAST_AMPLITUDE_URL" in warehouse.notes()[named(at(8))[0]]
    assert [report.is_refused for report in exported.reports()] == [True]
    asked = account.sandbox.requests[EXPORT]
    account.export(NOW + timedelta(hours=1))
    assert account.sandbox.requests[EXPORT] == asked + 1, "it is not asked for again by itself"
    account.sandbox.clear_faults()
    account.export(NOW + timedelta(hours=1), fill_gaps=True)
    assert warehouse.uuids() == account.uploaded(FIRST, 7)
    assert account.ledger.cursor == NOON + timedelta(hours=1)
    assert account.ledger.gaps() == []


@pytest.mark.parametrize("fault", ["429", "500", "502", "503", "drop_connection", "truncate_body"])
def test_what_passes_is_asked_again(account, warehouse, fault):
    account.sandbox.inject(fault, path=EXPORT, times=2)
    account.export()
    assert warehouse.uuids() == account.uploaded(FIRST, 6)
    assert account.sandbox.requests[EXPORT] == 3


@pytest.mark.parametrize("fault", ["429", "500", "503", "drop_connection", "truncate_body"])
def test_what_does_not_pass_leaves_the_hours_pending_and_keeps_what_came(account, warehouse, fault):
    account.sandbox.inject(fault, path=EXPORT, hour=hour_name(9), times=None)
    exported = account.export(window_hours=2)
    assert isinstance(exported.failure, SourceError)
    assert "3 times" in str(exported.failure)
    assert warehouse.states() == dict(
        zip(named(*map(at, range(6, 10))), [("landed", 1), ("landed", 1), ("pending", 1), ("pending", 1)], strict=True)
    )
    assert warehouse.uuids() == account.uploaded(FIRST, 2)
    assert account.ledger.cursor == at(8)
    account.sandbox.clear_faults()
    account.export()
    assert warehouse.uuids() == account.uploaded(FIRST, 6)
    assert account.ledger.cursor == NOON


def test_refused_keys_are_configuration(account, warehouse):
    account.sandbox.inject("forbidden", path=EXPORT, hour=hour_name(10), times=None)
    with pytest.raises(ConfigError, match=r"refuses the keys \(403\).*SNOWCAST_AMPLITUDE_SECRET_KEY"):
        account.export(window_hours=2)
    warehouse.load()
    assert warehouse.uuids() == account.uploaded(FIRST, 4), "what came before is kept"
    assert account.ledger.cursor == at(10)


def test_a_broken_file_is_named_and_only_its_hour_is_asked_again(account, warehouse):
    account.sandbox.inject("broken_member")
    account.export()
    assert account.sandbox.requests[EXPORT] == 2
    assert warehouse.uuids() == account.uploaded(FIRST, 6)
    assert warehouse.states()[named(at(6))[0]] == ("landed", 2)
    assert warehouse.states()[named(at(7))[0]] == ("landed", 1)


def test_a_broken_archive_is_asked_again_hour_by_hour(account, warehouse):
    account.sandbox.inject("broken_archive")
    account.export()
    assert account.sandbox.requests[EXPORT] == 7
    assert warehouse.uuids() == account.uploaded(FIRST, 6)


def test_an_hour_that_is_behind_the_others_is_asked_again_whatever_ends_the_run(account, warehouse):
    account.sandbox.inject("broken_member")
    account.sandbox.inject("forbidden", path=EXPORT, after=1)
    with pytest.raises(ConfigError):
        account.export()
    assert [state for state, _ in warehouse.states().values()] == ["pending", *["landed"] * 5]
    assert account.ledger.cursor == FIRST
    account.export()
    assert warehouse.uuids() == account.uploaded(FIRST, 6)
    assert account.ledger.cursor == NOON


def test_an_hour_that_stays_broken_is_left_out_with_its_reason_and_refused_in_the_end(account, warehouse):
    account.sandbox.inject("broken_member", times=None, hour=hour_name(8))
    name = named(at(8))[0]
    exported = account.export(window_hours=1)
    assert warehouse.states()[name] == ("pending", 3)
    assert warehouse.uuids() == account.uploaded(FIRST, 6) - account.uploaded(at(8), 1)
    assert "2026-11-20_8#0.json.gz' is cut off" in exported.reports()[0].reason
    account.export()
    account.export()
    assert warehouse.states()[name] == ("refused", 9)
    asked = account.sandbox.requests[EXPORT]
    account.export()
    assert account.sandbox.requests[EXPORT] == asked, "a person says when it is asked for again"
    account.sandbox.clear_faults()
    account.export(fill_gaps=True)
    assert warehouse.uuids() == account.uploaded(FIRST, 6)


def test_a_line_that_is_no_record_goes_to_the_quarantine_without_what_it_holds(account, warehouse):
    account.sandbox.inject("broken_line")
    exported = account.export()
    assert warehouse.uuids() == account.uploaded(FIRST, 6)
    (row,) = warehouse.rows("ops.quarantine")
    assert "no record: line 1 of" in row["record"]
    assert "203.0.113" not in str(row)
    assert [(report.bad_lines, report.is_refused) for report in exported.reports()] == [(1, True)]


def test_a_large_event_goes_to_the_quarantine_and_costs_no_memory(account, warehouse):
    longest = max(len(json.dumps(record, separators=(",", ":"))) for record in account.records(FIRST, 6))
    account.export(limits=ArchiveLimits(event_bytes=longest - 10))
    rows = warehouse.rows("ops.quarantine")
    assert rows
    assert all("no record" in row["record"] for row in rows)
    assert len(rows) + warehouse.uuids().total() == account.uploaded(FIRST, 6).total()


@pytest.mark.parametrize(
    ("limits", "setting"),
    [
        (ArchiveLimits(archive_bytes=20_000), "SNOWCAST_AMPLITUDE_ARCHIVE_MEBIBYTES"),
        (ArchiveLimits(unpacked_bytes=100_000), "SNOWCAST_AMPLITUDE_UNPACKED_MEBIBYTES"),
    ],
)
def test_archives_beyond_the_limits_are_halved_and_then_left_out(account, warehouse, limits, setting):
    account.export(limits=limits)
    states = warehouse.states()
    assert {state for state, _ in states.values()} <= {"landed", "too_large"}
    too_large = [name for name, (state, _) in states.items() if state == "too_large"]
    assert all(setting in warehouse.notes()[name] for name in too_large)
    fits = ArchiveLimits(archive_bytes=1, unpacked_bytes=1)
    account.export(limits=fits, fill_gaps=True)
    assert set(too_large) <= {name for name, (state, _) in warehouse.states().items() if state == "too_large"}
    account.export(fill_gaps=True)
    assert warehouse.uuids() == account.uploaded(FIRST, 6)


def test_a_backfill_lands_a_range_and_ranges_chain(account, warehouse):
    account.export()
    begin = NOON - timedelta(days=2)
    account.export(since=begin, until=begin + timedelta(hours=5))
    account.export(since=begin + timedelta(hours=5), until=begin + timedelta(hours=9))
    assert warehouse.uuids() == account.uploaded(begin, 9) + account.uploaded(FIRST, 6)
    assert account.ledger.cursor == begin + timedelta(hours=9)
    assert len(account.ledger.gaps()) == 33
    account.export(fill_gaps=True)
    assert warehouse.uuids() == account.uploaded(begin, 48)
    assert account.ledger.gaps() == []
    assert account.ledger.cursor == NOON


def test_nothing_is_asked_for_before_it_is_whole(account, warehouse):
    account.export(
        NOON + timedelta(hours=1, minutes=59), since=NOON - timedelta(hours=2), until=NOON + timedelta(days=9)
    )
    assert list(warehouse.states()) == named(at(10)), "11:00 to 12:00 is whole from 14:00 on"


def test_an_hour_whose_landing_file_is_lost_before_it_was_loaded_is_asked_again(account, warehouse):
    account.export(load=False)
    lost = next(row for row in warehouse.rows("ops.export_hours") if row["hour_at"].hour == 8)["landed_file"]
    (warehouse.root / lost).unlink()
    assert account.ledger.cursor == at(8)
    account.sandbox.inject("shuffled_export", times=None)
    account.export()
    assert warehouse.uuids() == account.uploaded(FIRST, 6)
    (warehouse.root / lost).unlink(missing_ok=True)
    assert account.ledger.cursor == NOON, "what is loaded needs no file any more"


def test_two_projects_have_hours_of_their_own(account, warehouse, sandbox, tmp_path):
    account.export()
    other = Account(sandbox, warehouse, tmp_path, name="other")
    assert other.ledger.cursor is None
    other.export(first_hours=2)
    assert len(warehouse.rows("ops.export_hours")) == 8
    assert warehouse.uuids() == account.uploaded(FIRST, 6), "the same events at the same hours are the same files"


def all_text(warehouse: Warehouse, home: Path) -> str:
    """Everything that was written down: landing and stage files, unpacked, and every table."""
    texts = []
    for path in home.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            texts.append(gzip.decompress(content).decode() if content[:2] == b"\x1f\x8b" else content.decode("latin-1"))
    names = [f"raw.{table.name}" for table in warehouse.tables]
    names += ["ops.export_hours", "ops.loads", "ops.quarantine", "ops.deliveries"]
    texts += [str(warehouse.rows(name)) for name in names]
    return "\n".join(texts)


def personal_values(records) -> set[str]:
    found = {record["ip_address"] for record in records if record.get("ip_address")}
    return found | {record["user_properties"]["email"] for record in records if record["user_properties"].get("email")}


@pytest.mark.parametrize("key", [None, SecretStr("pepper")])
def test_personal_data_are_nowhere(account, warehouse, tmp_path, warehouse_home, key):
    account.key = key
    account.sandbox.inject("broken_line")
    records = list(account.records(FIRST, 6))
    values = personal_values(records)
    assert len(values) > 50
    account.export()
    written = all_text(warehouse, tmp_path)
    stage = "".join(
        gzip.decompress(path.read_bytes()).decode()
        for path in warehouse_home.rglob("events_20261120*.ndjson.gz")
        if warehouse.database.lower() in str(path).lower()
    )
    assert records[0]["uuid"] in written, "the places looked at are the right ones"
    assert records[0]["uuid"] in stage
    assert not [value for value in values if value in written or value in stage]
    assert "203.0.113.77" not in written
    assert "203.0.113.77" not in stage
    hashed = [event.get("ip_address") for event in warehouse.events()]
    assert set(map(type, hashed)) == ({type(None)} if key is None else {str})
    if key:
        addresses = {record["uuid"]: record["ip_address"] for record in records}
        pairs = {(addresses[event["uuid"]], event["ip_address"]) for event in warehouse.events()}
        assert len(pairs) == len(set(addresses.values())) == len({hashed for _, hashed in pairs})


def test_the_test_of_personal_data_finds_them(account, warehouse, tmp_path, monkeypatch):
    monkeypatch.setattr(PersonalData, "protect", lambda _, event: dict(event))
    values = personal_values(list(account.records(FIRST, 6)))
    account.export()
    assert values <= {value for value in values if value in all_text(warehouse, tmp_path)}


def bucket_of(account: Account, folder: Path) -> Path:
    """What Amplitude's own export to a bucket writes of the same hours."""
    folder.mkdir()
    for hour in range(6, 9):
        for part in range(2):
            records = list(account.records(at(hour), 1))[part::2]
            lines = b"".join(json.dumps(record).encode() + b"\n" for record in records)
            (folder / f"100_2026-11-20_{hour}#{part}.json.gz").write_bytes(gzip.compress(lines))
    return folder


def settings_of(account: Account):
    return load_settings(home=account.home, database=account.warehouse.database)


def test_events_that_come_by_files_too_are_the_same_records(account, warehouse, tmp_path):
    account.export()
    folder = bucket_of(account, tmp_path / "bucket")
    kind = amplitude_files(PersonalData(PERSONAL, None))
    fetched = deliver(warehouse.session, settings_of(account), kind, FileLocation(str(folder)))
    warehouse.load()
    assert [report.status for report in fetched.files] == ["landed"] * 6
    assert set(fetched.snapshots) == {at(6), at(7), at(8)}, "the name of a file says its hour"
    counts = warehouse.uuids()
    twice = account.uploaded(at(6), 3)
    assert counts == account.uploaded(FIRST, 6) + twice
    by_uuid: dict[str, set[str]] = {}
    for event in warehouse.events():
        by_uuid.setdefault(event["uuid"], set()).add(json.dumps(event, sort_keys=True))
    assert all(len(found) == 1 for found in by_uuid.values()), "both ways give the same record"
    again = deliver(warehouse.session, settings_of(account), kind, FileLocation(str(folder)))
    assert {report.status for report in again.files} == {"delivered before"}


def test_every_kind_of_file_is_taken(account, warehouse, tmp_path):
    folder = tmp_path / "files"
    folder.mkdir()
    one, two, three, four = list(account.records(at(6), 2))[:4]
    with zipfile.ZipFile(folder / "export.zip", "w") as archive:
        archive.writestr("100/100_2026-11-20_6#0.json.gz", gzip.compress(json.dumps(one).encode() + b"\n"))
    (folder / "pretty.json").write_text(json.dumps(two, indent=2))
    (folder / "lines.ndjson").write_text(f"{json.dumps(three)}\n{json.dumps(four)}\n")
    header = "_insert_id,device_id,event_type,event_time,ip_address,uuid,user_properties"
    nested = '"{""email"": ""a@b.invalid"", ""cohort"": ""A""}"'
    (folder / "events.csv").write_text(f"{header}\ni1,d1,opened,2026-11-20 06:00:00,192.0.2.7,u1,{nested}\n")
    (folder / "merged.json").write_text('{"amplitude_id": 1, "merged_amplitude_id": 2, "merge_event_time": 3}\n')
    (folder / "types.json").write_text('{"data": [{"id": 1, "name": "opened", "totals": 3, "non_active": false}]}')
    (folder / "other.csv").write_text("sku,price\n1,2\n")
    kind = amplitude_files(PersonalData(PERSONAL, None))
    fetched = deliver(warehouse.session, settings_of(account), kind, FileLocation(str(folder)), NOON)
    warehouse.load()
    assert {report.file for report in fetched.files if report.is_refused} == {"other.csv"}
    assert set(warehouse.uuids()) == {"u1", *(record["uuid"] for record in (one, two, three, four))}
    assert [
        json.loads(row["record"])["merged_amplitude_id"] for row in warehouse.rows("raw.raw_amplitude_merged_ids")
    ] == [2]
    assert [json.loads(row["record"])["name"] for row in warehouse.rows("raw.raw_amplitude_event_types")] == ["opened"]
    flat = next(event for event in warehouse.events() if event["uuid"] == "u1")
    assert flat["user_properties"] == {"cohort": "A"}
    assert "ip_address" not in flat
    written = all_text(warehouse, warehouse.root)
    assert "192.0.2.7" not in written
    assert "a@b.invalid" not in written


def test_lines_of_files_that_are_no_records_keep_what_they_hold_to_themselves(account, warehouse, tmp_path):
    folder = tmp_path / "files"
    folder.mkdir()
    good = json.dumps(next(iter(account.records(at(6), 1))))
    (folder / "lines.ndjson").write_text(f'{good}\n{{"ip_address": "192.0.2.7", "event\n["192.0.2.8"]\n{good}\n')
    (folder / "rows.csv").write_text("uuid,event_type,ip_address\nu1,opened,192.0.2.9\nu2,opened,192.0.2.10,more\n")
    kind = amplitude_files(PersonalData(PERSONAL, None))
    fetched = deliver(warehouse.session, settings_of(account), kind, FileLocation(str(folder)), NOON)
    warehouse.load()
    assert {report.file: report.bad_lines for report in fetched.files} == {"lines.ndjson": 2, "rows.csv": 1}
    assert len(warehouse.rows("ops.quarantine")) == 3
    assert "192.0.2." not in all_text(warehouse, warehouse.root) + str(fetched)


def archive_of(*members: tuple[str, bytes], **options) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", **options) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return file.getvalue()


def test_the_spool_leaves_no_file_behind(account, tmp_path):
    script = f"""
import os, tempfile
file = tempfile.TemporaryFile(dir={str(tmp_path)!r}, prefix="export-")
file.write(b"x"); file.flush()
print(len(os.listdir({str(tmp_path)!r})), flush=True)
os.kill(os.getpid(), 9)
"""
    before = len(list(tmp_path.iterdir()))
    done = subprocess.run(["python3", "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == -9
    assert int(done.stdout) == before == len(list(tmp_path.iterdir()))
    account.export()
    assert not [path for path in visible_files(tmp_path) if "export-" in path]


def test_real_exports_load(account, warehouse):
    shared = Path(__file__).parents[3] / "shared/data/amplitude"
    if not shared.exists():
        pytest.skip("the public examples are not on this machine")
    kind = amplitude_files(PersonalData(PERSONAL, None))
    fetched = deliver(warehouse.session, settings_of(account), kind, FileLocation(str(shared)), NOON)
    warehouse.load()
    assert {report.file: report.rows for report in fetched.files} == {
        "amplitude_event_data.csv": 10,
        "amplitude_event_type_data.csv": 6,
        "export_event.json": 1,
    }
    assert not any(report.is_refused for report in fetched.files)
    assert len(warehouse.events()) == 11
    assert "123.0.0.1" not in all_text(warehouse, warehouse.root)
    assert {json.loads(row["record"])["name"] for row in warehouse.rows("raw.raw_amplitude_event_types")} >= {
        "watch_tutorial"
    }
    assert {event.get("session_id") for event in warehouse.events()} == {"-1", 1766517916812}
