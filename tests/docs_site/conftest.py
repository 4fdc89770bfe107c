"""The lineage of all columns and the site, made once per test run; no warehouse runs for them."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import typer

from flows.cli.app import app
from flows.deploy.prefect.declared import deployments
from flows.docs_site.build import build_site
from flows.docs_site.site import Subject
from flows.lineage.graph import Lineage, trace_tables
from tests.architecture import ROOT
from tests.browser import browser  # noqa: F401
from tests.feeding import PARAMETERS

LIBRARIES = Path(sys.prefix) / "docs" / "node_modules"


@pytest.fixture(scope="session")
def lineage() -> Lineage:
    return trace_tables(PARAMETERS, "ANALYTICS")


@pytest.fixture(scope="session")
def subject(lineage: Lineage) -> Subject:
    return Subject(ROOT, lineage, typer.main.get_command(app), deployments())


@pytest.fixture(scope="session")
def site(subject: Subject, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site, with what npm has brought; its source is beside it."""
    if find_spec("zensical") is None:
        pytest.skip("zensical is not installed: make docs")
    index, count = build_site(tmp_path_factory.mktemp("site"), subject, LIBRARIES)
    assert count == len(list(index.parent.rglob("*.html"))) - 1  # and the page that says what is not there
    return index.parent
