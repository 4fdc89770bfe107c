"""Each rule holds on good rows and fails on the bad row that is planted for it.

All rules of a table are judged by two statements: one counts what each finds in the good batch, as a validation does,
the other what each finds in the good batch and its own bad one. The rule is then told to be at fault by its own row and
by no other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest

from expectations.checks.tables import rules_of
from expectations.engine.queries import add_helpers, fill_names, select_rows
from expectations.rules.rule import Rule
from tests.expectations.conftest import tables
from tests.expectations.planting import GOOD_BATCH, bad_rows
from transforms.contract import Table

EVERY_RULE = [
    pytest.param(table, rule, number, id=f"{table.name}: {rule.name}")
    for table in tables()
    for number, rule in enumerate(rules_of(table))
]


@pytest.fixture(scope="module")
def good(planted_connection: Any) -> Iterator[Callable[[Table], dict[str, Any]]]:
    """What Great Expectations says of a table's good row: outcomes by rule."""
    from expectations.engine.connection import login
    from expectations.engine.suites import Suites, expectation

    database = planted_connection.database
    with login(planted_connection):
        suites = Suites(docs_root=None)

        def checked(table: Table) -> dict[str, Any]:
            rules = rules_of(table)
            rows, _ = select_rows(table, [GOOD_BATCH])
            query = add_helpers(fill_names(rows, database), rules, database)
            outcomes = suites.check(table.name, query, [expectation(rule, table.key) for rule in rules], "run")
            return {outcome.rule: outcome for outcome in outcomes}

        yield cache(checked)


@pytest.fixture(scope="module")
def bad(planted_connection: Any) -> Callable[[Table], dict[int, tuple[int, str]]]:
    """How many rows break each rule of a table where its own bad rows join the good one, and what the first shows."""

    def found(table: Table) -> dict[int, tuple[int, str]]:
        counts = [count_of(table, rule, n, planted_connection.database) for n, rule in enumerate(rules_of(table))]
        rows = planted_connection.cursor().execute(" union all ".join(counts)).fetchall()
        return {number: (failing, first) for number, failing, first in rows}

    return cache(found)


def count_of(table: Table, rule: Rule, number: int, database: str) -> str:
    """The statement that counts the rows which break a rule, and shows one as the results of a validation do."""
    batch = bad_rows(table, rule, number)[0][table.batch_column]
    # A row without a load or build is in no batch: it is found where whole tables are validated.
    rows, _ = select_rows(table, [GOOD_BATCH, batch] if batch else None)
    query = add_helpers(fill_names(rows, database), [rule], database)
    shown = " || ' ' || ".join(f"coalesce({name}::varchar, 'NULL')" for name in (*table.key, *rule.shows))
    return f"select {number}, count_if({rule.fails}), min(case when {rule.fails} then {shown} end) from ({query})"


@pytest.mark.parametrize(("table", "rule", "number"), EVERY_RULE)
def test_rule_holds_on_good_rows_and_fails_on_its_bad_row(
    good: Callable[[Table], dict[str, Any]],
    bad: Callable[[Table], dict[int, tuple[int, str]]],
    table: Table,
    rule: Rule,
    number: int,
) -> None:
    held = good(table)[rule.name]
    assert (held.success, held.error, held.observed) == (True, None, "1 rows")
    failing, first = bad(table)[number]
    assert failing, f"the planted row does not break {rule.name!r}"
    assert first is not None


@pytest.mark.parametrize("table", tables(), ids=lambda table: table.name)
def test_rules_of_a_table_have_names_of_their_own_and_say_why(table: Table) -> None:
    rules = rules_of(table)
    assert len({rule.name for rule in rules}) == len(rules)
    assert all(rule.reason for rule in rules)
