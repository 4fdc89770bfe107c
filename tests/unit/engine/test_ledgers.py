"""Rows of several ledgers in one statement are the rows that each ledger alone would have got."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from snowflake.connector.cursor import SnowflakeCursor
from snowflake.connector.errors import ProgrammingError
from snowflake.connector.network import SnowflakeRestful
from snowflake.snowpark import Session

from tests.feeding import rows_of
from transforms.contract import TEXT, Column, ContractError, Table
from transforms.engine import ledgers
from transforms.engine.stored import read_table
from transforms.ops import BUILDS, CONSUMPTIONS, RECONCILIATION

AT = datetime(2024, 2, 29, 23, 59, 59, 123456)
BUILT = ("b1", "r'1\\n\n", 'a "table" é😀', "incremental", 1, 2**53 + 1, 0, 0.1, AT)
ACCOUNT = (BUILT[2], "load", "b1", 3, 1, 1, 1, AT)


def consumed(number: int) -> list[tuple[str, ...]]:
    return [(BUILT[2], "input", f"batch {at} {'x' * 100}", "b1") for at in range(number)]


def inserted(session: Session, *told: tuple[Table, list[Any]], then: Sequence[str] = ()) -> list[str]:
    """Insert the rows in one transaction, and send what follows; returns the statements that did."""
    with ledgers.transaction(session) as last:
        last += [*ledgers.write_inserts(session, *told), *then]
    return last


@pytest.mark.parametrize("number", [0, 1, 5_000])
def test_each_ledger_gets_its_rows(warehouse: Session, number: int):
    inserted(warehouse, (RECONCILIATION, [ACCOUNT]), (CONSUMPTIONS, consumed(number)), (BUILDS, [BUILT]))
    assert [rows_of(read_table(warehouse, table)) for table in (RECONCILIATION, BUILDS)] == [[ACCOUNT], [BUILT]]
    assert sorted(rows_of(read_table(warehouse, CONSUMPTIONS))) == sorted(consumed(number))


def test_it_is_one_statement_also_for_one_ledger(warehouse: Session):
    several = inserted(warehouse, (RECONCILIATION, []), (CONSUMPTIONS, consumed(2)), (BUILDS, [BUILT]))
    one = inserted(warehouse, (CONSUMPTIONS, []), (BUILDS, [("b2", *BUILT[1:])]))
    assert (len(several), len(one)) == (1, 1)
    assert read_table(warehouse, BUILDS).count() == 2


def recorded(monkeypatch: pytest.MonkeyPatch, owner: type, name: str) -> list[str]:
    """The first argument of every call of a method, from here on."""
    given: list[str] = []
    method = getattr(owner, name)
    monkeypatch.setattr(owner, name, lambda self, first, *a, **n: given.append(first) or method(self, first, *a, **n))
    return given


def test_what_is_left_for_the_end_goes_with_the_commit_in_one_request(
    warehouse: Session, monkeypatch: pytest.MonkeyPatch
):
    sent = recorded(monkeypatch, SnowflakeCursor, "execute")
    asked = recorded(monkeypatch, SnowflakeRestful, "request")
    inserted(warehouse, (BUILDS, [BUILT]))
    assert [text.split()[0] for text in sent] == ["BEGIN", "INSERT"]
    assert sent[1].endswith(";\nCOMMIT")
    assert len(asked) == 2, asked  # nobody asks what the statements gave
    monkeypatch.setattr(ledgers, "is_in_stored_procedure", lambda: True)  # which may not send several statements
    inserted(warehouse, (BUILDS, [("b2", *BUILT[1:])]))
    assert [text.split()[0] for text in sent[2:]] == ["BEGIN", "INSERT", "COMMIT"]
    assert read_table(warehouse, BUILDS).count() == 2


@pytest.mark.parametrize("is_in_procedure", [False, True])
def test_of_what_is_left_for_the_end_all_is_committed_or_nothing(
    warehouse: Session, monkeypatch: pytest.MonkeyPatch, *, is_in_procedure: bool
):
    monkeypatch.setattr(ledgers, "is_in_stored_procedure", lambda: is_in_procedure)
    with pytest.raises(ProgrammingError, match="no day"):
        inserted(warehouse, (BUILDS, [BUILT]), then=["SELECT TO_DATE('no day')"])
    assert read_table(warehouse, BUILDS).count() == 0
    inserted(warehouse, (BUILDS, [BUILT]))  # the connection has no transaction open
    assert read_table(warehouse, BUILDS).count() == 1


def test_columns_of_one_name_and_two_types_share_no_statement(warehouse: Session):
    other = replace(CONSUMPTIONS, columns=(*CONSUMPTIONS.columns[:3], Column("built_at", TEXT, "")))
    with pytest.raises(ContractError, match="different types"):
        ledgers.write_inserts(warehouse, (other, consumed(1)), (BUILDS, [BUILT]))
