"""Write docs/fidelity.md: `python -m tests.fidelity.page [HOME]`.

With the home of a run whose warehouse still runs, as `make run` leaves it, what was sent there is counted anew; without
one the page is made of the figures that were counted last.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tests.embedded.independence import SHOWN_BY
from tests.fidelity.collected import dashboard_statements, deployment_statements, script_statements
from tests.fidelity.documented import FUNCTION_PAGES, RESERVED, TYPE_PAGES
from tests.fidelity.fluff import UNKNOWN, not_parsed
from tests.fidelity.snowflake_sql import examine, sent_statements

FIGURES = Path(__file__).with_name("figures.json")
PAGE = Path(__file__).parents[2] / "docs" / "fidelity.md"
DOCUMENTATION = "https://docs.snowflake.com/en/sql-reference"
HEAD = """# What was held against Snowflake

No account is asked here. What can be shown without one is shown by tests:

- Every statement that a run sends, and every query of the dashboard, is read by sqlglot and looked through: functions
  and types that a page of Snowflake's documentation has, no reserved word as a name, no result that hangs on an order
  which is not stated. With each test run.
- sqlfluff's grammar of Snowflake parses each of them, and what `snowcast deploy snowflake` prints with any settings
  (inside, S3, Azure; COPY and pipes; tasks, dynamic tables, dashboard, teardown): `make fidelity`.
- `build` of the tables that Snowpark's local testing can run gives the same rows there as on the embedded warehouse:
  `make fidelity`.
- What the embedded warehouse does otherwise than Snowflake is listed
  [on its page](../deployments/embedded/README.md#what-differs-from-snowflake), each with the test that shows that
  nothing depends on it.

This page is written by `python -m tests.fidelity.page`.

| counted | |
|---|---:|
"""


def count(home: Path) -> dict[str, Any]:
    """What was sent in a home, and what the parsers say of it."""
    run, asked = examine(sent_statements(home)), examine(dashboard_statements())
    scripts = script_statements()
    shapes = [*run.shapes, *asked.shapes, *scripts]
    deployed = deployment_statements(home)
    return {
        "statements of a run": run.statements,
        "of different shape": len(run.shapes),
        "queries of the dashboard": asked.statements,
        "statements of the scripts": len(scripts),
        "faults that sqlglot's reading shows": len(run.faults) + len(asked.faults),
        "that sqlfluff parses, of all shapes": f"{len(shapes) - len(not_parsed(shapes))} of {len(shapes)}",
        "that it parses, of all that a deployment may print": (
            f"{len(deployed) - len(not_parsed(deployed))} of {len(deployed)}"
        ),
        "functions": sorted(run.functions | asked.functions),
        "types": sorted(run.types | asked.types),
    }


def read_figures() -> dict[str, Any]:
    """What was counted last."""
    figures: dict[str, Any] = json.loads(FIGURES.read_text(encoding="utf-8"))
    return figures


def page(figures: dict[str, Any]) -> str:
    """The page's text."""
    from tests.fidelity.test_local_testing import RUN_THERE

    counted = {name: value for name, value in figures.items() if not isinstance(value, list)}
    counted |= {"functions used": len(figures["functions"]), "types used": len(figures["types"])}
    counted |= {
        "reserved words looked for": len(RESERVED),
        "tables with the same rows in Snowpark's local testing": len(RUN_THERE.split()),
        "known differences of the embedded warehouse": len(SHOWN_BY),
    }
    text = HEAD + "".join(f"| {name} | {value} |\n" for name, value in counted.items())
    listed = ", ".join(f"[{name}]({DOCUMENTATION}/{place})" for name, place in UNKNOWN.items())
    text += f"\nsqlfluff has no grammar of {listed}, which Snowflake's documentation has.\n"
    text += (
        f"\n## Where each is documented\n\nUnder {DOCUMENTATION}/.\n\n| page | functions and types used |\n|---|---|\n"
    )
    used = {*figures["functions"], *figures["types"]}
    for name, names in {**FUNCTION_PAGES, **TYPE_PAGES}.items():
        found = [one for one in names.split() if one in used]
        text += f"| [{name}]({DOCUMENTATION}/{name}) | {', '.join(found)} |\n" if found else ""
    return text


if __name__ == "__main__":
    if sys.argv[1:]:
        FIGURES.write_text(json.dumps(count(Path(sys.argv[1])), indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(page(read_figures()), encoding="utf-8")
    sys.stdout.write(f"{PAGE}\n")
