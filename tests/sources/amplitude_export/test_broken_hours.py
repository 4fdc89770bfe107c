"""Hours that the Export API refuses, breaks or is too large for: told, asked again, and in the way of no other."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from flows.errors import ConfigError, SourceError
from flows.sources.amplitude.archive import ArchiveLimits
from tests.sources.amplitude import NOON, NOW, named
from tests.sources.amplitude_export.conftest import EXPORT, FIRST, at, hour_name


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
