"""Hand-written pages: every Markdown file of the repository that readers are led to, with links that fit the site."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from flows.docs_site.markdown import Page, relative
from flows.errors import ConfigError

# Guides in the order in which people need them; others follow by their title.
_FIRST = (
    "first-run",
    "your-data",
    "activities",
    "dashboard",
    "alerts",
    "stream",
    "storage",
    "add",
    "repair",
    "move",
    "when-a-run-fails",
)
_ABOUT = ("deployments", "flows", "transforms", "expectations")
_PICTURES = (".png", ".svg", ".jpg", ".webp")
_FENCE = re.compile(r"^(```|~~~).*?^\1[^\n]*$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)")


def read_written_pages(root: Path) -> tuple[list[Page], dict[str, Path]]:
    """Read the hand-written pages of the repository, and the pictures that they show by their path in the site.

    Returns:
        The pages, and the pictures by their path in the site.

    Raises:
        ConfigError: There are none here, or a link of one leads to nothing.
    """
    if not (root / "docs").is_dir():
        raise ConfigError(f"The documentation is written in {root / 'docs'}, which is not there: build it in a clone.")
    places = dict(_places(root))
    pictures: dict[str, Path] = {}
    pages = [_read_page(root, source, places, pictures) for source in places]
    return sorted(pages, key=_rank), pictures


def _places(root: Path) -> Iterator[tuple[str, str]]:
    """Yield each file of the repository with the path of its page."""
    yield "README.md", "index.md"
    for path in sorted((root / "docs").glob("*.md")):
        yield f"docs/{path.name}", f"guides/{path.name}"
    for room in _ABOUT:
        for path in sorted((root / room).rglob("*.md")):
            source = path.relative_to(root)
            subject = source.parent if source.name == "README.md" else source.with_suffix("")
            yield source.as_posix(), f"inside/{'-'.join(subject.parts).lower()}.md"
    for name in ("CONTRIBUTING.md", "CHANGELOG.md"):
        yield name, f"project/{name.lower()}"


def _read_page(root: Path, source: str, places: Mapping[str, str], pictures: dict[str, Path]) -> Page:
    text = (root / source).read_text(encoding="utf-8")
    heading = re.search(r"^# (.+)$", text, re.MULTILINE)
    title = re.sub(r"[`*]", "", heading[1]).split(":")[0] if heading else PurePosixPath(source).stem
    page = places[source]
    section = {"guides": "Guides", "inside": "How it works", "project": "Project"}.get(page.split("/")[0], "")
    rewritten = _rewrite_links(text, _Links(root, source, places, pictures))
    return Page(page, title, rewritten, section, source)


class _Links:
    """What the links of one file become in the site."""

    def __init__(self, root: Path, source: str, places: Mapping[str, str], pictures: dict[str, Path]) -> None:
        self._root, self._source, self._places, self._pictures = root, source, places, pictures

    def replace(self, found: re.Match[str]) -> str:
        """Return the link as the site has it; a file that is no page of it is named without a link."""
        is_picture, text, target = found.groups()
        if re.match(r"[a-z]+:|#", target):
            return found[0]
        path, _, place = target.partition("#")
        wanted = os.path.normpath(PurePosixPath(self._source).parent / path)
        page = self._places[self._source]
        if wanted in self._places:
            return f"{is_picture}[{text}]({relative(self._places[wanted], page)}{'#' + place if place else ''})"
        if not (self._root / wanted).exists():
            raise ConfigError(f"{self._source}: the link to {target} leads to nothing")
        if is_picture and wanted.endswith(_PICTURES):
            shown = f"pictures/{wanted.replace('/', '-')}"
            self._pictures[shown] = self._root / wanted
            return f"![{text}]({relative(shown, page)})"
        return text


def _rewrite_links(text: str, links: _Links) -> str:
    parts, end = [], 0
    for fence in _FENCE.finditer(text):
        parts += [_LINK.sub(links.replace, text[end : fence.start()]), fence[0]]
        end = fence.end()
    return "".join([*parts, _LINK.sub(links.replace, text[end:])])


def _rank(page: Page) -> tuple[int, int, str]:
    sections = ("", "Guides", "How it works", "Project")
    name = PurePosixPath(page.path).stem
    return sections.index(page.section), _FIRST.index(name) if name in _FIRST else len(_FIRST), page.title.lower()
