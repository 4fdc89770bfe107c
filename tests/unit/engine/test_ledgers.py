"""Rows of several ledgers in one statement are the rows that each ledger alone would have got."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from snowflake.connector.cursor import SnowflakeCursor
from snowflake.snowpark import Session

from tests.feeding import rows_of
from transforms.contract import TEXT, Column, ContractError
from transforms.engine import ledgers
from transforms.engine.stored import read_table
from transforms.ops import BUILDS, CONSUMPTIONS, RECONCILIATION

AT = datetime(2024, 2, 29, 23, 59, 59, 123456)
BUILT = ("b1", "r'1", 'a "table" é😀', "incremental", 1, 2**53 + 1, 0, 0.1, AT)
ACCOUNT = (BUILT[2], "load", "b1", 3, 1, 1, 1, AT)


def consumed(number: int) -> list[tuple[str, ...]]:
    return [(BUILT[2], "input", f"batch {at} {'x' * 100}", "b1") for at in range(number)]


@pytest.mark.parametrize("number", [0, 1, 5_000])
def test_each_ledger_gets_its_rows(warehouse: Session, number: int):
    ledgers.append_all_new(warehouse, (RECONCILIATION, [ACCOUNT]), (CONSUMPTIONS, consumed(number)), (BUILDS, [BUILT]))
    assert [rows_of(read_table(warehouse, table)) for table in (RECONCILIATION, BUILDS)] == [[ACCOUNT], [BUILT]]
    assert sorted(rows_of(read_table(warehouse, CONSUMPTIONS))) == sorted(consumed(number))


def test_it_is_one_statement_also_for_one_ledger(warehouse: Session, monkeypatch: pytest.MonkeyPatch):
    inserts = []
    execute = SnowflakeCursor.execute

    def note(self: SnowflakeCursor, command: str, *given: Any, **named: Any) -> Any:
        words = command.split()
        inserts.extend(words[1:2] if words[0] == "INSERT" else [])
        return execute(self, command, *given, **named)

    monkeypatch.setattr(SnowflakeCursor, "execute", note)
    ledgers.append_all_new(warehouse, (RECONCILIATION, []), (CONSUMPTIONS, consumed(2)), (BUILDS, [BUILT]))
    ledgers.append_all_new(warehouse, (CONSUMPTIONS, []), (BUILDS, [("b2", *BUILT[1:])]))
    assert inserts == ["ALL", "INTO"]


def test_columns_of_one_name_and_two_types_share_no_statement(warehouse: Session):
    other = replace(CONSUMPTIONS, columns=(*CONSUMPTIONS.columns[:3], Column("built_at", TEXT, "")))
    with pytest.raises(ContractError, match="different types"):
        ledgers.append_all_new(warehouse, (other, consumed(1)), (BUILDS, [BUILT]))
