"""Statements that are sent to Snowflake, against its documentation and other people's parsers of its SQL."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.fidelity import page
from tests.fidelity.collected import (
    dashboard_statements,
    deployment_statements,
    dynamic_table_statements,
    script_statements,
)
from tests.fidelity.fluff import CLIENTS, UNKNOWN, not_parsed
from tests.fidelity.snowflake_sql import examine, sent_statements
from tests.flows.conftest import SMALL_SANDBOX, serving
from tests.unit.deploy.differences import BEYOND, CHANGED

of_sqlfluff = pytest.mark.skipif(
    not CLIENTS, reason="FIDELITY_CLIENTS names the programs of an environment of the extra fidelity"
)


def test_every_query_of_the_dashboard_is_as_snowflake_documents_it() -> None:
    found = examine(dashboard_statements())
    assert found.statements > 60
    assert found.faults == []


def test_the_page_is_up_to_date() -> None:
    written = page.PAGE.read_text(encoding="utf-8")
    assert written == page.page(page.read_figures()), "run: python -m tests.fidelity.page"


@pytest.mark.fidelity
@of_sqlfluff
def test_sqlfluff_parses_the_scripts_and_the_dashboard() -> None:
    assert not_parsed([*script_statements(), *dashboard_statements()]) == []


@pytest.mark.fidelity
@of_sqlfluff
def test_sqlfluff_parses_what_any_deployment_is_made_of(tmp_path: Path) -> None:
    """Tasks, streams, the procedure, pipes and integrations among them; what it has no grammar of is known by name."""
    refused = [one.partition("]: ")[2] for one in not_parsed(deployment_statements(tmp_path))]
    kinds = [re.match("|".join(UNKNOWN), one) for one in refused]
    assert [one for one, kind in zip(refused, kinds, strict=True) if kind is None] == []
    assert {kind[0] for kind in kinds if kind} == set(UNKNOWN), "sqlfluff has learned what is listed"


@pytest.mark.fidelity
@of_sqlfluff
def test_sqlfluff_parses_what_a_plan_says_to_run() -> None:
    """What alters an object, revokes a grant and drops what cannot be altered; the rest are the scripts' own."""
    said = [statement for *_, statement in (*CHANGED.values(), *BEYOND.values())]
    refused = [one.partition("]: ")[2] for one in not_parsed(said)]
    unknown = [f"ALTER {kind.removeprefix('CREATE ')} " for kind in UNKNOWN if kind.startswith("CREATE ")]
    assert [one for one in refused if not one.startswith(tuple(unknown))] == []


@pytest.mark.fidelity
@of_sqlfluff
def test_sqlfluff_notices_a_misspelled_statement() -> None:
    right = "CREATE STREAM IF NOT EXISTS A.B.C ON TABLE A.B.T APPEND_ONLY = TRUE"
    wrong = [right.replace("ON TABLE", "ON TABEL"), right.replace("TRUE", "MAYBE"), "SELECT a FROM (SELECT 1 AS a"]
    assert [one.partition("]: ")[2] for one in not_parsed([right, *wrong])] == sorted(wrong, key=len, reverse=True)


@pytest.mark.fidelity
@pytest.mark.timeout(1800)
@of_sqlfluff
def test_sqlfluff_parses_every_statement_of_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    from flows.cli import run
    from flows.services.prefect_server import stop as stop_prefect

    home = tmp_path / "home"
    for name, value in {**SMALL_SANDBOX, "SNOWCAST_HOME": str(home)}.items():
        monkeypatch.setenv(name, value)
    request.addfinalizer(lambda: stop_prefect(home))  # which the run starts
    with serving(home):
        assert [run(command) for command in (["run"], ["validate", "--full"], ["status"])] == [0, 0, 0]
        found = examine(sent_statements(home))
        dynamic = dynamic_table_statements(home)
    assert found.faults == []
    assert not_parsed([*found.shapes, *dynamic]) == []
