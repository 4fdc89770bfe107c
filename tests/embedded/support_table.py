"""Write deployments/embedded/README.md from the tests: `python -m tests.embedded.support_table`.

A test says what it proves with `@pytest.mark.supports("…")`, and where the embedded warehouse does otherwise than
Snowflake with `@pytest.mark.differs("…")`.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.embedded.independence import SHOWN_BY
from tests.embedded.test_refused import REFUSED

FOLDER = Path(__file__).parent
FIDELITY = FOLDER.parent / "fidelity"
README = FOLDER.parents[1] / "deployments" / "embedded" / "README.md"
HEAD = """# The embedded warehouse

A background process per `SNOWCAST_HOME` that speaks Snowflake's protocol on 127.0.0.1 and runs the SQL on DuckDB, so
that the code that runs on Snowflake runs without an account. It is a server of its own on
[DuckDB](https://duckdb.org) and [sqlglot](https://github.com/tobymao/sqlglot), and imports nothing of this project but
`deployments/process.py` and `deployments/storage`. Any Snowflake client connects with the parameters that
`snowcast warehouse status` prints.

```
python -m deployments.embedded --home DIR      the process; clients start it on demand
<home>/warehouse/databases/*.db                one DuckDB file per database
<home>/warehouse/stages/                       the files of internal stages
<home>/warehouse/spilled/                      what does not fit into memory while a statement runs
<home>/warehouse/endpoint.json                 host, port and secret of the running server, mode 0600
<home>/warehouse/server.log                    what it says
```

It starts in about a second, answers a small statement in about 3 ms, leaves when nobody has asked for half an hour, and
may be killed at any moment: what was committed is there, what was not is gone. It takes at most three quarters of the
machine's memory, or of the container's; statements that need more than two fifths of that spill. It needs Linux or
macOS.

A client reaches the databases and stages and nothing else: functions, types and statements are those of Snowflake,
DuckDB may open the warehouse's own folders only, and the server gets no variable of its starter's environment that can
hold a secret. Storage outside is reached by external stages only, with the `AWS_…` and `AZURE_…` variables and the
folders that a client with the endpoint's secret has handed over (`POST /snowcast/storage`); they stay in the server's
memory. Files are 0600, folders 0700. A database file that cannot be opened ends the start with one line that
names it: put back a copy, or move it and its .wal file away; the other databases are not touched.

## The way of a statement

```
client ── HTTP ──> server/requests     a request becomes a Statement; a repeated one is the same Statement
                     session/statement_pool    a thread of its own; the answer is kept for who asks again
                       session/execution       bind the values, wait for locks, time limit, errors as Snowflake's
                         session/cursor
  by its first words ─────┤ PUT, GET, LIST, COPY, stages, file formats, ALTER SESSION ──> stages/, session/parameters
                          │ else sql/planner.parse: sqlglot's tree; what Snowflake does not know is refused by name
  by its tree ────────────┤ SHOW, DESCRIBE, SET, CREATE and DROP DATABASE ──> catalog/, session/parameters
                          │ else session/dialect.rewrite:
                          │        before the rules   names, temporary tables, staged files, INFER_SCHEMA
                          │        rules, one a node  types, functions, VARIANT (sql/rewrites, calling sql/macros)
                          │        after the rules    order of VARIANTs, aggregates, UNION, PIVOT, macros by type
                          │ sql/planner.plan: DuckDB statements to run in order, and what the client is told
                          └ session/transactions: BEGIN where Snowflake has one, locks, conflicts repeated
                     wire/results      Arrow in Snowflake's form, with the types that DuckDB told
```

A package imports only what stands below it: `__main__`, server, session, stages, catalog and account, sql and kept,
then context, wire, process and scanner. Stages know nothing of sql; a COPY's SELECT goes through `context.translate`.

Statements of several sessions run at the same time. UPDATE, DELETE, MERGE and TRUNCATE lock their table until their
transaction ends; others wait for up to 60 seconds.

This page is written by `python -m tests.embedded.support_table`; each line is proven by the test it names.
"""
DIFFERS = """
## What differs from Snowflake

The project does not depend on any of it, as the last test named shows: a run that ends well has sent no statement that
is refused, and every statement of a run is looked through for the silent ones.

"""
REFUSALS = """
## What is refused

The statement ends in an error that names the feature, code 000002, never in a silent difference (`test_refused.py`):

"""


@dataclass(frozen=True)
class Claim:
    """What one test proves."""

    feature: str
    file: str
    test: str
    mark: str


def claims() -> list[Claim]:
    """Every claim of the tests of this folder, in the order of files and lines."""
    return [claim for file in _files() for claim in _claims_of(file)]


def _files() -> list[Path]:
    return sorted(FOLDER.glob("test_*.py")) + sorted(FIDELITY.glob("test_*.py"))


def _claims_of(file: Path) -> Iterator[Claim]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            for mark, feature in _marks(node):
                yield Claim(feature, file.name, node.name, mark)


def _marks(test: ast.FunctionDef) -> Iterator[tuple[str, str]]:
    for decorator in test.decorator_list:
        called = decorator.func if isinstance(decorator, ast.Call) else None
        if isinstance(called, ast.Attribute) and called.attr in {"supports", "differs"}:
            assert isinstance(decorator, ast.Call)
            yield called.attr, str(ast.literal_eval(decorator.args[0]))


def page() -> str:
    """The README's text."""
    found = claims()
    text = HEAD
    for file in dict.fromkeys(claim.file for claim in found if claim.mark == "supports"):
        proven = [claim for claim in found if claim.file == file and claim.mark == "supports"]
        text += f"\n## {_title(file)}\n\n| what works | proven by `{file}` |\n|---|---|\n"
        text += "".join(f"| {_cell(claim.feature)} | `{claim.test}` |\n" for claim in proven)
    text += DIFFERS + "| what differs | shown by | not depended on |\n|---|---|---|\n"
    text += "".join(
        f"| {_cell(claim.feature)} | `{claim.file}` `{claim.test}` | {_codes(SHOWN_BY[claim.test])} |\n"
        for claim in found
        if claim.mark == "differs"
    )
    return text + REFUSALS + "".join(f"- {feature}\n" for feature in REFUSED)


def _title(file: str) -> str:
    path = next(path for path in _files() if path.name == file)
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or file
    return docstring.splitlines()[0].rstrip(".")


def _codes(named: str) -> str:
    return " ".join(f"`{part}`" for part in named.split())


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    README.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"{README}: {len(claims())} claims\n")
