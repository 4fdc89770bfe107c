"""The source of the site: every page in its place, with the navigation that leads to all of them.

The lineage page is a graph to click, drawn in the browser from the data beside it. Cytoscape draws it and ELK places
it; npm brings them when the site is built (`make docs`), because nothing of others is copied into the repository.
Without them the page lists what it would draw.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flows.docs_site.markdown import Page
from flows.docs_site.reference import make_reference_pages
from flows.docs_site.tables import make_metrics_page, make_table_pages
from flows.docs_site.written import read_written_pages
from flows.lineage.graph import Lineage

PATH = "lineage.md"
# File of the package in node_modules -> its name in the site.
LIBRARIES = {"cytoscape/dist/cytoscape.min.js": "cytoscape.min.js", "elkjs/lib/elk.bundled.js": "elk.bundled.js"}
ASSETS = Path(__file__).parent / "assets"
_TEXT = """---
hide:
  - navigation
  - toc
---

# Lineage

Click a table to see what it is made from and what is made of it; click a column to follow that column alone, up to the
field of the payload that it was read from. Solid lines carry values; dashed ones only decide which value it is.

<div id="lineage" class="lineage" markdown="0">
  <form class="lineage-bar" onsubmit="return false">
    <input type="search" id="lineage-search" list="lineage-names" placeholder="table or table.column"
      aria-label="Find a table or a column" autocomplete="off">
    <datalist id="lineage-names"></datalist>
    <span id="lineage-layers" role="group" aria-label="Schemas"></span>
    <label>tag <select id="lineage-tag" aria-label="Tag"><option value="">all</option></select></label>
    <label><input type="checkbox" id="lineage-conditions" checked> conditions</label>
    <button type="button" id="lineage-all">all tables</button>
  </form>
  <div class="lineage-body">
    <div id="lineage-graph" class="lineage-graph" role="img"
      aria-label="Graph of tables; the list beside it says the same">
      <p class="lineage-missing" hidden>The graph is drawn by cytoscape and elkjs, which npm brings: install
      Node.js with npm and build the site with <code>make docs</code>. The list beside it works without them.</p>
    </div>
    <div id="lineage-panel" class="lineage-panel" aria-live="polite" tabindex="0"></div>
  </div>
</div>

The same as data: [lineage.json](assets/lineage/lineage.json).

<link rel="stylesheet" href="assets/lineage/lineage.css">
<script src="assets/lineage/data.js"></script>
{libraries}
<script src="assets/lineage/lineage.js"></script>
"""
_SECTIONS = ("", "Guides", "Reference", "Tables", "How it works", "Project")
Nav = list[dict[str, Any]]


def make_lineage_page(libraries: Path) -> Page:
    """Make the page, with the scripts that npm has brought into `libraries`, its node_modules."""
    scripts = [f'<script src="assets/lineage/{name}"></script>' for name in find_libraries(libraries).values()]
    return Page(PATH, "Lineage", _TEXT.replace("{libraries}", "\n".join(scripts)), "Reference")


def find_libraries(libraries: Path) -> dict[Path, str]:
    """Find what draws the graph: file -> its name in the site; nothing where one is missing."""
    found = {libraries / file: name for file, name in LIBRARIES.items()}
    return found if all(file.is_file() for file in found) else {}


def write_graph(folder: Path, lineage: Lineage, libraries: Path) -> None:
    """Write the data of the lineage page, its script and the libraries, of node_modules, into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    data = json.dumps(lineage.as_json(), sort_keys=True)
    (folder / "lineage.json").write_text(data, encoding="utf-8")
    (folder / "data.js").write_text(f"window.snowcastLineage = {data};\n", encoding="utf-8")  # opens without a server
    for name in ("lineage.js", "lineage.css"):
        shutil.copyfile(ASSETS / name, folder / name)
    for file, name in find_libraries(libraries).items():
        shutil.copyfile(file, folder / name)


@dataclass(frozen=True)
class Subject:
    """What the site is about: the repository, all columns, the command line as click has it, the deployments."""

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
    """Write the source of the site, docs/ (replaced) and mkdocs.yml, and return its pages.

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
