"""Finding contracts and business rules by table name: file = table = expectations, one name."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import cast

from expectations.rules.raw import record_rules
from expectations.rules.rule import Rule
from transforms.contract import ContractError, Layer, Table
from transforms.ops import LEDGERS


@cache
def find_table(name: str) -> Table:
    """Return the contract of a table.

    Raises:
        ContractError: There is no table of that name.
    """
    for ledger in LEDGERS:
        if ledger.name == name:
            return ledger
    for layer in Layer:
        module = f"transforms.{layer.lower()}.{name}"
        if _exists(module):
            return cast(Table, import_module(module).TABLE)
    raise ContractError(f"{name}: no such table; a table is a file transforms/<layer>/{name}.py with a TABLE")


@cache
def business_rules(table: Table) -> tuple[Rule, ...]:
    """Return the hand-written rules of a table: its layer's, and `RULES` of expectations/<layer>/<table>.py, if any."""
    module = f"expectations.{table.layer.lower()}.{table.name}"
    own = cast(tuple[Rule, ...], import_module(module).RULES) if _exists(module) else ()
    return (*record_rules(table), *own) if table.layer is Layer.RAW else own


def _exists(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False
