"""What of the code is stored in a warehouse, as one text: `python -m tests.unit.stored_names` writes the frozen file.

A change of it changes homes that are there: a table whose contract's hash differs is built again from everything, a
rule of another name forgets its results, and other texts of parameters rebuild the tables that take them.
"""

from __future__ import annotations

import hashlib
import json
from datetime import date
from pathlib import Path
from typing import Any

from expectations.checks.tables import rule_names
from flows.settings import Settings
from flows.steps import build
from transforms.activity.definitions.registry import list_known_activities
from transforms.catalog import models
from transforms.contract import Table
from transforms.engine.merge import contract_hash
from transforms.ops import LEDGERS

FROZEN = Path(__file__).with_name("stored_names.json")


def stored_names() -> dict[str, Any]:
    """Return the contract of every table as it is hashed, its rules, all activities, and the default parameters."""
    tables = {
        name: {"contract": _digest(model.table), "rules": sorted(rule_names(model.table))}
        for name, model in sorted(models().items())
    }
    return {
        "tables": tables,
        "ledgers": {table.name: _digest(table) for table in LEDGERS},
        "activities": sorted(list_known_activities()),
        "parameters": {name: _spell(value) for name, value in sorted(build.make_parameters(Settings()).items())},
    }


def _spell(value: Any) -> str:
    return "by the clock" if isinstance(value, date) else str(value)


def _digest(table: Table) -> str:
    return hashlib.sha256(contract_hash(table).encode()).hexdigest()[:16]


def main() -> None:
    """Write the frozen file."""
    FROZEN.write_text(json.dumps(stored_names(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
