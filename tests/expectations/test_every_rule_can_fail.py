"""Each rule holds on good rows and fails on the bad row that is planted for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
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


Check = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def check(planted_connection: Any) -> Iterator[Check]:
    """Check rules of a table on some batches, or without any on the whole table; outcomes by rule."""
    from expectations.suites import Suites, expectation
    from expectations.warehouse import login

    database = planted_connection.database
    with login(planted_connection):
        suites = Suites(docs_root=None)

        def run(table: Table, rules: Sequence[Rule], *batches: str) -> dict[str, Any]:
            rows, _ = table_rows(table, batches or None)
            query = with_helpers(named(rows, database), rules, database)
            outcomes = suites.check(table.name, query, [expectation(rule, table.key) for rule in rules], "run")
            return {outcome.rule: outcome for outcome in outcomes}

        yield run


@pytest.fixture(scope="module")
def good(check: Check) -> Callable[[Table], dict[str, Any]]:
    """What all rules of a table say of its good row."""
    return cache(lambda table: check(table, rules_of(table), GOOD_BATCH))


@pytest.mark.parametrize(("table", "rule", "number"), EVERY_RULE)
def test_rule_holds_on_good_rows_and_fails_on_its_bad_row(
    check: Check, good: Callable[[Table], dict[str, Any]], table: Table, rule: Rule, number: int
) -> None:
    held = good(table)[rule.name]
    assert (held.success, held.error, held.observed) == (True, None, "1 rows")
    batch = bad_rows(table, rule, number)[0][table.batch_column]
    # A row without a load or build is in no batch: it is found where whole tables are validated.
    bad = check(table, [rule], *([GOOD_BATCH, batch] if batch else []))[rule.name]
    assert bad.error is None
    assert not bad.success, f"the planted row does not break {rule.name!r}: {bad.observed}"
    assert ": first " in bad.observed


@pytest.mark.parametrize("table", tables(), ids=lambda table: table.name)
def test_rules_of_a_table_have_names_of_their_own_and_say_why(table: Table) -> None:
    rules = rules_of(table)
    assert len({rule.name for rule in rules}) == len(rules)
    assert all(rule.reason and set(rule.reads) <= {c.name for c in table.stored_columns} for rule in rules)
