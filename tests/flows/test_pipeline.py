"""The main job on a small simulated platform: run, look, run again."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import asdict
from functools import cache
from pathlib import Path

import pytest

from deployments.dashboard.access import UnknownNumberError
from flows.cli.output import plain
from flows.cli.views.dashboard import make_access
from flows.explain.explain import explain_number
from flows.lineage.graph import Lineage, trace_tables
from flows.settings import load_settings, make_parameters
from flows.warehouse.session import open_reader
from tests.fidelity.snowflake_sql import examine, sent_statements
from tests.flows.conftest import serving
from tests.flows.explained import CASES, read_records
from transforms.catalog import models

pytestmark = pytest.mark.lengthy

TOP_STREAMERS = """
    SELECT s.streamer_name, SUM(f.viewer_count) AS total_viewers
    FROM MARTS.FACT_STREAM_SNAPSHOTS f JOIN MARTS.DIM_STREAMERS s ON s.streamer_id = f.streamer_id
    GROUP BY s.streamer_name ORDER BY total_viewers DESC LIMIT 10
"""
POPULAR_GAMES = """
    SELECT g.game_name, COUNT(DISTINCT f.stream_id) AS streams, AVG(f.viewer_count) AS average_viewers
    FROM MARTS.FACT_STREAM_SNAPSHOTS f JOIN MARTS.DIM_GAMES g ON g.game_id = f.game_id
    GROUP BY g.game_name ORDER BY streams DESC, average_viewers DESC LIMIT 10
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A SNOWCAST_HOME whose warehouse is empty: the first run prepares it."""
    folder = tmp_path_factory.mktemp("empty_home")
    with serving(folder):
        yield folder


def snapshots_of(source: str, state):
    """How often each entity of a source was observed, by what `status --json` says."""
    return {one["entity"]: one["polls"] for one in state["freshness"] if one["source"] == source}


def test_a_run_goes_from_the_source_to_validated_marts(snowcast, home):
    done = snowcast("run")
    assert done.code == 0, done.out + done.err
    for step in (
        "poll twitch",
        "read users_",
        "load",
        "validate RAW",
        "build fact_stream_snapshots",
        "build mart_top_streamers",
    ):
        assert step in done.out
    assert " dashboard\n" in done.out.partition("Look next:")[2]
    assert (home / "docs" / "index.html").exists()
    assert done.err == ""


def test_the_analysts_queries_are_answered(snowcast):
    rows = json.loads(snowcast("sql", TOP_STREAMERS, "--format", "json").out)
    assert len(rows) == 10
    assert rows[0]["TOTAL_VIEWERS"] >= rows[9]["TOTAL_VIEWERS"] > 0
    games = list(csv.DictReader(io.StringIO(snowcast("sql", POPULAR_GAMES, "--format", "csv").out)))
    assert len(games) == 10
    assert "STREAMER_NAME" in snowcast("sql", TOP_STREAMERS).out


def test_status_tells_freshness_rows_and_runs(snowcast):
    state = json.loads(snowcast("status", "--json").out)
    rows = {table["table"]: table["rows"] for table in state["tables"]}
    assert rows["stg_twitch_streams"] == rows["raw_twitch_streams"] > 0
    assert snapshots_of("twitch", state) == {"streams": 3, "users": 3, "games": 3}
    assert snapshots_of("billing", state) == {"users": 2, "subscriptions": 2, "payments": 2, "viewing_activity": 2}
    assert snapshots_of("livelogs", state) == {"streams": 1, "gifts": 1, "gift_types": 1}
    assert snapshots_of("amplitude", state)["event_types"] == 1
    oldest = {"twitch": 30, "billing": 24 * 60, "livelogs": 30, "amplitude": 5 * 60}
    assert all(0 <= one["age_minutes"] < oldest[one["source"]] for one in state["freshness"])
    assert state["runs"][0]["flow"] == "pipeline"
    assert state["runs"][0]["state"] == "completed"
    refused = {(one["table"], one["rule"]) for one in state["quarantine"]}
    assert refused <= {("int_viewer_events", "an event has a customer or an anonymous customer")}
    told = snowcast("status").out
    for title in ("Freshness", "Tables", "Quarantine", "Last runs"):
        assert title in told


@cache
def lineage() -> Lineage:
    """Traced once: it takes as long as a short explanation."""
    return trace_tables(make_parameters(load_settings()), load_settings().database)


def test_each_mart_has_a_number_that_is_checked():
    """Spikes have theirs where a stream is raised (test_alert.py)."""
    marts = {name for name in models() if name.startswith("mart_")} - {"mart_viewer_spikes"}
    assert {number.partition(".")[0] for number in CASES} == marts


@pytest.mark.parametrize("number", CASES)
def test_an_explained_number_is_what_its_raw_records_give(number, snowcast, home):
    """Every part of the number is in the records that are named, and no table between is asked."""
    case = CASES[number]
    mart, _, column = number.partition(".")
    table = models()[mart].table
    query = f"SELECT {', '.join(table.key)} FROM MARTS.{mart} WHERE {case.row} ORDER BY {', '.join(table.key)} LIMIT 1"
    with open_reader(load_settings()) as reader:
        (row,) = reader.records(query)
        key = {name: str(value) for name, value in row.items()}
        found = explain_number(reader, load_settings().database, lineage(), table, column, key)
    told = json.loads(json.dumps(asdict(found), default=plain))
    assert float(told["value"]) == pytest.approx(
        float(case.expected(read_records(home / "landing", told), told["key"]))
    )
    assert told["steps"][0]["is_enough"]
    assert all(file["poll"] or not file["path"].startswith("twitch") for file in told["files"])


def test_the_dashboard_tells_where_a_number_comes_from(snowcast):
    """As `snowcast dashboard` hands it over: tables, rows to choose from, one of them explained."""
    explainer = make_access(load_settings()).explainer
    assert "hours_watched" in explainer.measures()["mart_streamer_daily"]
    rows = explainer.rows("mart_monthly_revenue", "revenue", {}, 3)
    assert list(rows.columns) == ["year_month", "revenue"]
    assert rows["year_month"].is_monotonic_decreasing
    month = rows["year_month"].iloc[0]
    told = explainer.explain("mart_monthly_revenue", "revenue", {"year_month": month})
    assert float(told.value) == pytest.approx(rows["revenue"].iloc[0])
    assert told.steps[0].title.startswith("mart_monthly_revenue: 1 row")
    assert told.steps[-1].title.startswith("stg_billing_payments: ")
    assert all(path.startswith("billing/payments/") for path in told.files["path"])
    with pytest.raises(UnknownNumberError, match="has no column day; its key is year_month"):
        explainer.rows("mart_monthly_revenue", "revenue", {"day": "1"}, 3)


def test_an_explanation_is_told_to_people(snowcast):
    query = "SELECT streamer_key, date_day FROM MARTS.MART_STREAMER_DAILY WHERE hours_watched > 0 ORDER BY 1, 2 LIMIT 1"
    (row,) = json.loads(snowcast("sql", query, "--format", "json").out)
    key = [part for name, value in row.items() for part in ("--key", f"{name.lower()}={value}")]
    told = snowcast("explain", "mart_streamer_daily", "hours_watched", *key).out
    assert "= sum(fact_stream_days.viewer_ms) / 3600000.0" in told
    assert "mart_streamer_daily: 1 row: these rows of its inputs give the same again" in told
    assert "viewer_count = RECORD:viewer_count, typed" in told
    assert "rules checked on it, all hold" in told
    assert "landing file" in told
    assert "complete; loaded as twitch/streams_" in told


def test_a_build_without_news_changes_nothing(snowcast):
    done = snowcast("build")
    assert done.code == 0, done.err
    assert "nothing new" in done.out
    assert "0 rows written" in done.out or "nothing to do" in done.out


def test_the_sources_of_a_run_can_be_chosen(snowcast):
    done = snowcast("run", "--sources", "billing", "--select", "raw")
    assert done.code == 0, done.err
    assert "poll twitch" not in done.out
    assert "delivered before" in done.out


def test_a_full_refresh_gives_the_same_rows_and_is_told_to_the_dashboard(snowcast, home):
    (home / "dashboard").mkdir(exist_ok=True)
    (home / "dashboard/endpoint.json").touch()
    rows = "SELECT stream_id, peak_viewers, hours_watched, samples FROM MARTS.FACT_STREAM_SESSIONS ORDER BY stream_id"
    before = snowcast("sql", rows, "--format", "json").out
    done = snowcast("build", "--full-refresh", "--select", "+fact_stream_sessions")
    assert done.code == 0, done.err
    assert snowcast("sql", rows, "--format", "json").out == before
    assert (home / "dashboard/changed").exists()


def test_a_backfill_of_what_is_there_changes_nothing(snowcast):
    done = snowcast("backfill", "--from", "2020-01-01", "--to", "2100-01-01")
    assert done.code == 0, done.err
    assert " new" not in done.out.replace("nothing new", "")


def test_whole_tables_are_validated_and_reported(snowcast):
    assert snowcast("validate", "--select", "+mart_top_streamers").code == 0
    assert "batch" in {rule["scope"] for rule in json.loads(snowcast("report", "--json").out)}
    assert snowcast("validate", "--full").code == 0
    rules = json.loads(snowcast("report", "--json").out)
    assert {rule["scope"] for rule in rules} == {"full"}
    assert all(rule["success"] for rule in rules if rule["severity"] == "critical")
    assert snowcast("docs").out.strip().endswith("index.html")


def test_selectors_choose_tables_and_an_unknown_one_is_told_with_near_names(snowcast):
    assert snowcast("build", "--select", "dim_game").code == 2
    done = snowcast("build", "--select", "dim_gamez")
    assert done.code == 2
    assert "dim_games" in done.err
    assert len(done.err.strip().splitlines()) == 1


def test_the_tables_are_listed_with_grain_and_inputs(snowcast):
    tables = {row["table"]: row for row in json.loads(snowcast("tables", "--json").out)}
    assert tables["fact_stream_snapshots"]["inputs"].startswith("stg_twitch_streams")
    assert "fact_stream_sessions" in snowcast("tables").out


def test_every_statement_is_as_snowflake_documents_it(home):
    """Of all that the tests above sent: it parses, calls documented functions, and leaves no order to chance."""
    found = examine(sent_statements(home))
    assert found.statements > len(found.shapes) > 300
    assert found.faults == []


def test_every_statement_carries_its_flow_run_and_table(snowcast):
    history = "TABLE(INFORMATION_SCHEMA.QUERY_HISTORY(RESULT_LIMIT => 10000))"
    query = f"SELECT DISTINCT query_tag FROM {history} WHERE query_tag LIKE '%dim_games%'"
    done = snowcast("sql", query, "--format", "json")
    tags = [json.loads(row["QUERY_TAG"]) for row in json.loads(done.out)]
    assert any(tag.get("table") == "dim_games" and tag["flow"] == "pipeline" and tag["run"] for tag in tags)


def test_the_warehouse_can_be_reached_by_any_client(snowcast):
    import snowflake.connector

    assert "endpoint.json" in json.loads(snowcast("warehouse", "status", "--json").out)["password"]
    parameters = json.loads(snowcast("warehouse", "status", "--json", "--show-secret").out)
    with snowflake.connector.connect(**parameters) as connection:
        assert connection.cursor().execute("SELECT COUNT(*) FROM MARTS.DIM_GAMES").fetchone()[0] > 0


def test_doctor_finds_nothing_wrong(snowcast):
    done = snowcast("doctor", "--json")
    assert done.code == 0
    assert {one["check"]: one["state"] for one in json.loads(done.out)}["warehouse"] == "ok"


def test_a_second_run_takes_one_poll_more(snowcast):
    before = json.loads(snowcast("status", "--json").out)
    done = snowcast("run")
    assert done.code == 0, done.out + done.err
    assert "Look next:" in done.out
    after = json.loads(snowcast("status", "--json").out)
    polls = {entity: count + 1 for entity, count in snapshots_of("twitch", before).items()}
    assert snapshots_of("twitch", after) == polls
    assert snapshots_of("billing", after) == snapshots_of("billing", before)
