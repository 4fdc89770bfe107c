"""sqlfluff's parser of Snowflake's SQL: a second opinion on whether a statement is Snowflake's."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable

from sqlfluff.core import FluffConfig, Linter

# Its limits guard a server against strangers; a build's statement has more than 100,000 nodes.
_UNLIMITED = dict.fromkeys(("large_file_skip_byte_limit", "max_parse_nodes", "max_parse_depth"), 0)
_SETTINGS = {"dialect": "snowflake", "templater": "raw", **_UNLIMITED}
_DEEPEST = 20_000
_PLACE_OR_TEXT = re.compile(r"'(?:[^']|'')*'|\?")  # it knows no places for values


def not_parsed(statements: Iterable[str]) -> list[str]:
    """The statements that sqlfluff cannot parse, each with what it stopped at."""
    sys.setrecursionlimit(max(sys.getrecursionlimit(), _DEEPEST))  # it descends a call for each bracket
    linter = Linter(config=FluffConfig(overrides=_SETTINGS))
    found = []
    for statement in statements:
        parsed = linter.parse_string(_PLACE_OR_TEXT.sub(lambda found: found[0].replace("?", "1"), statement) + ";\n")
        root = parsed.root_variant()
        tree = root.tree if root is not None else None
        stopped = [part.raw for part in tree.recursive_crawl("unparsable")] if tree is not None else ["nothing of it"]
        if stopped or parsed.violations:
            found.append(f"{stopped} {[str(one) for one in parsed.violations]}: {statement}")
    return found
