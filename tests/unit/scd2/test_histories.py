"""Histories as tables: what a build reads, refuses and takes back, and what a changed contract does."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from snowflake.snowpark import DataFrame, Session
from snowflake.snowpark.functions import col, lit

from deployments.embedded import Endpoint
from tests.feeding import PARAMETERS, LandingFile, build_all, content, load, minutes, rows_of, written
from tests.properties.history_tables import PROBES, RAW, STAGING, Probe, build_staging, note, plan
from tests.registering import model_of, registered
from transforms.build import build_table
from transforms.catalog import check_history, models
from transforms.contract import VERSION_COLUMNS, ContractError, Table
from transforms.engine.merge import BuildConflictError
from transforms.engine.stored import current_database, read_table
from transforms.engine.tables import prepare_tables
from transforms.formulas.keys import hash_key
from transforms.ops import BUILDS, HEADS
from transforms.scd2.build import rewind
from transforms.staging.parsing import parse
from transforms.write_kinds import History, Strategy

pytestmark = pytest.mark.lengthy

BY = {probe.table.name: probe for probe in PROBES}
CHECKED, TIMED, PLAIN = (BY[f"{name}_listed"] for name in ("check_new_record", "timestamp_new_record", "check_ignore"))
CLOSING, TIMED_CLOSING = BY["check_invalidate_listed"], BY["timestamp_invalidate_listed"]
SHOWN = ("item_id", "plan", "valid_from", "valid_to", "is_current", "is_deleted", "observed_at_last")


@pytest.fixture
def source(warehouse: Session) -> Iterator[Session]:
    histories = [model_of(probe.table, probe.build()) for probe in (CHECKED, TIMED, PLAIN, CLOSING, TIMED_CLOSING)]
    with registered([model_of(RAW), model_of(STAGING, build_staging), *histories], warehouse):
        yield warehouse


def item(item_id: str, plan: str | None, **fields: Any) -> dict[str, Any]:
    return {"id": item_id, "region": "r", "plan": plan, "seats": 1, "note": "n", "updated_at": None} | fields


def delivery(at: int, *records: dict[str, Any], part: str = "") -> LandingFile:
    return LandingFile("items", minutes(at), records, name=f"probe/items/{at:04}{part}", source="probe")


def arrive(session: Session, probe: Probe, *files: LandingFile) -> tuple[int, int, int]:
    """All files in one run; what it wrote to the history."""
    load(session, *files)
    return written(build_all(session, [STAGING.name, probe.table.name])[probe.table.name])


def versions(session: Session, probe: Probe, item_id: str) -> list[tuple[Any, ...]]:
    """(plan, from, to, current, deleted, last observation) in order; times in minutes."""
    rows = read_table(session, probe.table).filter(col("item_id") == lit(item_id)).sort("valid_from").collect()
    found = [[row[name.upper()] for name in SHOWN[1:]] for row in rows]
    return [(row[0], _minute(row[1]), _minute(row[2]), row[3], row[4], _minute(row[5])) for row in found]


def _minute(at: Any) -> int | None:
    return None if at is None else int((at - minutes(0)).total_seconds() // 60)


def test_a_key_in_order_needs_nothing_but_its_open_version_and_what_arrived(source: Session):
    arrive(source, CHECKED, delivery(1, item("i", "a"), item("j", "a"), item("k", "a")))
    read_table(source, STAGING).delete()
    changed = delivery(2, item("i", "b"), item("j", "a"))
    assert arrive(source, CHECKED, changed) == (2, 3, 0)
    assert versions(source, CHECKED, "i") == [("a", 1, 2, False, False, 1), ("b", 2, None, True, False, 2)]
    assert versions(source, CHECKED, "j") == [("a", 1, None, True, False, 2)]
    assert versions(source, CHECKED, "k") == [("a", 1, 2, False, False, 1), ("a", 2, None, True, True, 2)]


def test_an_unchanged_updated_at_continues_the_open_version(source: Session):
    told = {"updated_at": minutes(0).isoformat()}
    arrive(source, TIMED, delivery(1, item("i", "a", **told), item("j", "a", **told)))
    read_table(source, STAGING).delete()
    later = item("j", "b", updated_at=minutes(2).isoformat())
    assert arrive(source, TIMED, delivery(3, item("i", "a", **told), later)) == (1, 2, 0)
    assert versions(source, TIMED, "i") == [("a", 0, None, True, False, 3)]
    assert versions(source, TIMED, "j") == [("a", 0, 2, False, False, 1), ("b", 2, None, True, False, 3)]


def test_a_closed_key_that_comes_back_is_told_from_a_new_one(source: Session):
    arrive(source, CLOSING, delivery(1, item("i", "a"), item("j", "a")), delivery(2, item("j", "a")))
    read_table(source, STAGING).delete(col("item_id") == lit("j"))
    assert arrive(source, CLOSING, delivery(3, item("i", "b"), item("j", "a"), item("new", "a"))) == (2, 1, 0)
    assert versions(source, CLOSING, "i") == [("a", 1, 2, False, False, 1), ("b", 3, None, True, False, 3)]
    assert versions(source, CLOSING, "j") == [("a", 1, None, True, False, 3)]
    assert versions(source, CLOSING, "new") == [("a", 3, None, True, False, 3)]


def test_values_of_the_future_outlive_a_gap_that_is_left_out(source: Session):
    told, other = {"updated_at": minutes(50).isoformat()}, item("j", "a", updated_at=minutes(0).isoformat())
    arrive(source, TIMED_CLOSING, delivery(1, item("i", "a", **told), other), delivery(2, other))
    assert versions(source, TIMED_CLOSING, "i") == []
    arrive(source, TIMED_CLOSING, delivery(60, item("i", "b", seats="many"), other))
    assert versions(source, TIMED_CLOSING, "i") == [("a", 60, None, True, False, 60)]


def test_a_late_observation_recomputes_its_key_and_no_other(source: Session):
    arrive(source, PLAIN, delivery(1, item("i", "a"), item("j", "a")), delivery(4, item("i", "c"), item("j", "a")))
    read_table(source, PLAIN.table).update({"note": lit("by hand")}, col("item_id") == lit("j"))
    assert arrive(source, PLAIN, delivery(2, item("i", "b"))) == (1, 1, 0)
    assert versions(source, PLAIN, "i") == [
        ("a", 1, 2, False, False, 1),
        ("b", 2, 4, False, False, 2),
        ("c", 4, None, True, False, 4),
    ]
    assert rows_of(read_table(source, PLAIN.table).filter(col("item_id") == lit("j")), "note") == [("by hand",)]


def test_a_late_complete_delivery_closes_those_that_it_lacks(source: Session):
    arrive(source, CHECKED, delivery(1, item("i", "a"), item("j", "a")), delivery(5, item("i", "a"), item("j", "a")))
    assert arrive(source, CHECKED, delivery(3, item("i", "a"))) == (2, 1, 0)
    assert versions(source, CHECKED, "i") == [("a", 1, None, True, False, 5)]
    assert versions(source, CHECKED, "j") == [
        ("a", 1, 3, False, False, 1),
        ("a", 3, 5, False, True, 3),
        ("a", 5, None, True, False, 5),
    ]


def test_a_refused_record_says_that_its_key_was_there_even_when_it_comes_alone(source: Session):
    arrive(source, CHECKED, delivery(1, item("i", "a"), item("j", "a")), delivery(3, item("j", "a")))
    assert versions(source, CHECKED, "i") == [("a", 1, 3, False, False, 1), ("a", 3, None, True, True, 3)]
    assert arrive(source, CHECKED, delivery(3, item("i", "a", seats="many"), part="_2")) == (0, 1, 1)
    assert versions(source, CHECKED, "i") == [("a", 1, None, True, False, 1)]
    assert written(build_table_again(source, CHECKED, mode="full_refresh")) == (0, 0, 0)


def build_table_again(session: Session, probe: Probe, **changes: Any) -> Any:
    return build_table(session, probe.table.name, run_id="again", **{"parameters": PARAMETERS, **changes})


def test_a_rerun_writes_nothing(source: Session):
    for probe in (CHECKED, TIMED, PLAIN):
        arrive(source, probe, delivery(1, item("i", "a")), delivery(2, item("i", "b")))
        assert build_table_again(source, probe).skipped
        assert written(build_table_again(source, probe, mode="full_refresh")) == (0, 0, 0)


def test_what_was_learned_after_a_time_is_taken_back_and_learned_again(source: Session):
    files = [delivery(at, item("i", plan), item("j", "a")) for at, plan in ((1, "a"), (2, "b"), (4, "c"))]
    arrive(source, CHECKED, *files, delivery(3, item("j", "a")))
    original = content(source, CHECKED.table.name)
    assert written(rewind(source, CHECKED.table.name, minutes(3))) == (0, 2, 1)
    assert versions(source, CHECKED, "i") == [
        ("a", 1, 2, False, False, 1),
        ("b", 2, 3, False, False, 2),
        ("b", 3, None, True, True, 3),
    ]
    rewind(source, CHECKED.table.name, minutes(0))
    assert content(source, CHECKED.table.name) == []
    build_table_again(source, CHECKED)
    assert content(source, CHECKED.table.name) == original
    assert build_table_again(source, CHECKED).skipped
    modes = rows_of(read_table(source, BUILDS).filter(col("table_name") == lit(CHECKED.table.name)), "mode")
    assert modes == [("incremental",), ("incremental",), ("rewind",), ("rewind",)]


def test_only_a_history_is_rewound(source: Session):
    with pytest.raises(ContractError, match="stg_probe_items: only a history can be rewound; histories are .*check"):
        rewind(source, STAGING.name, minutes(1))


def changed(staged: dict[str, Any], columns: tuple[Any, ...], **write: Any) -> list[Any]:
    """Models of staging with other columns and of a history with other columns."""
    staging = replace(STAGING, columns=tuple(staged.get(c.name, c) for c in STAGING.columns))

    def build(raw_probe_items: DataFrame) -> DataFrame:
        parsed = parse(raw_probe_items, staging).select("*", hash_key("item_id", "region").alias("item_key"))
        return staging.select(parsed)

    kind = replace(PLAIN.table.write, **write)
    table = replace(PLAIN.table, columns=(*columns, *VERSION_COLUMNS), write=kind)
    return [model_of(staging, build), model_of(table, replace(PLAIN, table=table).build())]


def test_a_renamed_field_is_read_under_both_names_and_a_removed_column_stays(source: Session):
    required = note.replace(nullable=False)
    kept = [column for column in PLAIN.table.observed_columns if column.name not in ("plan", "note")]
    with registered(changed({}, (*kept, plan.replace(payload=None), required.replace(payload=None))), source):
        read_table(source, PLAIN.table).drop_table()
        prepare_tables(source)
        arrive(source, PLAIN, delivery(1, item("i", "a")))
    tier = plan.replace(name="tier", payload="tier", formerly=("plan",))
    renamed = changed({"plan": tier}, (*kept, tier.replace(payload=None, formerly=())), tracked=("tier", "seats"))
    with registered(renamed, source):
        renamed_item = {"id": "i", "region": "r", "tier": "a", "seats": 1}
        load(source, delivery(2, renamed_item), delivery(3, renamed_item | {"tier": "b"}))
        build_all(source, [STAGING.name, PLAIN.table.name])
        rows = rows_of(read_table(source, PLAIN.table), "tier", "note", "valid_from", "valid_to", "observed_at_last")
        assert rows == [
            ("a", "n", minutes(1), minutes(3), minutes(2)),
            ("b", None, minutes(3), None, minutes(3)),
        ]
        assert build_table_again(source, PLAIN).skipped


def test_another_list_of_tracked_columns_makes_other_versions(source: Session):
    arrive(source, PLAIN, delivery(1, item("i", "a", note="x")), delivery(2, item("i", "a", note="y")))
    assert versions(source, PLAIN, "i") == [("a", 1, None, True, False, 2)]
    columns = PLAIN.table.observed_columns
    with registered(changed({}, columns, tracked=("note",)), source):
        assert written(build_table_again(source, PLAIN)) == (1, 1, 0)
        assert versions(source, PLAIN, "i") == [("a", 1, 2, False, False, 1), ("a", 2, None, True, False, 2)]


def test_rows_changed_by_hand_are_noticed_and_nothing_is_kept(source: Session):
    arrive(source, PLAIN, delivery(1, item("i", "a")), delivery(2, item("i", "b")), delivery(3, item("i", "c")))
    read_table(source, PLAIN.table).update({"valid_to": lit(minutes(9))}, col("plan") == lit("a"))
    before = content(source, PLAIN.table.name)
    with pytest.raises(
        ContractError, match=r"check_ignore_listed: the versions written are no history: {'overlap': 1}"
    ):
        arrive(source, PLAIN, delivery(4, item("i", "d")))
    assert content(source, PLAIN.table.name) == before
    assert written(build_table_again(source, PLAIN, mode="full_refresh")) == (1, 2, 0)


def test_two_builds_at_once_leave_one_current_row_per_key(source: Session, endpoint: Endpoint):
    files = [delivery(at, *[item(f"i{n}", f"{at}") for n in range(50)]) for at in (1, 2)]
    arrive(source, CHECKED, files[0])
    load(source, files[1])
    build_all(source, [STAGING.name])
    parameters = endpoint.connection_parameters(current_database(source))
    told: list[Any] = []
    ready = threading.Barrier(2)

    def build() -> None:
        with Session.builder.configs(parameters).create() as session:
            ready.wait()
            try:
                result = build_table_again(session, CHECKED)
                told.append("skipped" if result.skipped else written(result))
            except BuildConflictError:
                told.append("conflict")

    builders = [threading.Thread(target=build) for _ in range(2)]
    for builder in builders:
        builder.start()
    for builder in builders:
        builder.join()
    assert (50, 50, 0) in told
    assert {"skipped", "conflict"} & set(told)
    current = read_table(source, CHECKED.table).filter(col("is_current")).group_by("item_key").count()
    assert rows_of(current.select("count")) == [(1,)] * 50
    assert read_table(source, CHECKED.table).count() == 100
    assert read_table(source, HEADS).filter(col("table_name") == lit(CHECKED.table.name)).count() == 1


def declared(**changes: Any) -> Table:
    write = replace(CHECKED.table.write, **changes.pop("write", {}))
    return replace(CHECKED.table, write=write, **changes)


@pytest.mark.parametrize(
    ("table", "fault"),
    [
        (declared(columns=CHECKED.table.columns[:-1]), "not every column of VERSION_COLUMNS is declared"),
        (declared(recompute_by=("item_id",)), "the key must be the columns of recompute_by and valid_from"),
        (declared(key=("valid_from",), recompute_by=()), "it has no business key"),
        (declared(write={"effective_at": "updated_at"}), "effective_at must be observed_at"),
        (declared(write={"strategy": Strategy.TIMESTAMP}), "effective_at snapshot_at must be one of its columns"),
        (declared(write={"tracked": ("plan", "colour")}), r"tracked columns \['colour'\] are not declared"),
        (declared(write={"named_by": ("name",)}), r"named_by \['name'\] is not declared"),
        (
            replace(TIMED.table, write=replace(TIMED.table.write, tracked=("updated_at",))),
            "updated_at is the time of change and cannot be tracked",
        ),
    ],
)
def test_a_wrong_declaration_is_refused_by_name(table: Table, fault: str):
    known = {RAW.name: model_of(RAW), STAGING.name: model_of(STAGING, build_staging)}
    with pytest.raises(ContractError, match=f"{table.name}: as a history it is declared wrongly: .*{fault}"):
        check_history(model_of(table, replace(CHECKED, table=table).build()), known)


def test_absence_from_a_partial_source_is_refused():
    partial = {RAW.name: model_of(replace(RAW, is_complete=False)), STAGING.name: model_of(STAGING, build_staging)}
    with pytest.raises(ContractError, match="hard_deletes=new_record is refused: a delivery of raw_probe_items does"):
        check_history(model_of(CHECKED.table, CHECKED.build()), partial)
    check_history(model_of(PLAIN.table, PLAIN.build()), partial)


def test_a_history_reads_one_staging_table():
    def build(raw_probe_items: DataFrame) -> DataFrame:
        return CHECKED.table.observe(raw_probe_items)

    with pytest.raises(ContractError, match="must read exactly one staging table, and reads raw_probe_items"):
        check_history(model_of(CHECKED.table, build), {RAW.name: model_of(RAW)})


def test_only_a_history_observes():
    with pytest.raises(ContractError, match="stg_probe_items: is not a history"):
        STAGING.observe(None)  # type: ignore[arg-type]


def test_every_history_of_the_catalog_is_declared_rightly():
    histories = [model for model in models().values() if isinstance(model.table.write, History)]
    assert {model.table.name for model in histories} >= {"streamers_history", "channel_history"}
    for model in histories:
        check_history(model, models())
