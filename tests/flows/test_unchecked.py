"""What a run that died had loaded or built and not checked is checked by the next one, before anything stands on it."""

from __future__ import annotations

import json

import pytest

from flows.settings import load_settings
from flows.steps.standing import read_standing
from flows.warehouse import open_session

STREAMS = ("--select", "stg_twitch_streams")
SNAPSHOTS = ("--select", "fact_stream_snapshots")
ROW = "(SELECT MIN(stream_id) FROM STAGING.STG_TWITCH_STREAMS WHERE _build_id = '{}')"


def rows_of(snowcast) -> dict[str, int]:
    return {table["table"]: table["rows"] for table in json.loads(snowcast("status", "--json").out)["tables"]}


def unchecked(snowcast) -> set[str]:
    settings = load_settings()
    with open_session(settings) as session:
        return set(read_standing(session, settings.database).unchecked)


def built_by_a_run_that_died(name: str) -> str:
    """Build a table as a run does that ends before it validates; returns the build."""
    from flows.settings import make_parameters
    from transforms.build import build_table

    settings = load_settings()
    with open_session(settings) as session:
        built = build_table(session, name, run_id="died", mode="incremental", parameters=make_parameters(settings))
    assert built.build_id
    return built.build_id


def loaded_by_a_run_that_died() -> None:
    """Land a poll and load it as a run does that ends before it validates."""
    from flows.load.loader import load_pending
    from flows.sources.registry import find_source
    from transforms.catalog import select_models

    settings = load_settings()
    with open_session(settings) as session:
        source = find_source("twitch")
        (moment,) = source.due_snapshots(settings, 1, None)
        source.fetch(settings, session, moment)
        tables = [model.table for model in select_models(["raw"])]
        assert load_pending(session, settings.database, settings.landing_root, tables).rows_loaded


@pytest.fixture
def _checked(snowcast):
    """A warehouse of which everything has been checked."""
    selected = ("--select", "raw", "--select", "+fact_stream_snapshots")
    assert snowcast("run", "--sources", "twitch", "--polls", "1", *selected).code == 0
    assert unchecked(snowcast) == set()


@pytest.mark.lengthy
@pytest.mark.usefixtures("_checked")
def test_a_bad_row_that_was_built_and_not_checked_stops_what_stands_on_it(snowcast):
    assert snowcast("ingest", "twitch").code == 0
    build_id = built_by_a_run_that_died("stg_twitch_streams")
    assert unchecked(snowcast) == {"stg_twitch_streams"}
    row = ROW.format(build_id)
    snowcast("sql", f"UPDATE STAGING.STG_TWITCH_STREAMS SET viewer_count = -5 WHERE stream_id = {row}")
    before = rows_of(snowcast)
    done = snowcast("build", *SNAPSHOTS)  # staging itself is not selected
    assert done.code == 1, done.out
    assert "validate STAGING" in done.out
    assert "not built: stg_twitch_streams broke a critical rule" in done.out
    assert rows_of(snowcast) == before
    assert unchecked(snowcast) == set()
    snowcast("sql", "UPDATE STAGING.STG_TWITCH_STREAMS SET viewer_count = 5 WHERE viewer_count = -5")
    assert snowcast("build", *STREAMS, *SNAPSHOTS).code == 0
    assert rows_of(snowcast)["fact_stream_snapshots"] > before["fact_stream_snapshots"]


@pytest.mark.usefixtures("_checked")
def test_a_load_that_lost_a_row_and_was_not_checked_stops_what_stands_on_it(snowcast):
    loaded_by_a_run_that_died()
    assert {"raw_twitch_streams", "raw_twitch_users", "raw_twitch_games"} == unchecked(snowcast)
    newest = "(SELECT MAX(_loaded_at) FROM RAW.RAW_TWITCH_STREAMS)"
    snowcast("sql", f"DELETE FROM RAW.RAW_TWITCH_STREAMS WHERE _source_row = 1 AND _loaded_at = {newest}")
    before = rows_of(snowcast)
    done = snowcast("build", *STREAMS)
    assert done.code == 1, done.out
    assert "not built: raw_twitch_streams broke a critical rule" in done.out
    assert rows_of(snowcast)["stg_twitch_streams"] == before["stg_twitch_streams"]


def test_a_rule_that_is_no_more_keeps_no_table_closed(snowcast):
    snowcast("validate", "--select", "dim_date")
    insert = (
        "INSERT INTO OPS.VALIDATION_RESULTS (run_id, layer, table_name, rule, severity, success, scope, validated_at) "
        "SELECT 'r', 'MARTS', 'dim_games', {!r}, 'critical', FALSE, 'full', '2020-01-01'::TIMESTAMP_NTZ"
    )
    settings = load_settings()
    with open_session(settings) as session:
        session.sql(insert.format("a rule of last year")).collect()
        assert "dim_games" not in read_standing(session, settings.database).closed
        session.sql(insert.format("game_id never repeats")).collect()
        session.sql("DELETE FROM OPS.VALIDATION_RESULTS WHERE table_name = 'dim_games' AND run_id <> 'r'").collect()
        assert "dim_games" in read_standing(session, settings.database).closed
