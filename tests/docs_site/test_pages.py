"""The documentation site: what its generated pages say, and that its links lead somewhere."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from flows.deploy.prefect.declared import deployments
from flows.docs_site.build import find_faults, run_zensical
from flows.docs_site.markdown import Page
from flows.docs_site.site import LIBRARIES, Subject, make_generated_pages, navigate
from flows.docs_site.tables import find_metrics, find_tables, unit_of
from flows.docs_site.written import read_written_pages
from flows.errors import ConfigError, ValidationFailed
from flows.lineage.graph import Lineage, trace_tables
from flows.settings.environment import variables
from tests.architecture import ROOT
from tests.feeding import PARAMETERS
from transforms.activity.definitions.registry import list_known_activities
from transforms.catalog import models

NO_LIBRARIES = Path("no_node_modules")


@pytest.fixture(scope="module")
def pages(subject: Subject) -> dict[str, Page]:
    return {page.path: page for page in make_generated_pages(subject, NO_LIBRARIES)}


@pytest.mark.parametrize("table", find_tables(), ids=lambda table: table.name)
def test_a_table_has_a_page_with_all_that_its_contract_says(table, pages: dict[str, Page]):
    text = pages[f"tables/{table.name}.md"].text
    assert table.full_name("X").removeprefix("X.") in text
    lines = {name: next(line for line in text.splitlines() if f'id="{name}"' in line) for name in table.column_names}
    assert all(str(table.column(name).type) in line for name, line in lines.items())
    if table.name in models():
        assert "## Rules" in text
        assert all(f"[`{name}`]({name}.md)" in text for name in models()[table.name].inputs)


def test_the_page_of_a_table_says_what_its_numbers_are(pages: dict[str, Page]):
    text = pages["tables/mart_streamer_daily.md"].text
    (line,) = [line for line in text.splitlines() if line.startswith("| `hours_watched` | `")]
    _, formula, origins = line.strip("| ").split(" | ")
    assert formula == "`sum(fact_stream_days.viewer_ms) / 3600000.0`"
    assert "`raw_twitch_streams.record:viewer_count`" in origins
    assert "| A rerun | recomputes the days that changed |" in text
    assert "[`fact_stream_days`](fact_stream_days.md)" in text
    assert "[`mart_top_streamers`](mart_top_streamers.md)" in text
    assert "FROM MARTS.MART_STREAMER_DAILY\nORDER BY streamer_key, date_day\nLIMIT 10" in text


def test_every_metric_activity_setting_command_and_flow_is_told(pages: dict[str, Page]):
    assert all(f"## {name}\n" in pages["metrics.md"].text for name in find_metrics())
    assert all(f"### {name}\n" in pages["activities.md"].text for name in list_known_activities())
    assert all(f"`{name}`" in pages["settings.md"].text for name, _ in variables())
    assert all(f"`{one['name']}`" in pages["flows.md"].text for one in deployments())
    for command in ("run", "docs build", "quarantine redrive", "activity query"):
        assert f"## snowcast {command}\n" in pages["commands.md"].text
    assert "`ContractError` | 1" in pages["errors.md"].text


def test_units_are_told_by_name_and_type():
    columns = {column.name: column for model in models().values() for column in model.table.columns}
    wanted = {"viewer_ms": "viewer-milliseconds", "airtime_minutes": "minutes", "date_day": "UTC day", "title": ""}
    assert {name: unit_of(columns[name]) for name in wanted} == wanted


def test_lineage_that_is_told_twice_is_the_same(lineage: Lineage):
    again = trace_tables(PARAMETERS, "ANALYTICS")
    assert (again.as_json(), again.statements) == (lineage.as_json(), lineage.statements)


def test_every_written_page_is_in_the_navigation_by_itself(pages: dict[str, Page]):
    written, _ = read_written_pages(ROOT)
    shown = str(navigate([*written, *pages.values()]))
    assert {path.name for path in (ROOT / "docs").glob("*.md")} == {
        page.source.removeprefix("docs/") for page in written if page.source.startswith("docs/")
    }
    assert all(f"'{page.path}'" in shown for page in [*written, *pages.values()])


def test_the_readme_is_read_in_one_go():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 250


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / "docs").mkdir()
    (tmp_path / "flows").mkdir()
    for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "flows/README.md"):
        (tmp_path / name).write_text("# Title\n", encoding="utf-8")
    return tmp_path


def test_links_of_written_pages_fit_the_site(repository: Path):
    (repository / "docs" / "one.md").write_text(
        "# One\n[flows](../flows/README.md#title) [code](../flows) ![shown](shown.png) [far](https://a.example)\n"
        "```\n[not](a link)\n```\n",
        encoding="utf-8",
    )
    (repository / "docs" / "shown.png").write_bytes(b"png")
    pages, pictures = read_written_pages(repository)
    (page,) = [page for page in pages if page.source == "docs/one.md"]
    assert page.text.splitlines()[1:] == [
        "[flows](../inside/flows.md#title) code ![shown](../pictures/docs-shown.png) [far](https://a.example)",
        *("```", "[not](a link)", "```"),
    ]
    assert pictures == {"pictures/docs-shown.png": repository / "docs" / "shown.png"}


def test_a_dead_link_is_named_with_its_file(repository: Path):
    (repository / "docs" / "one.md").write_text("# One\n[gone](gone.md)\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"^docs/one\.md: the link to gone\.md leads to nothing$"):
        read_written_pages(repository)


def test_what_a_built_page_leads_to_is_followed(tmp_path: Path):
    (tmp_path / "two.html").write_text('<p id="there">', encoding="utf-8")
    (tmp_path / "one.html").write_text(
        '<a href="two.html#there"><a href="two.html?at=x"><a href="two.html#nowhere"><a href="three.html">'
        '<script src="https://elsewhere.example/a.js"></script><a href="https://elsewhere.example/">',
        encoding="utf-8",
    )
    assert list(find_faults(tmp_path)) == [
        "one.html: fetches https://elsewhere.example/a.js from another host",
        "one.html: the link to two.html#nowhere leads to a page without that anchor",
        "one.html: the link to three.html leads to nothing",
    ]


def test_the_site_builds_strictly_and_is_searched_without_another_host(site: Path):
    assert "hours_watched" in (site / "search.json").read_text(encoding="utf-8")
    assert not list(find_faults(site))


def test_without_npm_the_lineage_page_says_what_brings_the_graph(pages: dict[str, Page]):
    text = pages["lineage.md"].text
    assert "make docs" in text
    assert not [name for name in LIBRARIES.values() if name in text]


@pytest.mark.skipif(find_spec("zensical") is None, reason="zensical is not installed: make docs")
def test_an_anchor_that_is_not_there_fails_the_build_in_one_line(tmp_path: Path):
    page = Page("index.md", "Start", "# Start\n\n[there](index.md#gone)\n", source="README.md")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / page.path).write_text(page.text, encoding="utf-8")
    (tmp_path / "mkdocs.yml").write_text("site_name: S\nsite_dir: html\n", encoding="utf-8")
    with pytest.raises(
        ValidationFailed, match=r"^The documentation has 1 fault: README\.md:3:\d+: anchor does not exist$"
    ):
        run_zensical(tmp_path, [page])
