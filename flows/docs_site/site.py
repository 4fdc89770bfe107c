"""The source of the site: every page in its place, with the navigation that leads to all of them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flows.docs_site.lineage_page import make_lineage_page, write_graph
from flows.docs_site.markdown import Page
from flows.docs_site.metrics import make_metrics_page
from flows.docs_site.reference import make_reference_pages
from flows.docs_site.tables import make_table_pages
from flows.docs_site.written import read_written_pages
from flows.lineage.graph import Lineage

ASSETS = Path(__file__).parent / "assets"
_SECTIONS = ("", "Guides", "Reference", "Tables", "How it works", "Project")
Nav = list[dict[str, Any]]


@dataclass(frozen=True)
class Subject:
    """What the site is about.

    Args:
        root: The repository, for what is written by hand.
        lineage: Of all columns.
        command: The command line, as click has it.
        deployments: As deployments/prefect.yaml declares them.
    """

    root: Path
    lineage: Lineage
    command: Any
    deployments: Sequence[Mapping[str, Any]]


def make_generated_pages(subject: Subject, libraries: Path) -> Iterator[Page]:
    """Make every page that is not written by hand."""
    yield make_metrics_page(subject.lineage)
    yield make_lineage_page(libraries)
    yield from make_reference_pages(subject.command, subject.deployments)
    yield from make_table_pages(subject.lineage)


def write_site(folder: Path, subject: Subject, libraries: Path) -> list[Page]:
    """Write the source of the site: docs/ and mkdocs.yml.

    Args:
        folder: Where; docs/ in it is replaced.
        subject: What it is about.
        libraries: node_modules with what draws the lineage.

    Returns:
        Its pages.

    Raises:
        ConfigError: A hand-written page is missing, or links to nothing.
    """
    written, pictures = read_written_pages(subject.root)
    pages = [*written, *make_generated_pages(subject, libraries)]
    docs = folder / "docs"
    shutil.rmtree(docs, ignore_errors=True)
    for page in pages:
        _place(docs / page.path).write_text(page.text, encoding="utf-8")
    for path, picture in pictures.items():
        shutil.copyfile(picture, _place(docs / path))
    for name in ("site.css", "site.js"):
        shutil.copyfile(ASSETS / name, _place(docs / "assets" / name))
    write_graph(docs / "assets" / "lineage", subject.lineage, libraries)
    configuration = (ASSETS / "mkdocs.yml").read_text(encoding="utf-8")
    # JSON is YAML, and needs no library to be written.
    (folder / "mkdocs.yml").write_text(f"{configuration}nav: {json.dumps(navigate(pages))}\n", encoding="utf-8")
    return pages


def navigate(pages: Iterable[Page]) -> Nav:
    """Return the navigation: a heading per section, and headings within it where a section is parted by a slash."""
    nav: Nav = []
    by_section: dict[str, Nav] = {"": nav}
    ordered = sorted(pages, key=lambda page: _SECTIONS.index(page.section.split("/")[0]))
    for page in ordered:
        _heading(by_section, page.section).append({page.title: page.path})
    return nav


def _heading(by_section: dict[str, Nav], section: str) -> Nav:
    if section not in by_section:
        above, _, name = section.rpartition("/")
        by_section[section] = []
        _heading(by_section, above).append({name: by_section[section]})
    return by_section[section]


def _place(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path
