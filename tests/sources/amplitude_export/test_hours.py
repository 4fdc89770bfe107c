"""Hours out of the Export API: each whole and once, and no personal data anywhere."""

from __future__ import annotations

import json
import re
import subprocess
from datetime import timedelta

import pytest

from flows import landing
from flows.errors import TransientError
from flows.files.deliveries import deliver
from flows.files.locations import FileLocation
from flows.reporting import reporter
from flows.sources.amplitude.fetch import fetch_hours
from flows.sources.amplitude.files import amplitude_files
from flows.sources.amplitude.personal import PersonalData
from tests.sources.amplitude import NOON, NOW, Account, named
from tests.sources.amplitude_export.conftest import EXPORT, FIRST, at, hour_name, settings_of
from tests.sources.conftest import visible_files


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


def test_a_backfill_lands_a_range_and_ranges_chain(account, warehouse, monkeypatch):
    account.export()
    begin = NOON - timedelta(days=2)
    told: list[str] = []
    monkeypatch.setattr(type(reporter()), "show_progress", lambda _, step, detail: told.append(detail))
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
