"""Building: what is refused, what two builds at once leave, and what makes a table start anew."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest
from snowflake.snowpark import DataFrame, Session
from snowflake.snowpark.functions import col, lit

from deployments.embedded import Endpoint
from tests.feeding import PARAMETERS, T0, LandingFile, build_all, content, load, minutes, rows_of, stream, written
from transforms import build as building
from transforms.build import build_table
from transforms.catalog import models
from transforms.contract import ContractError
from transforms.engine import ledgers, merge
from transforms.engine.batches import read_states
from transforms.engine.ledgers import append_rows
from transforms.engine.merge import BuildConflictError
from transforms.engine.stored import current_database, read_table
from transforms.engine.tables import create_table, prepare_tables
from transforms.ops import BUILDS, CONSUMPTIONS, HEADS, LOADS, RECONCILIATION

pytestmark = pytest.mark.lengthy
TWITCH = ("tag:twitch", "tag:calendar")

STREAMS, SNAPSHOTS, VIEW = "stg_twitch_streams", "fact_stream_snapshots", "amplitude_round_trip"


def altered(monkeypatch: pytest.MonkeyPatch, name: str, change: Callable[[DataFrame], DataFrame]) -> None:
    """Let the build of one table give a changed frame."""
    known = models()
    model = known[name]
    real = model.build
    assert real is not None

    def build(*frames: DataFrame, **parameters: Any) -> DataFrame:
        return change(real(*frames, **parameters))

    monkeypatch.setattr(building, "models", lambda: {**known, name: replace(model, build=build)})


def build(session: Session, name: str, **changes: Any) -> Any:
    return build_table(session, name, run_id="r", **{"parameters": PARAMETERS, **changes})


def assert_nothing_was_written(session: Session, name: str) -> None:
    assert content(session, name) == []
    for ledger in (BUILDS, CONSUMPTIONS, RECONCILIATION):
        assert read_table(session, ledger).filter(col("table_name") == lit(name)).count() == 0


def test_repeated_keys_are_refused_with_an_example(warehouse: Session, monkeypatch: pytest.MonkeyPatch):
    load(warehouse, LandingFile("streams", T0, (stream("1", 5), stream("2", 6))))
    build_all(warehouse, [STREAMS])
    altered(monkeypatch, SNAPSHOTS, lambda frame: frame.union_all(frame.filter(col("stream_id") == lit("1"))))
    with pytest.raises(ContractError, match=r"fact_stream_snapshots: 1 of 3 rows have a NULL or repeated key"):
        build(warehouse, SNAPSHOTS)
    assert_nothing_was_written(warehouse, SNAPSHOTS)


def test_a_null_key_is_refused(warehouse: Session, monkeypatch: pytest.MonkeyPatch):
    load(warehouse, LandingFile("streams", T0, (stream("1", 5),)))
    build_all(warehouse, [STREAMS])
    key_type = models()[SNAPSHOTS].table.column("stream_snapshot_key").type
    names = [name for name in models()[SNAPSHOTS].table.column_names if name != "stream_snapshot_key"]
    altered(
        monkeypatch,
        SNAPSHOTS,
        lambda frame: frame.select(lit(None).cast(key_type).alias("stream_snapshot_key"), *names),
    )
    with pytest.raises(ContractError, match="NULL or repeated key"):
        build(warehouse, SNAPSHOTS)
    assert_nothing_was_written(warehouse, SNAPSHOTS)


def test_a_lost_record_is_noticed_and_nothing_is_kept(warehouse: Session, monkeypatch: pytest.MonkeyPatch):
    load(warehouse, LandingFile("streams", T0, (stream("1", 5), stream("2", 6), stream("3", "bad"))))
    altered(monkeypatch, STREAMS, lambda frame: frame.filter(col("_source_row") != lit(2)))
    with pytest.raises(ContractError, match=r"raw_rows 3, staged_rows 1, quarantined_rows 1, superseded_rows 0"):
        build(warehouse, STREAMS)
    assert_nothing_was_written(warehouse, STREAMS)


def test_two_builds_at_once_leave_one_and_tell_the_other(
    warehouse: Session, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
):
    load(warehouse, LandingFile("streams", T0, (stream("1", 5),)))
    real = building.compute_merge

    def overtaken(*arguments: Any, **named: Any) -> Any:
        monkeypatch.setattr(building, "compute_merge", real)
        parameters = endpoint.connection_parameters(current_database(warehouse))
        with Session.builder.configs(parameters).create() as other:
            build(other, STREAMS)
        return real(*arguments, **named)

    monkeypatch.setattr(building, "compute_merge", overtaken)
    with pytest.raises(BuildConflictError, match="stg_twitch_streams: another build was committed"):
        build(warehouse, STREAMS)
    assert len(content(warehouse, STREAMS)) == 1
    assert read_table(warehouse, BUILDS).count() == 1
    assert build(warehouse, STREAMS).skipped


@pytest.mark.parametrize("name", [STREAMS, VIEW])
def test_a_build_that_was_overtaken_is_tried_again_with_what_is_there_by_then(warehouse: Session, name: str):
    load(warehouse, LandingFile("streams", T0, (stream("1", 5),)))
    states = read_states(warehouse, [models()[name]])
    build(warehouse, name)
    with pytest.raises(BuildConflictError, match=f"{name}: another build was committed"):
        build(warehouse, name, states=states)
    assert build(warehouse, name, states=states).skipped


@pytest.mark.parametrize(("room", "step"), [(merge, "merge_changes"), (ledgers, "send_together")])
def test_of_two_builds_at_once_one_is_written_and_the_other_is_told(
    warehouse: Session, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch, room: ModuleType, step: str
):
    load(warehouse, LandingFile("streams", T0, (stream("1", 5),)))
    parameters = endpoint.connection_parameters(current_database(warehouse))
    real, told, others = getattr(room, step), [], []

    def try_to_build(session: Session) -> None:
        try:
            told.append(written(build(session, STREAMS)))
        except BuildConflictError as conflict:
            told.append(str(conflict))

    def try_too() -> None:
        with Session.builder.configs(parameters).create() as other:
            try_to_build(other)

    def while_another_tries(*arguments: Any, **named: Any) -> Any:
        monkeypatch.setattr(room, step, real)
        others.append(threading.Thread(target=try_too))
        others[0].start()
        others[0].join(timeout=2)
        return real(*arguments, **named)

    monkeypatch.setattr(room, step, while_another_tries)
    try_to_build(warehouse)
    others[0].join()
    overtaken = f"{STREAMS}: another build was committed while this one ran; nothing was written. Try again."
    assert sorted(told, key=str) == [(1, 0, 0), overtaken]
    assert (len(content(warehouse, STREAMS)), read_table(warehouse, BUILDS).count()) == (1, 1)
    assert read_table(warehouse, HEADS).filter(col("build_id").is_not_null()).count() == 1


def test_a_failed_build_leaves_the_connection_usable(warehouse: Session, monkeypatch: pytest.MonkeyPatch):
    load(warehouse, LandingFile("streams", T0, (stream("1", 5),)))
    with monkeypatch.context() as patched:
        patched.setattr(ledgers, "write_inserts", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            build(warehouse, STREAMS)
    assert_nothing_was_written(warehouse, STREAMS)
    assert written(build(warehouse, STREAMS)) == (1, 0, 0)


def test_a_raised_revision_rebuilds_the_table(warehouse: Session, monkeypatch: pytest.MonkeyPatch):
    """A formula that has changed gives no other columns and no other parameters: only its revision tells."""
    load(warehouse, LandingFile("streams", T0, (stream("1", 5),)))
    build_all(warehouse, [STREAMS, SNAPSHOTS])
    altered(monkeypatch, SNAPSHOTS, lambda frame: frame.with_column("title", lit("another")))
    assert build(warehouse, SNAPSHOTS).skipped
    known = building.models()
    table = known[SNAPSHOTS].table
    raised = replace(known[SNAPSHOTS], table=replace(table, revision=table.revision + 1))
    monkeypatch.setattr(building, "models", lambda: {**known, SNAPSHOTS: raised})
    assert written(build(warehouse, SNAPSHOTS)) == (0, 1, 0)
    assert build(warehouse, SNAPSHOTS).skipped


def test_a_changed_parameter_rebuilds_the_table(warehouse: Session):
    load(warehouse, *[LandingFile("streams", minutes(m), (stream("1", 5),)) for m in (0, 30)])
    build_all(warehouse, [STREAMS, SNAPSHOTS])
    changed = build(warehouse, SNAPSHOTS, parameters={"gap_cap_seconds": 60})
    assert written(changed) == (0, 1, 0)
    assert rows_of(read_table(warehouse, models()[SNAPSHOTS].table), "hold_ms") == [(0,), (60_000,)]
    assert build(warehouse, SNAPSHOTS, parameters={"gap_cap_seconds": 60}).skipped


def test_a_column_that_is_new_is_added_and_filled(warehouse: Session):
    load(warehouse, LandingFile("streams", T0, (stream("1", 5, title="kept"),)))
    build_all(warehouse, [STREAMS])
    before = content(warehouse, STREAMS)
    table = models()[STREAMS].table
    name = table.full_name(current_database(warehouse))
    warehouse.sql(f"ALTER TABLE {name} DROP COLUMN title").collect()
    read_table(warehouse, HEADS).update({"contract_hash": lit("older")}, col("table_name") == lit(STREAMS))
    prepare_tables(warehouse)
    assert rows_of(read_table(warehouse, table), "stream_id", "title") == [("1", None)]
    assert written(build(warehouse, STREAMS)) == (0, 1, 0)
    assert content(warehouse, STREAMS) == before


def test_a_stream_that_moves_leaves_the_category_it_was_in(warehouse: Session):
    daily = "mart_game_daily"
    load(warehouse, LandingFile("streams", minutes(0), (stream("1", 5, game_id="old"),), name="a"))
    build_all(warehouse, TWITCH)
    assert [row[0] for row in content(warehouse, daily)] == ["old"]
    load(warehouse, LandingFile("streams", minutes(0), (stream("1", 6, game_id="new"),), name="b"))
    results = build_all(warehouse, TWITCH)
    assert [row[0] for row in content(warehouse, daily)] == ["new"]
    assert written(results[daily]) == (1, 0, 1)
    assert written(build_all(warehouse, [daily], mode="full_refresh")[daily]) == (0, 0, 0)


def test_a_run_writes_only_what_its_files_touch(warehouse: Session):
    load(warehouse, *[LandingFile("streams", minutes(m), (stream("1", 5), stream("2", 5))) for m in (0, 15)])
    build_all(warehouse, TWITCH)
    load(warehouse, LandingFile("streams", minutes(30), (stream("1", 7),)))
    results = {name: written(result) for name, result in build_all(warehouse, TWITCH).items() if not result.skipped}
    assert results[STREAMS] == (1, 0, 0)
    assert results[SNAPSHOTS] == (1, 1, 0)
    assert results["fact_stream_sessions"] == (0, 1, 0)
    assert results["dim_streamers"] == (0, 1, 0)
    assert "dim_date" not in results


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("raw_twitch_streams", {}, "is not a table that is built"),
        ("nothing", {}, "is not a table that is built"),
        (STREAMS, {"mode": "sometimes"}, "unknown mode 'sometimes'"),
        (STREAMS, {"mode": "backfill"}, "needs a window"),
        (STREAMS, {"mode": "backfill", "window": (T0, T0)}, "needs a window"),
        (SNAPSHOTS, {"parameters": {}}, r"needs the parameters \['gap_cap_seconds'\]"),
    ],
)
def test_wrong_calls_are_told_what_is_expected(warehouse: Session, name: str, arguments: dict[str, Any], message: str):
    with pytest.raises(ContractError, match=message):
        build(warehouse, name, **arguments)


def test_a_ledger_takes_a_row_once(warehouse: Session):
    row = {
        **{"load_id": "l", "table_name": "raw_twitch_users", "source_file": "f", "content_hash": "h"},
        **{"snapshot_at": T0, "rows_parsed": 1, "rows_loaded": 1, "rows_rejected": 0, "loaded_at": T0},
    }
    assert append_rows(warehouse, LOADS, [row]) == 1
    assert append_rows(warehouse, LOADS, [row, {**row, "load_id": "m"}]) == 1
    assert append_rows(warehouse, LOADS, [{**row, "load_id": f"n{n}"} for n in range(200)]) == 200
    with pytest.raises(ContractError, match=r"loads: has no columns \['rows'\]"):
        append_rows(warehouse, LOADS, [{**row, "rows": 1}])


@pytest.mark.parametrize("name", ["raw_twitch_streams", "fact_payments", "users_history", "mart_streamer_daily"])
def test_tables_of_tests_are_made_as_the_writers_make_them(warehouse: Session, name: str):
    table = models()[name].table
    made = replace(table, name=f"{name}_made")
    create_table(warehouse, made)
    columns = warehouse.table(f"{current_database(warehouse)}.INFORMATION_SCHEMA.COLUMNS")
    told = ("ordinal_position", "column_name", "data_type", "numeric_precision", "numeric_scale", "is_nullable")
    of_both = [rows_of(columns.filter(col("table_name") == lit(t.name.upper())), *told) for t in (table, made)]
    read_table(warehouse, made).drop_table()
    assert of_both[0] == of_both[1]
