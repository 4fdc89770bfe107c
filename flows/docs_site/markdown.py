"""Pages of Markdown, and the few forms that generated ones are made of."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath


@dataclass(frozen=True)
class Page:
    """One page of the site.

    Args:
        path: Where it is in the site, e.g. tables/dim_date.md.
        title: Its name in the navigation.
        text: Markdown.
        section: Heading of the navigation that it stands under; a slash parts a heading within a heading.
        source: File of the repository that it was written in; empty for a generated page.
    """

    path: str
    title: str
    text: str
    section: str = ""
    source: str = ""


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of cells that are Markdown already."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(_cell(text) for text in line) + " |" for line in lines) + "\n"


def code(text: str) -> str:
    """Return code within a line; NULL characters of Markdown in it stay what they are."""
    fence = "``" if "`" in text else "`"
    return f"{fence}{text}{fence}" if text else ""


def block(text: str, language: str = "") -> str:
    """Return a block of code."""
    return f"```{language}\n{text.rstrip()}\n```\n"


def plain(text: str) -> str:
    """Return text of others so that nothing in it is Markdown or HTML."""
    return re.sub(r"([\\`*_<>\[\]|])", r"\\\1", text)


def link(text: str, target: str, page: str) -> str:
    """Return a link from one page of the site to another place of it."""
    return f"[{text}]({relative(target, page)})"


def relative(target: str, page: str) -> str:
    """Return a path of the site as a page of it writes it."""
    return PurePosixPath(os.path.relpath(target, PurePosixPath(page).parent)).as_posix()


def anchor(name: str) -> str:
    """Return a place that links can lead to."""
    return f'<span id="{name}"></span>'


def _cell(text: str) -> str:
    return re.sub(r"(?<!\\)\|", r"\\|", " ".join(text.split()))
