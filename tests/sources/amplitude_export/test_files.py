"""Events that come as files: the same records as those of the export."""

from __future__ import annotations

import gzip
import json
import zipfile
from pathlib import Path

import pytest

from flows.files.deliveries import deliver
from flows.files.locations import FileLocation
from flows.sources.amplitude.files import amplitude_files
from flows.sources.amplitude.personal import PersonalData
from tests.sources.amplitude import NOON, PERSONAL, Account
from tests.sources.amplitude_export.conftest import FIRST, all_text, at, settings_of


def bucket_of(account: Account, folder: Path) -> Path:
    """What Amplitude's own export to a bucket writes of the same hours."""
    folder.mkdir()
    for hour in range(6, 9):
        for part in range(2):
            records = list(account.records(at(hour), 1))[part::2]
            lines = b"".join(json.dumps(record).encode() + b"\n" for record in records)
            (folder / f"100_2026-11-20_{hour}#{part}.json.gz").write_bytes(gzip.compress(lines))
    return folder


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


def test_real_exports_load(account, warehouse):
    shared = Path(__file__).parents[4] / "shared/data/amplitude"
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
