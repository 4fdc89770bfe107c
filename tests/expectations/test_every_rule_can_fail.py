"""Each rule holds on good rows and fails on the bad row that is planted for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from expectations.queries import named, table_rows, with_helpers
from expectations.rules import Rule
from expectations.validate import rules_of
from tests.expectations.conftest import tables
from tests.expectations.planting import GOOD_BATCH, bad_rows
from transforms.contract import Table

EVERY_RULE = [
    pytest.param(table, rule, number, id=f"{table.name}: {rule.name}")
    for table in tables()
    for number, rule in enumerate(rules_of(table))
]


@pytest.fixture(scope="module")
def suites(planted_connection: Any) -> Iterator[Any]:
    """One Great Expectations context for all rules."""
    from expectations.suites import Suites
    from expectations.warehouse import login

    with login(planted_connection):
        yield Suites(docs_root=None)


@pytest.mark.parametrize(("table", "rule", "number"), EVERY_RULE)
def test_rule_holds_on_good_rows_and_fails_on_its_bad_row(
    suites: Any, planted_connection: Any, table: Table, rule: Rule, number: int
) -> None:
    from expectations.suites import expectation

    def check(*batches: str) -> Any:
        rows, _ = table_rows(table, batches)
        database = planted_connection.database
        query = with_helpers(named(rows, database), [rule], database)
        (outcome,) = suites.check(table.name, query, [expectation(rule, table.key)], "run")
        return outcome

    good = check(GOOD_BATCH)
    assert (good.success, good.error, good.observed) == (True, None, "1 rows")
    batch = bad_rows(table, rule, number)[0][table.batch_column]
    # A row without a load or build is in no batch: it is found where whole tables are validated.
    bad = check(GOOD_BATCH, batch) if batch else check_whole(suites, planted_connection, table, rule)
    assert bad.error is None
    assert not bad.success, f"the planted row does not break {rule.name!r}: {bad.observed}"
    assert ": first " in bad.observed


def check_whole(suites: Any, connection: Any, table: Table, rule: Rule) -> Any:
    from expectations.suites import expectation

    rows, scope = table_rows(table, None)
    assert scope == "full"
    query = with_helpers(named(rows, connection.database), [rule], connection.database)
    (outcome,) = suites.check(table.name, query, [expectation(rule, table.key)], "run")
    return outcome


@pytest.mark.parametrize("table", tables(), ids=lambda table: table.name)
def test_rules_of_a_table_have_names_of_their_own_and_say_why(table: Table) -> None:
    rules = rules_of(table)
    assert len({rule.name for rule in rules}) == len(rules)
    assert all(rule.reason and set(rule.reads) <= {c.name for c in table.stored_columns} for rule in rules)
