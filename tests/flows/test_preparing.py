"""What a flow needs in place: seen in one look, made where it is missing, whoever else makes it at the same time."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.settings import Settings, load_settings
from flows.warehouse import list_sent_statements, list_stored_columns, open_session, prepare, scripts
from transforms.engine.stored import list_tables
from transforms.engine.tables import list_built_tables
from transforms.ops import LOADS


@pytest.fixture
def settings(endpoint, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The test's database, reached as that of an account is."""
    return reached(endpoint, database, tmp_path, monkeypatch)


def reached(endpoint, database: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A database, reached as that of an account is."""
    monkeypatch.setenv("SNOWCAST_WAREHOUSE", "snowflake")
    for name, value in endpoint.connection_parameters().items():
        if name in ("account", "user", "password", "host", "port", "protocol", "role", "warehouse"):
            monkeypatch.setenv(f"SNOWFLAKE_{name.upper()}", str(value))
    return load_settings(home=home, database=database)


@pytest.fixture
def session(settings: Settings) -> Iterator[object]:
    """A session on the prepared database."""
    with open_session(settings) as opened:
        prepare(opened, settings)
        yield opened


@pytest.fixture(scope="module")
def shared_database(_administrator) -> Iterator[str]:
    """A database of the tests that leave everything in place."""
    name = f"PREPARED_{uuid.uuid4().hex[:12].upper()}"
    _administrator.cursor().execute(f"CREATE DATABASE {name}")
    yield name
    _administrator.cursor().execute(f"DROP DATABASE {name}")


@pytest.fixture
def in_place(endpoint, shared_database, tmp_path, monkeypatch) -> Iterator[tuple[object, Settings]]:
    """A session on the shared database, in which everything is in place, and its settings."""
    settings = reached(endpoint, shared_database, tmp_path, monkeypatch)
    with open_session(settings) as opened:
        prepare(opened, settings)
        assert made_by(opened, settings) == []
        yield opened, settings


def made_by(session, settings: Settings) -> list[str]:
    """What preparing sends, but for the look."""
    before = len(list_sent_statements())
    prepare(session, settings)
    return [one.text for one in list_sent_statements()[before:] if "UNION ALL SELECT 'version'" not in one.text]


def heads(session) -> list[str]:
    return sorted(row[0] for row in session.sql("SELECT table_name FROM OPS.HEADS").collect())


def test_an_empty_database_takes_a_statement_per_table(session):
    scripts = sum(one.text.startswith("CREATE") and " TABLE " not in one.text for one in list_sent_statements())
    assert len(list_sent_statements()) <= len(list_tables()) + scripts + 6, [one.text for one in list_sent_statements()]
    assert heads(session) == list_built_tables()


def test_what_is_in_place_is_seen_in_one_look(in_place):
    session, settings = in_place
    before = len(list_sent_statements())
    prepare(session, settings)
    assert len(list_sent_statements()) - before == 1
    columns = list_stored_columns()
    assert columns is not None
    assert columns["loads"]["rows_parsed"] == "NUMBER"
    assert set(columns) == {table.name for table in list_tables()}


@pytest.mark.parametrize(
    ("damage", "mended"),
    [
        ("DROP TABLE STAGING.STG_TWITCH_GAMES", "STG_TWITCH_GAMES"),
        ("DROP TABLE OPS.LOADS", "OPS.LOADS"),
        ("DROP TABLE OPS.HEADS", "OPS.HEADS"),
        ("DROP TABLE OPS.VERSIONS", "OPS.VERSIONS"),
        ("ALTER TABLE MARTS.DIM_GAMES DROP COLUMN box_art_url", "MARTS.DIM_GAMES"),
        ("ALTER TABLE OPS.RUNS DROP COLUMN costs", "ALTER TABLE"),
        ("ALTER TABLE MARTS.FACT_PAYMENTS DROP COLUMN amount", "ALTER TABLE"),
        ("DELETE FROM OPS.HEADS WHERE table_name = 'dim_games'", "OPS.HEADS"),
    ],
)
def test_what_somebody_dropped_is_noticed_and_made_again(in_place, damage, mended):
    session, settings = in_place
    session.sql(damage).collect()
    made = made_by(session, settings)
    assert any(mended in text for text in made), made
    assert made_by(session, settings) == []
    assert heads(session) == list_built_tables()


def test_another_version_runs_the_scripts_and_is_written_down(session, settings, monkeypatch):
    monkeypatch.setattr(scripts, "make_version", lambda _: "another")
    made = made_by(session, settings)
    assert any(text.startswith("CREATE STAGE") for text in made)
    assert made_by(session, settings) == []
    assert "another" in [row[0] for row in session.sql("SELECT version FROM OPS.VERSIONS").collect()]


def test_a_contract_that_changed_is_another_version(settings, monkeypatch):
    before = scripts.make_version(settings)
    wider = LOADS.columns[0].replace(nullable=True)
    monkeypatch.setitem(LOADS.__dict__, "columns", (wider, *LOADS.columns[1:]))
    assert scripts.make_version(settings) != before


def test_first_runs_side_by_side_end_with_one_of_everything(settings):
    errors: list[BaseException] = []
    begin = threading.Barrier(3)

    def first_run() -> None:
        try:
            with open_session(settings) as session:
                begin.wait(30)
                prepare(session, settings)
        except BaseException as error:
            errors.append(error)

    runs = [threading.Thread(target=first_run) for _ in range(3)]
    for run in runs:
        run.start()
    for run in runs:
        run.join(120)
    assert errors == []
    with open_session(settings) as session:
        assert made_by(session, settings) == []
        assert heads(session) == list_built_tables()


def test_a_column_that_is_added_or_gone_keeps_the_rows_and_what_others_append(session, settings):
    session.sql("ALTER TABLE OPS.RUNS DROP COLUMN summary").collect()
    session.sql("ALTER TABLE OPS.RUNS ADD COLUMN older VARCHAR").collect()
    kept = "INSERT INTO OPS.RUNS (run_id, flow, state, started_at, ended_at, older) SELECT 'r', 'f', 's', {0}, {0}, 'o'"
    session.sql(kept.format("'2026-01-01'::TIMESTAMP_NTZ")).collect()
    session.sql("ALTER TABLE OPS.RUNS ALTER COLUMN older SET NOT NULL").collect()
    made = made_by(session, settings)
    assert len([text for text in made if text.startswith("ALTER TABLE")]) == 2, made
    assert made_by(session, settings) == []
    without = (
        "INSERT INTO OPS.RUNS (run_id, flow, state, started_at, ended_at) SELECT 'n', 'f', 's', started_at, ended_at"
    )
    session.sql(f"{without} FROM OPS.RUNS").collect()
    found = session.sql("SELECT run_id, older, summary FROM OPS.RUNS ORDER BY run_id").collect()
    assert [tuple(row) for row in found] == [("n", None, None), ("r", "o", None)]
