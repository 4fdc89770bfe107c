"""Validate stored tables with Great Expectations: SQL pushed down, one statement a table, results as rows."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from expectations.contracts import business_rules, table_named
from expectations.from_contract import contract_rules, schema_rule
from expectations.queries import Batch, table_batch, with_helpers
from expectations.results import RuleResult, blocked_tables
from expectations.rules import CRITICAL, Rule
from expectations.schemas import Columns, declared_columns, stored_columns
from expectations.warehouse import login
from transforms.contract import Table

if TYPE_CHECKING:
    from expectations.suites import Outcome, Suites

__all__ = ["RuleResult", "blocked_tables", "rules_of", "validate_tables", "warm_up"]

# Great Expectations keeps its current context in a process-wide place.
_one_at_a_time = threading.Lock()


def warm_up() -> None:
    """Import Great Expectations in the background: it takes seconds, which a flow can spend extracting and loading."""
    threading.Thread(target=_import, name="import great_expectations", daemon=True).start()


def rules_of(table: Table) -> tuple[Rule, ...]:
    """Every rule on the rows of a table: generated from its contract, then hand-written."""
    return (*contract_rules(table), *business_rules(table))


def validate_tables(
    connection: Mapping[str, Any] | Any,
    names: Sequence[str],
    *,
    run_id: str,
    batches: Mapping[str, Sequence[str]] | None,
    docs_root: Path | None,
) -> list[RuleResult]:
    """Check every rule of these tables. Never raises for what the data, a rule or a table is like: that is a result.

    Args:
        connection: Connection parameters, or an open Snowflake connection (which saves the login).
        names: Tables.
        run_id: The run that asks; part of the results' key.
        batches: Table -> builds (raw: loads) that this run wrote; only their rows are read. A table that is not in it
            was not written by the run. None validates whole tables.
        docs_root: Folder of Data Docs; None builds none.

    Returns:
        One result per rule, tables in the order of `names`.

    Raises:
        ContractError: A name is no table.
        snowflake.connector.Error: The warehouse cannot be reached.
    """
    tables = [table_named(name) for name in names]
    written = [t for t in tables if batches is None or batches.get(t.name)]
    if not written:
        return [_nothing_written(table) for table in tables]
    from expectations.suites import Suites

    with _one_at_a_time, login(connection) as (url, opened):
        suites = Suites(url, docs_root)
        stored = stored_columns(opened, opened.database, written)
        results: list[RuleResult] = []
        for table in tables:
            if table in written:
                batch = table_batch(table, opened.database, None if batches is None else batches[table.name])
                check = _TableCheck(table, batch, stored.get(table.name, {}), opened.database)
                results += check.run(suites, run_id)
            else:
                results.append(_nothing_written(table))
        suites.build_docs()
    return results


class _TableCheck:
    """The check of one table: which rules can be asked, what came back."""

    def __init__(self, table: Table, batch: Batch, stored: Columns, database: str) -> None:
        self._table, self._batch, self._stored, self._database = table, batch, stored, database
        self._schema_rule = schema_rule(table)
        rules = rules_of(table)
        self._askable = [rule for rule in rules if set(rule.reads) <= set(stored)]
        self._unaskable = [rule for rule in rules if rule not in self._askable]

    def run(self, suites: Suites, run_id: str) -> list[RuleResult]:
        if not self._stored:
            schema = f"{self._table.layer}.{self._table.name}".upper()
            return [self._result(self._schema_rule, False, f"{schema} does not exist: build it, then validate again")]
        from expectations.suites import expectation, schema_expectation

        declared = declared_columns(self._table)
        asked = [
            schema_expectation(self._schema_rule, declared, self._stored),
            *(expectation(rule, self._shown_key()) for rule in self._askable),
        ]
        query = with_helpers(self._batch, self._askable, self._database)
        outcomes = {outcome.rule: outcome for outcome in suites.check(self._table.name, query, asked, run_id)}
        return [
            *(self._from(rule, outcomes.get(rule.name)) for rule in (self._schema_rule, *self._askable)),
            *(self._result(rule, False, self._lacking(rule)) for rule in self._unaskable),
        ]

    def _shown_key(self) -> list[str]:
        return [name for name in self._table.key if name in self._stored]

    def _lacking(self, rule: Rule) -> str:
        return f"not checked: {self._table.name} lacks {', '.join(sorted(set(rule.reads) - set(self._stored)))}"

    def _from(self, rule: Rule, outcome: Outcome | None) -> RuleResult:
        if outcome is None:
            return self._result(rule, False, "not checked: Great Expectations gave no result")
        if outcome.error is not None:
            return self._result(rule, False, f"not checked: {first_line(outcome.error)}")
        return self._result(rule, outcome.success, outcome.observed)

    def _result(self, rule: Rule, success: bool, observed: str) -> RuleResult:
        return RuleResult(
            layer=self._table.layer.value,
            table_name=self._table.name,
            rule=rule.name,
            severity=rule.severity.value,
            success=success,
            observed=observed,
            scope=self._batch.scope,
            reason=rule.reason,
        )


def first_line(message: str) -> str:
    """What an error says, without the statement and the traceback behind it."""
    text = re.split(r"\n\[SQL:|\n\(Background|Traceback|;expandable", message, maxsplit=1)[0]
    text = re.sub(r"^\(snowflake\.connector\.errors\.\w+\)\s*", "", text.strip())
    return " ".join(text.split())[:300]


def _nothing_written(table: Table) -> RuleResult:
    return RuleResult(
        layer=table.layer.value,
        table_name=table.name,
        rule="rows written by the run hold every rule",
        severity=CRITICAL.value,
        success=True,
        observed="the run wrote no rows",
        scope="batch",
        reason="nothing to check",
    )


def _import() -> None:
    import expectations.suites  # noqa: F401
