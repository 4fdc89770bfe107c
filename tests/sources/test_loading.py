"""Landing files into RAW: each record once, whatever crashed before, and the ledger says so."""

from __future__ import annotations

import gzip
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from flows.errors import SourceError
from flows.files.report import LOADED_BEFORE
from flows.landing import LandingWriter
from flows.load import copy as copying, loader
from flows.load.loader import load_pending
from flows.load.pending import find_pending_files, read_loaded_files
from flows.load.report import LoadReport
from flows.load.stage import put_files
from flows.sources.twitch.poll import poll
from tests.sources.conftest import land_helix_files
from tests.sources.loading import AT, CRASHES, Crash, Warehouse

if TYPE_CHECKING:
    from snowflake.snowpark import Session


HELIX = Path(__file__).parents[3] / "shared/data/helix"


@pytest.fixture
def warehouse(session: Session, database: str, tmp_path: Path) -> Warehouse:
    return Warehouse(session, database, tmp_path / "landing")


def test_a_record_is_in_raw_as_it_was_sent_with_its_origin(warehouse: Warehouse) -> None:
    sent = [
        {"id": "1", "viewer_count": [98688, 999], "title": "🎮 'quoted' \"twice\"", "tags": None, "is_mature": False},
        {"id": "2", "viewer_count": 9007199254740993, "started_at": "2026-11-01T17:00:00Z", "nested": {"a": [1, {}]}},
    ]
    landed = warehouse.land("streams", sent)

    report = warehouse.load()

    assert warehouse.records() == sent
    rows = warehouse.rows("raw.raw_twitch_streams")
    assert sorted(row["_source_row"] for row in rows) == [1, 2]
    assert {row["_source_file"] for row in rows} == {landed.relative_path}
    assert {row["_snapshot_at"] for row in rows} == {AT.replace(tzinfo=None)}
    (load,) = report.loads
    assert {row["_load_id"] for row in rows} == {load.load_id}
    assert {row["_loaded_at"] for row in rows} == {load.loaded_at}


def test_the_ledger_tells_of_each_file(warehouse: Warehouse) -> None:
    landed = warehouse.land("games", [{"id": "1"}, {"id": "2"}, {"id": "3"}])

    (load,) = warehouse.load().loads

    (row,) = warehouse.rows("ops.loads")
    assert row == {
        "load_id": f"twitch/games_20261101T180000123Z_{landed.content_hash}",
        "table_name": "raw_twitch_games",
        "source_file": landed.relative_path,
        "content_hash": landed.content_hash,
        "snapshot_at": AT.replace(tzinfo=None),
        "rows_parsed": 3,
        "rows_loaded": 3,
        "rows_rejected": 0,
        "loaded_at": load.loaded_at,
    }


def test_a_file_loads_once(warehouse: Warehouse) -> None:
    warehouse.land("streams", [{"id": "1"}])
    assert warehouse.load().rows_loaded == 1

    assert warehouse.load() == LoadReport((), 0)
    assert len(warehouse.records()) == 1


def test_equal_records_of_another_poll_are_loaded(warehouse: Warehouse) -> None:
    warehouse.land("games", [{"id": "1"}])
    warehouse.land("games", [{"id": "1"}], AT + timedelta(minutes=15))

    assert warehouse.load().rows_loaded == 2
    assert len({row["_snapshot_at"] for row in warehouse.rows("raw.raw_twitch_games")}) == 2


def test_many_files_share_a_statement(warehouse: Warehouse) -> None:
    for minute in range(40):
        for entity in ("streams", "users", "games"):
            warehouse.land(entity, [{"id": str(minute)}], AT + timedelta(minutes=minute))

    with warehouse.session.query_history() as history:
        report = warehouse.load()

    assert (len(report.loads), report.rows_loaded) == (120, 120)
    copies = [query for query in history.queries if query.sql_text.startswith("COPY")]
    assert len(copies) == 3
    assert len(history.queries) < 20


def test_more_files_than_a_copy_takes_are_cut_into_batches(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loader, "FILES_PER_COPY", 3)
    for minute in range(7):
        warehouse.land("streams", [{"id": str(minute)}], AT + timedelta(minutes=minute))
    told: list[tuple[int, int]] = []

    load_pending(
        warehouse.session,
        warehouse.database,
        warehouse.root,
        warehouse.tables,
        on_progress=lambda done, total: told.append((done, total)),
    )

    assert told == [(3, 7), (6, 7), (7, 7)]
    assert len(warehouse.records()) == 7


def test_a_line_that_is_no_json_goes_to_the_quarantine_with_its_reason(warehouse: Warehouse, tmp_path: Path) -> None:
    stream = {"id": "1", "user_id": "2", "game_id": "5", "viewer_count": 3}
    given = tmp_path / "streams_1695574829212.ndjson"
    given.write_text("\n".join([json.dumps(stream), '{"id": oops}', json.dumps(stream | {"id": "4"}), ""]))
    land_helix_files(given, warehouse.root)

    (load,) = warehouse.load().loads

    assert (load.rows_parsed, load.rows_loaded, load.rows_rejected) == (3, 2, 1)
    assert [record["id"] for record in warehouse.records()] == ["1", "4"]
    (row,) = warehouse.rows("ops.quarantine")
    assert (row["table_name"], row["rule"], row["source_row"]) == ("raw_twitch_streams", "not_json", 2)
    assert "Expecting value" in row["reason"]
    assert json.loads(row["record"]) == '{"id": oops}'
    assert row["load_id"] == load.load_id


def test_a_damaged_file_is_named_and_the_others_load(warehouse: Warehouse) -> None:
    damaged = warehouse.land("streams", [{"id": "1"}])
    warehouse.land("streams", [{"id": "2"}], AT + timedelta(minutes=15))
    path = warehouse.root / damaged.relative_path
    path.write_bytes(path.read_bytes()[:20])

    report = warehouse.load()

    assert [name for name, _ in report.damaged] == [damaged.relative_path]
    assert warehouse.records() == [{"id": "2"}]
    path.write_bytes(gzip.compress(b'{"id":"1"}\n'))
    assert warehouse.load().rows_loaded == 1


def test_a_file_that_vanished_from_the_stage_is_not_taken_for_loaded(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse.land("streams", [{"id": "1"}])
    with monkeypatch.context() as patched:
        patched.setattr(loader, "put_files", lambda *_: None)
        with pytest.raises(SourceError, match="expected 1; nothing was loaded"):
            warehouse.load()
    assert warehouse.rows("ops.loads") == []

    assert warehouse.load().rows_loaded == 1


def test_a_file_of_nothing_but_bad_lines_is_accounted_for(warehouse: Warehouse, tmp_path: Path) -> None:
    with LandingWriter(warehouse.root, "twitch", "streams", AT) as writer:
        writer.write_line(b"oops")
        writer.write_line(b"[1, 2")
        writer.finish()

    (load,) = warehouse.load().loads

    assert (load.rows_parsed, load.rows_loaded, load.rows_rejected) == (2, 0, 2)
    assert sorted(row["source_row"] for row in warehouse.rows("ops.quarantine")) == [1, 2]


def test_completeness_records_arrive_once(warehouse: Warehouse, config_of: Any) -> None:
    polled = poll(config_of(top_streams=120), warehouse.root, snapshot_at=AT)

    report = warehouse.load()

    assert report.polls == 3
    assert warehouse.load() == LoadReport((), 0)
    rows = {row["entity"]: row for row in warehouse.rows("ops.polls")}
    streams = polled.records[0]
    assert rows["streams"]["poll_id"] == streams.poll_id
    assert (rows["streams"]["rows_received"], rows["streams"]["ended"]) == (120, "complete")
    assert rows["streams"]["snapshot_at"] == AT.replace(tzinfo=None)
    assert len(warehouse.records("raw.raw_twitch_users")) == rows["users"]["rows_received"]


@pytest.mark.parametrize(("step", "when"), CRASHES)
def test_a_crash_at_any_step_and_a_retry_load_each_record_once(
    step: str, when: str, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    for entity in ("streams", "users"):
        warehouse.land(entity, [{"id": "1"}, {"id": "2"}])
    real = getattr(loader, step)

    def crashing(*arguments: Any, **options: Any) -> Any:
        if when == "after":
            real(*arguments, **options)
        raise Crash

    with monkeypatch.context() as patched:
        patched.setattr(loader, step, crashing)
        with pytest.raises(Crash):
            warehouse.load()
    assert warehouse.rows("ops.loads") == []
    assert warehouse.records() == []

    assert warehouse.load().rows_loaded == 4
    assert warehouse.records() == warehouse.records("raw.raw_twitch_users") == [{"id": "1"}, {"id": "2"}]
    assert len(warehouse.rows("ops.loads")) == 2


@pytest.mark.parametrize("step", ["put_files", "copy_files", "append_rows"])
def test_a_connection_that_dies_and_a_retry_load_each_record_once(
    step: str,
    warehouse: Warehouse,
    connection_parameters: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from snowflake.connector.errors import Error
    from snowflake.snowpark import Session

    warehouse.land("streams", [{"id": "1"}, {"id": "2"}])
    real = getattr(loader, step)
    doomed = Session.builder.configs(connection_parameters).create()

    def cut(*arguments: Any, **options: Any) -> Any:
        real(*arguments, **options)
        doomed.close()
        raise Crash

    with monkeypatch.context() as patched:
        patched.setattr(loader, step, cut)
        with pytest.raises((Crash, Error)):
            load_pending(doomed, warehouse.database, warehouse.root, warehouse.tables)

    assert warehouse.load().rows_loaded == 2
    assert warehouse.records() == [{"id": "1"}, {"id": "2"}]


def test_a_copy_that_was_not_entered_in_the_ledger_is_entered_and_not_repeated(warehouse: Warehouse) -> None:
    landed = warehouse.land("streams", [{"id": "1"}, {"id": "2"}])
    put_files(warehouse.session, warehouse.database, warehouse.root, [landed])
    copying.copy_files(
        warehouse.session, warehouse.database, warehouse.tables[0], [landed], loaded_at=datetime(2026, 11, 1, 19)
    )

    report = warehouse.load()

    assert [(load.rows_loaded, load.rows_rejected) for load in report.loads] == [(2, 0)]
    assert len(warehouse.records()) == 2


def test_pending_is_what_the_ledger_does_not_name(warehouse: Warehouse) -> None:
    first = warehouse.land("streams", [{"id": "1"}])
    warehouse.load()
    second = warehouse.land("users", [{"id": "2"}])

    pending = find_pending_files(warehouse.session, warehouse.database, warehouse.root)

    assert [one.relative_path for one in pending] == [second.relative_path]
    assert read_loaded_files(warehouse.session, warehouse.database) == {first.relative_path}


def test_a_renamed_copy_of_a_loaded_file_is_not_loaded(warehouse: Warehouse, tmp_path: Path) -> None:
    page = json.dumps({"data": [{"id": "1", "user_id": "2", "game_id": "5", "viewer_count": 3}]})
    (tmp_path / "streams_1695574829212.json").write_text(page)
    (tmp_path / "renamed.json").write_text(page)
    land_helix_files(tmp_path / "streams_1695574829212.json", warehouse.root)
    warehouse.load()

    loaded = read_loaded_files(warehouse.session, warehouse.database)
    (report,) = land_helix_files(tmp_path / "renamed.json", warehouse.root, loaded=loaded)

    assert report.status == LOADED_BEFORE
    assert warehouse.load() == LoadReport((), 0)
    assert len(warehouse.records()) == 1


@pytest.mark.skipif(not HELIX.is_dir(), reason="the real Helix pages are not beside the project")
def test_all_records_of_the_real_pages_arrive(warehouse: Warehouse) -> None:
    land_helix_files(HELIX, warehouse.root)

    report = warehouse.load()

    assert report.rows_rejected == 0
    assert len(warehouse.records()) == 397 + 392
    assert len(warehouse.records("raw.raw_twitch_games")) == 20
    sent = [json.loads(page.read_text())["data"] for page in sorted(HELIX.glob("streams_*.json"))]
    assert warehouse.records()[:397] == [record for page in sent for record in page]
