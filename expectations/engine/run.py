"""Checking subjects, rows with rules: tables, the account of their loads and the ledgers of a source go this way."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from expectations.engine.connection import Logins, login
from expectations.engine.printable import printable
from expectations.engine.queries import add_helpers, fill_names
from expectations.engine.results import RuleResult, make_result
from expectations.rules.from_contract import schema_rule
from expectations.rules.rule import Rule
from expectations.rules.schemas import Columns, list_declared_columns, read_stored_columns
from transforms.contract import Table

if TYPE_CHECKING:
    from expectations.engine.suites import Outcome, Suites


# How the checks are done: `map`, or something that does several at the same time and keeps their order.
Each = Callable[[Callable[["Subject"], list[RuleResult]], Sequence["Subject"]], Iterable[list[RuleResult]]]


@dataclass(frozen=True)
class Subject:
    """Rows and what must be true of them.

    Args:
        table: The table that is read; results name it, and it must be stored as declared.
        rows: SELECT of the rows; tables are written `{table_name}`.
        scope: batch, full or source.
        rules: What must be true.
        shown_key: Columns that name a bad row.
        name: Name of the suite; the table's where empty.
        result_tables: Rule -> table that its result is about, where that is not `table`.
        with_schema: Whether columns and types of the table are a rule of this subject.
    """

    table: Table
    rows: str
    scope: str
    rules: tuple[Rule, ...]
    shown_key: tuple[str, ...]
    name: str = ""
    result_tables: Mapping[str, Table] | None = None
    with_schema: bool = False


def check_subjects(
    logins: Logins,
    subjects: Sequence[Subject],
    *,
    run_id: str,
    docs_root: Path | None,
    stored: Mapping[str, Columns] | None = None,
    each: Each = map,
) -> list[RuleResult]:
    """One result per rule of each subject, in order. What cannot be checked is a failed result that says why.

    Args:
        logins: Parameters of `snowflake.connector.connect`, an open connection, or what lends one for a table.
        subjects: What to check; each costs one statement, and one more for each rule that fails.
        run_id: The run that asks.
        docs_root: Folder in which the results are kept for Data Docs; None keeps none.
        stored: Table -> columns that are stored, where they are known; None: they are read by one statement.
        each: How the checks are done; at the same time only where logins are lent.
    """
    if not subjects:
        return []
    from expectations.engine.suites import suites_for

    suites = suites_for(docs_root)
    with login(logins) if not callable(logins) else nullcontext() as opened:
        open_logins: Logins = opened or logins
        known = stored if stored is not None else _read_columns(open_logins, subjects)

        def check(subject: Subject) -> list[RuleResult]:
            with login(open_logins, subject.name or subject.table.name) as connection:
                columns = known.get(subject.table.name, {})
                return _Check(subject, columns, connection.database).run(suites, run_id)

        return [result for results in each(check, subjects) for result in results]


def _read_columns(logins: Logins, subjects: Sequence[Subject]) -> dict[str, Columns]:
    with login(logins) as connection:
        return read_stored_columns(connection, connection.database, [subject.table for subject in subjects])


class _Check:
    """One subject: which rules can be asked, what came back."""

    def __init__(self, subject: Subject, stored: Columns, database: str) -> None:
        self._subject, self._stored, self._database = subject, stored, database
        self._schema_rule = schema_rule(subject.table)
        self._absent = [name for name in list_declared_columns(subject.table) if name not in stored]
        self._askable = [rule for rule in subject.rules if not rule.columns_among(self._absent)]

    def run(self, suites: Suites, run_id: str) -> list[RuleResult]:
        subject, table = self._subject, self._subject.table
        if not self._stored:
            absent = f"{table.layer}.{table.name}".upper()
            return [
                self._make_result(self._schema_rule, False, f"{absent} does not exist: build it, then validate again")
            ]
        from expectations.engine.suites import expectation, schema_expectation

        schema_rules = [self._schema_rule] if subject.with_schema else []
        key = [name for name in subject.shown_key if name in self._stored]
        asked = [
            *(schema_expectation(rule, list_declared_columns(table), self._stored) for rule in schema_rules),
            *(expectation(rule, key) for rule in self._askable),
        ]
        query = add_helpers(fill_names(subject.rows, self._database), self._askable, self._database)
        outcomes = {outcome.rule: outcome for outcome in suites.check(subject.name or table.name, query, asked, run_id)}
        return [
            *(self._make_from(rule, outcomes.get(rule.name)) for rule in (*schema_rules, *self._askable)),
            *(self._make_result(r, False, self._find_missing(r)) for r in subject.rules if r not in self._askable),
        ]

    def _find_missing(self, rule: Rule) -> str:
        return f"not checked: {self._subject.table.name} lacks {', '.join(sorted(rule.columns_among(self._absent)))}"

    def _make_from(self, rule: Rule, outcome: Outcome | None) -> RuleResult:
        if outcome is None:
            return self._make_result(rule, False, "not checked: Great Expectations gave no result")
        if outcome.error is not None:
            return self._make_result(rule, False, f"not checked: {first_line(outcome.error)}")
        return self._make_result(rule, outcome.success, outcome.observed)

    def _make_result(self, rule: Rule, success: bool, observed: str) -> RuleResult:
        table = (self._subject.result_tables or {}).get(rule.name, self._subject.table)
        return make_result(rule, table, self._subject.scope, success, observed)


def first_line(message: str) -> str:
    """Return what an error says, without the statement and the traceback behind it."""
    text = re.split(r"\n\[SQL:|\n\(Background|Traceback", message, maxsplit=1)[0]
    text = re.sub(r"^\(snowflake\.connector\.errors\.\w+\)\s*", "", text.strip())
    return printable(" ".join(text.split()))[:300] or "the warehouse gave no reason"
