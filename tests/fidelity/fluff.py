"""sqlfluff's parser of Snowflake's SQL: a second opinion on whether a statement is Snowflake's.

It is a program of the environment that FIDELITY_CLIENTS names: its parser in Rust takes a minute for the statements of
a run where the one in Python takes ten. Statements come as a JSON list, and what cannot be parsed of them goes as one.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable

CLIENTS = os.environ.get("FIDELITY_CLIENTS", "")
# Statements that it has no grammar of, with the page of Snowflake's documentation that has it.
UNKNOWN = {
    "CREATE COMPUTE POOL": "sql/create-compute-pool",
    "GRANT USAGE ON COMPUTE POOL": "sql/grant-privilege",
    "DROP COMPUTE POOL": "sql/drop-compute-pool",
    "CREATE STREAMLIT": "sql/create-streamlit",
}
# Its limits guard a server against strangers; a build's statement has more than 100,000 nodes.
_UNLIMITED = dict.fromkeys(("large_file_skip_byte_limit", "max_parse_nodes", "max_parse_depth"), 0)
_SETTINGS = {"dialect": "snowflake", "templater": "raw", **_UNLIMITED}
_DEEPEST = 20_000
_PLACE_OR_TEXT = re.compile(r"'(?:[^']|'')*'|\?")  # it knows no places for values
_PROCESSES = 2


def not_parsed(statements: Iterable[str]) -> list[str]:
    """The statements that sqlfluff cannot parse, each with what it stopped at."""
    longest_first = sorted(statements, key=len, reverse=True)
    shares = [longest_first[start::_PROCESSES] for start in range(_PROCESSES)]
    parsers = [
        subprocess.Popen([f"{CLIENTS}/python", __file__], text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in shares
    ]
    for parser, share in zip(parsers, shares, strict=True):
        assert parser.stdin is not None
        json.dump(share, parser.stdin)  # a parser reads all of it before it writes
        parser.stdin.close()
    told = [parser.stdout.read() for parser in parsers if parser.stdout is not None]
    assert [parser.wait() for parser in parsers] == [0] * _PROCESSES
    return [fault for share in told for fault in json.loads(share)]


def _parse(statements: Iterable[str]) -> list[str]:
    from sqlfluff.core import FluffConfig, Linter

    sys.setrecursionlimit(_DEEPEST)  # it descends a call for each bracket
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


if __name__ == "__main__":
    json.dump(_parse(json.load(sys.stdin)), sys.stdout)
