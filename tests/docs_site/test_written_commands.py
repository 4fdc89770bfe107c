"""Commands that pages show: each is one of the command line, with options that it has."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from flows.cli.app import app
from flows.docs_site.written import read_written_pages
from tests.architecture import ROOT

FENCED = re.compile(r"^ *```\w*\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`((?:\.venv/bin/)?snowcast [^`]*)`")
ENDS = {"&&", "||", "|", ";", "&", ">"}
COMMAND = typer.main.get_command(app)


def pages() -> list[Path]:
    written, _ = read_written_pages(ROOT)
    return [ROOT / page.source for page in written]


def shown_commands(text: str) -> Iterator[list[str]]:
    """The words behind each `snowcast` of a page, to the end of that command."""
    spans = [line for block in FENCED.findall(text) for line in re.split(r"^ *\$ ", block, flags=re.MULTILINE)[1:]]
    spans += INLINE.findall(FENCED.sub("", text))
    for span in spans:
        words = _words_of(span.replace("\\\n", " "))
        for place, word in enumerate(words):
            if word.rpartition("/")[2] == "snowcast" and "=" not in word:
                rest = words[place + 1 :]
                yield rest[: next((end for end, one in enumerate(rest) if one in ENDS), len(rest))]


def _words_of(span: str) -> list[str]:
    """A command is its first line, and the lines that its quotes reach over."""
    lines = span.splitlines()
    for count in range(1, len(lines) + 1):
        reader = shlex.shlex("\n".join(lines[:count]), posix=True, punctuation_chars=";&|")
        reader.whitespace_split = True
        try:
            return list(reader)
        except ValueError:  # a quote is open
            continue
    return []


def fault_of(words: list[str]) -> str | None:
    """What is no command, or no option of it; words that stand for others are left alone."""
    command: Any = COMMAND  # of click, or of what Typer brings instead
    for word in words:
        if word.startswith("--") and len(word) > 2:
            known = {name for one in command.params for name in (*one.opts, *one.secondary_opts)} | {"--help"}
            if word.partition("=")[0] not in known:
                return f"{command.name} has no option {word}"
        elif hasattr(command, "commands"):
            if word.startswith(("-", "…", "NAME")):
                return None
            if word not in command.commands:
                return f"{command.name} has no command {word}"
            command = command.commands[word]
    return None


@pytest.mark.parametrize("path", pages(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_page_shows_commands_that_there_are(path: Path):
    commands = list(shown_commands(path.read_text(encoding="utf-8")))
    assert not [(" ".join(words), fault) for words in commands if (fault := fault_of(words))]


def test_pages_show_commands_and_a_wrong_one_is_told():
    shown = '$ A=b .venv/bin/snowcast sql "SELECT\n  1" --format csv && snowcast deploy snowflake --print\n--not-shown'
    text = f"```\n{shown}\n```\n`snowcast buidl`"
    assert [fault_of(words) for words in shown_commands(text)] == [
        None,
        "snowflake has no option --print",
        "snowcast has no command buidl",
    ]
    assert sum(len(list(shown_commands(path.read_text(encoding="utf-8")))) for path in pages()) > 100
