"""Lineage of columns: what single statements say, and that it agrees with what contracts promise of all of them."""

from __future__ import annotations

import json

import pytest

from flows.lineage.graph import Lineage, Place
from flows.lineage.made import CONDITION, ROWS, VALUE, Source
from flows.lineage.offline import NoWarehouseError, open_offline_session
from flows.lineage.sources import LineageError, trace_statement
from transforms.catalog import models
from transforms.contract import Layer
from transforms.write_kinds import View

TABLES = {"raw": ["record", "_at"], "names": ["id", "name"], "facts": ["id", "count", "day"]}
BUILT = {name: model for name, model in models().items() if model.build}


def traced(statement: str) -> dict[str, set[tuple[str, str]]]:
    """Column -> what it is made of, as SQL writes it, with its role."""
    found = trace_statement(statement, TABLES).columns
    return {
        column: {(".".join((one.table, one.column, *one.path)), one.role) for one in made.sources}
        for column, made in found.items()
    }


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (
            'SELECT CAST("COUNT" AS BIGINT) + 1 AS "N" FROM (SELECT * FROM (DB.M.FACTS))',
            {"N": {("facts.count", VALUE)}},
        ),
        (
            'SELECT CAST("V"[\'b\'] AS STRING) AS "B" FROM (SELECT "RECORD"[\'a\'] AS "V" FROM (DB.R.RAW))',
            {"B": {("raw.record.a.b", VALUE)}},
        ),
        (
            'SELECT IFF("DAY" = 1, "COUNT", 0) AS "N", MAX_BY("ID", "DAY") AS "LAST" FROM DB.M.FACTS',
            {
                "N": {("facts.count", VALUE), ("facts.day", CONDITION)},
                "LAST": {("facts.id", VALUE), ("facts.day", CONDITION)},
            },
        ),
        (
            'SELECT LEAD("DAY") OVER (PARTITION BY "ID" ORDER BY "COUNT") AS "NEXT" FROM DB.M.FACTS',
            {"NEXT": {("facts.day", VALUE), ("facts.id", CONDITION), ("facts.count", CONDITION)}},
        ),
        ('SELECT COUNT(1) AS "N" FROM DB.M.FACTS', {"N": {(f"facts.{ROWS}", VALUE)}}),
        (
            'SELECT "ID", \'a\' AS "KIND" FROM DB.M.FACTS UNION ALL SELECT "NAME", \'b\' FROM DB.M.NAMES',
            {
                "ID": {("facts.id", VALUE), ("names.name", VALUE)},
                "KIND": {(f"facts.{ROWS}", CONDITION), (f"names.{ROWS}", CONDITION)},
            },
        ),
        (
            'SELECT "COUNT", "NAME" FROM (SELECT L.*, R."NAME" FROM (DB.M.FACTS) AS L '
            'LEFT JOIN (SELECT "ID" AS "NAMED", "NAME" FROM (DB.M.NAMES)) AS R ON "ID" = "NAMED")',
            {"COUNT": {("facts.count", VALUE)}, "NAME": {("names.name", VALUE)}},
        ),
        (
            'SELECT "VALUE" AS "ONE" FROM (SELECT L.*, R.* FROM (SELECT "RECORD"[\'tags\'] AS "T" FROM (DB.R.RAW)) '
            'AS L JOIN TABLE(FLATTEN("T")) AS R)',
            {"ONE": {("raw.record.tags", VALUE)}},
        ),
    ],
)
def test_a_column_is_followed_to_what_it_is_made_of(statement: str, expected: dict[str, set[tuple[str, str]]]):
    assert traced(statement) == expected


def test_what_chooses_rows_is_told_of_the_table():
    found = trace_statement(
        'SELECT "COUNT" FROM (SELECT * FROM (DB.M.FACTS) WHERE "DAY" > 0) WHERE "ID" IN (SELECT "ID" FROM DB.M.NAMES)',
        TABLES,
    )
    assert {(one.table, one.column) for one in found.rows} == {("facts", "day"), ("facts", "id"), ("names", "id")}


@pytest.mark.parametrize("statement", ["SELECT X FROM DB.M.FACTS", "SELECT ID FROM DB.M.OTHERS"])
def test_what_is_not_known_is_refused(statement: str):
    with pytest.raises(LineageError):
        trace_statement(statement, TABLES)


def test_a_statement_that_would_be_sent_is_refused():
    with open_offline_session("ANALYTICS") as session, pytest.raises(NoWarehouseError):
        session.sql("SELECT 1").collect()


def test_hours_watched_reach_the_payload_of_helix(lineage: Lineage):
    """Polls and samples give the counts and the times between them; nothing else does."""
    origins = lineage.origins(Place("mart_streamer_daily", "hours_watched"), [VALUE])
    assert {place.text for place in origins} == {
        "raw_twitch_streams._snapshot_at",
        "raw_twitch_streams.record:viewer_count",
        "raw_stream_samples.record:timestamp",
        "raw_stream_samples.record:viewer_count",
    }


@pytest.mark.parametrize("name", sorted(BUILT))
def test_a_statement_reads_the_inputs_of_its_build(name: str, lineage: Lineage):
    model = BUILT[name]
    read = {edge.source.table for place, edges in lineage.edges.items() if place.table == name for edge in edges}
    read |= {place.table for place in lineage.rows[name]}
    allowed = {*model.inputs, *(model.table.write.ledgers if isinstance(model.table.write, View) else ())}
    if model.table.layer is Layer.HISTORY:
        allowed |= {"loads", "quarantine", "reconciliation"}  # what deliveries listed, for keys that are absent
    assert set(model.inputs) <= read <= allowed


def test_staging_reads_the_fields_that_its_contracts_name(lineage: Lineage):
    unread = [
        f"{name}.{column.name} <- {column.payload}"
        for name, model in BUILT.items()
        if model.table.layer is Layer.STAGING
        for column in model.table.columns
        if column.payload
        and (column.payload,) not in [e.source.path for e in lineage.edges[Place(name, column.name)] if e.role == VALUE]
    ]
    assert not unread


def test_a_column_and_what_it_references_come_from_the_same(lineage: Lineage):
    """A calendar is made of nothing, so a day comes from elsewhere."""
    references = [
        (Place(name, column.name), Place(*column.references.split(".")))
        for name, model in models().items()
        for column in model.table.columns
        if column.references and not column.references.startswith("dim_date.")
    ]
    strangers = [
        f"{place.text} -> {other.text}"
        for place, other in references
        if not {*lineage.origins(place), place} & {*lineage.origins(other), other}
    ]
    assert references
    assert not strangers


def test_only_constants_and_the_calendar_are_made_of_nothing(lineage: Lineage):
    made_of_nothing = {
        place.column for place, edges in lineage.edges.items() if not edges and place.table != "dim_date"
    }
    assert made_of_nothing <= {"platform", "is_deleted", "revenue_impact", "link"}


def test_the_graph_is_plain_data(lineage: Lineage):
    told = json.loads(json.dumps(lineage.as_json()))
    assert [
        "raw_twitch_streams.record:viewer_count",
        "stg_twitch_streams.viewer_count",
        "value",
        ["viewer_count"],
    ] in told["edges"]
    assert {table["name"] for table in told["tables"]} >= set(models())


def test_sources_are_told_by_place_and_role():
    (source,) = trace_statement('SELECT "ID" FROM DB.M.FACTS', TABLES).columns["ID"].sources
    assert source == Source("facts", "id")
