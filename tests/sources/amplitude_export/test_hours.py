"""Hours out of the Export API: each whole and once, whatever it answers, and no personal data anywhere."""

from __future__ import annotations

import io
import json
import re
import subprocess
import zipfile
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from flows import landing
from flows.errors import ConfigError, SourceError, TransientError
from flows.files.deliveries import deliver
from flows.files.locations import FileLocation
from flows.reporting import reporter
from flows.sources.amplitude.archive import ArchiveLimits
from flows.sources.amplitude.fetch import fetch_hours
from flows.sources.amplitude.files import amplitude_files
from flows.sources.amplitude.personal import PersonalData
from tests.sources.amplitude import NOON, NOW, Account, named
from tests.sources.amplitude_export.conftest import EXPORT, FIRST, at, hour_name, settings_of
from tests.sources.conftest import visible_files

if TYPE_CHECKING:
    pass


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


def test_neither_halves_nor_silence_count_against_an_hour_that_breaks(account, warehouse):
    account.sandbox.inject("500", path=EXPORT, times=27)
    for _ in range(9):
        account.export()
    account.sandbox.inject("export_too_large", times=None, rows=1)
    account.sandbox.inject("broken_member", hour=hour_name(8), times=2)
    exported = account.export()
    assert warehouse.states()[named(at(8))[0]][0] == "landed", "it was read a third time"
    told = {row["state"] for row in warehouse.rows("ops.export_hours")}
    assert told == {"pending", "landed"}, "nor is it given up meanwhile, should the process be killed"
    assert exported.reports() == ()
    assert warehouse.uuids() == account.uploaded(FIRST, 6)


def test_a_host_without_the_api_says_nothing_about_hours(account, warehouse):
    account.sandbox.inject("404", path="/amplitude/api/", times=None)
    exported = account.export()
    assert "(404) is no list of events: is SNOWCAST_AMPLITUDE_EXPORT_HOST right?" in str(exported.failure)
    assert {state for state, _ in warehouse.states().values()} == {"pending"}
    account.sandbox.clear_faults()
    account.export()
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


def test_a_backfill_lands_a_range_and_ranges_chain(account, warehouse, monkeypatch):
    account.export()
    begin = NOON - timedelta(days=2)
    told: list[str] = []
    monkeypatch.setattr(type(reporter()), "advanced", lambda _, step, detail: told.append(detail))
    count = account.export(since=begin, until=begin + timedelta(hours=5), window_hours=2).events
    assert [line.partition(",")[0] for line in told if "of 5 hours" in line][-1] == "5 of 5 hours"
    assert re.search(rf"5 of 5 hours, {count:,} events, [0-9,]+ a second", "\n".join(told))
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


def test_an_hour_that_was_too_large_is_done_when_its_files_come(account, warehouse, tmp_path):
    account.sandbox.inject("export_too_large", times=None, rows=0, hour=hour_name(8))
    account.export()
    assert account.ledger.gaps() == [at(8)]
    folder = tmp_path / "bucket"
    folder.mkdir()
    lines = "".join(json.dumps(record) + "\n" for record in account.records(at(8), 1))
    (folder / "100_2026-11-20_8#0.json").write_text(lines)
    kind = amplitude_files(PersonalData((), None))
    deliver(warehouse.session, settings_of(account), kind, FileLocation(str(folder)))
    assert (account.ledger.gaps(), account.ledger.cursor) == ([], NOON)
    asked = account.sandbox.requests[EXPORT]
    account.export(fill_gaps=True)
    assert account.sandbox.requests[EXPORT] == asked
    assert warehouse.uuids() == account.uploaded(FIRST, 6)


def test_who_waits_for_another_export_has_asked_for_nothing_yet(account, warehouse, monkeypatch):
    """Which hours are due is known only when the other process has landed its own."""
    project = account.project
    keys = {"amplitude_api_key": project.api_key, "amplitude_secret_key": project.secret_key}
    settings = settings_of(account).model_copy(update={**keys, "amplitude_export_host": project.url})
    monkeypatch.setattr(landing, "_LOCK_WAIT_SECONDS", 0.1)
    with (
        landing.hold_landing_lock(settings.landing_root, "exporting"),
        pytest.raises(TransientError, match="has been exporting at"),
    ):
        fetch_hours(settings, warehouse.session, NOW)
    assert EXPORT not in account.sandbox.requests


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
