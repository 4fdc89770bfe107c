"""Building the site: Zensical makes HTML of its source, strictly, and every link of the HTML is followed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote

from flows.docs_site.markdown import Page
from flows.docs_site.site import Subject, write_site
from flows.errors import ConfigError, ValidationFailed

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_WARNING = re.compile(r"Warning: (?P<what>[^\n]+)\n\s*\S+\s*\[\s*(?P<where>\S+)\s*\]")
_MOST_NAMED = 10
# What a browser fetches by itself, so that it has to be on this host.
_FETCHED = {"img": "src", "script": "src", "link": "href", "iframe": "src", "source": "src"}


def build_site(folder: Path, subject: Subject, libraries: Path) -> tuple[Path, int]:
    """Write the site's source, build html/, and follow its links; returns the first page, and how many there are.

    Returns:
        The first page, and how many pages there are.

    Raises:
        ConfigError: Zensical is not installed, or a hand-written page links to nothing.
        ValidationFailed: A link or an anchor leads to nothing, or a page fetches something from another host.
    """
    if find_spec("zensical") is None:
        raise ConfigError(
            "The site is built by Zensical, which is not installed: `make docs` adds it, or the extra docs."
        )
    pages = write_site(folder, subject, libraries)
    shutil.rmtree(folder / "html", ignore_errors=True)
    run_zensical(folder, pages)
    faults = list(find_faults(folder / "html"))
    if faults:
        raise ValidationFailed(_name_faults(faults))
    return folder / "html" / "index.html", len(pages)


def run_zensical(folder: Path, pages: Sequence[Page]) -> None:
    """Build html/ of a site's source, mkdocs.yml and docs/; a fault is named by where its page was written.

    Raises:
        ValidationFailed: A link or an anchor leads to nothing.
    """
    command = [sys.executable, "-m", "zensical", "build", "--strict", "--clean", "-f", str(folder / "mkdocs.yml")]
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, "NO_COLOR": "1"}, capture_output=True, text=True, check=False
    )
    if done.returncode == 0:
        return
    text = _COLOUR.sub("", done.stdout + done.stderr)
    sources = {page.path: page.source or f"{page.path} (generated)" for page in pages}
    found = [_name_place(warning["where"], sources) + f": {warning['what']}" for warning in _WARNING.finditer(text)]
    raise ValidationFailed(_name_faults(found or [" ".join(text.split())[-400:]]))


def _name_place(where: str, sources: dict[str, str]) -> str:
    path, _, line = where.partition(":")
    return f"{sources.get(path, path)}:{line}"


def _name_faults(faults: Sequence[str]) -> str:
    more = f"; and {len(faults) - _MOST_NAMED} more" if faults[_MOST_NAMED:] else ""
    return (
        f"The documentation has {len(faults)} fault{'' if len(faults) == 1 else 's'}: "
        + "; ".join(faults[:_MOST_NAMED])
        + more
    )


class _Links(HTMLParser):
    """Ids of a page, where it links to, and what it fetches."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: set[str] = {""}
        self.links: list[str] = []
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.ids |= {value for name in ("id", "name") if (value := given.get(name))}
        if tag == "a" and (target := given.get("href")):
            self.links.append(target)
        if tag in _FETCHED and (target := given.get(_FETCHED[tag])) and given.get("rel") != "canonical":
            self.fetched.append(target)


def find_faults(html: Path) -> Iterator[str]:
    """Yield every link of a built site that leads to nothing, and everything that it fetches from elsewhere."""
    parsed = {path: _parse(path) for path in sorted(html.rglob("*.html")) if path.name != "404.html"}
    for path, page in parsed.items():
        name = path.relative_to(html)
        elsewhere = [target for target in page.fetched if re.match(r"(https?:)?//", target)]
        yield from (f"{name}: fetches {target} from another host" for target in elsewhere)
        inside = [target for target in (*page.links, *page.fetched) if not re.match(r"[a-z]+:|//", target)]
        yield from (f"{name}: {fault}" for fault in _dead(path, inside, parsed))


def _dead(page: Path, targets: Iterable[str], parsed: dict[Path, _Links]) -> Iterator[str]:
    for target in dict.fromkeys(targets):
        path, _, place = unquote(target).partition("#")
        found = (page.parent / path.partition("?")[0]).resolve() if path.partition("?")[0] else page
        if not found.exists():
            yield f"the link to {target} leads to nothing"
        elif found in parsed and place not in parsed[found].ids and not place.startswith("__"):
            yield f"the link to {target} leads to a page without that anchor"


def _parse(path: Path) -> _Links:
    page = _Links()
    page.feed(path.read_text(encoding="utf-8"))
    return page
