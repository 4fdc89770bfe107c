"""Statements that are sent to Snowflake, against its documentation and other people's parsers of its SQL."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fidelity import page
from tests.fidelity.collected import dashboard_statements, script_statements
from tests.fidelity.snowflake_sql import examine, sent_statements
from tests.flows.conftest import SMALL_SANDBOX, serving


def test_every_query_of_the_dashboard_is_as_snowflake_documents_it() -> None:
    found = examine(dashboard_statements())
    assert found.statements > 60
    assert found.faults == []


def test_the_page_is_up_to_date() -> None:
    written = page.PAGE.read_text(encoding="utf-8")
    assert written == page.page(page.read_figures()), "run: python -m tests.fidelity.page"


@pytest.mark.fidelity
def test_sqlfluff_parses_the_scripts_and_the_dashboard() -> None:
    from tests.fidelity.fluff import not_parsed

    assert not_parsed([*script_statements(), *dashboard_statements()]) == []


@pytest.mark.fidelity
@pytest.mark.timeout(3600)
def test_sqlfluff_parses_every_statement_of_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from flows.cli import run
    from tests.fidelity.fluff import not_parsed

    home = tmp_path / "home"
    for name, value in {**SMALL_SANDBOX, "SNOWCAST_HOME": str(home)}.items():
        monkeypatch.setenv(name, value)
    with serving(home):
        assert [run(command) for command in (["run"], ["validate", "--full"], ["status"])] == [0, 0, 0]
        found = examine(sent_statements(home))
    assert found.faults == []
    assert not_parsed(found.shapes) == []
