"""Validate stored tables with Great Expectations: SQL pushed down, one statement a table, results as rows."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path

from expectations.checks.reconciliation import account_rules, accounts
from expectations.engine.connection import Logins
from expectations.engine.queries import select_rows
from expectations.engine.results import RuleResult, make_result
from expectations.engine.run import Each, Subject, check_subjects
from expectations.engine.tables import business_rules, find_table
from expectations.rules.from_contract import contract_rules, schema_rule
from expectations.rules.rule import Rule, critical
from expectations.rules.schemas import Columns
from transforms.contract import Layer, Table

__all__ = ["RuleResult", "build_docs", "rules_of", "validate_tables", "warm_up"]

_NO_ROWS = critical("rows written by the run hold every rule", "", "nothing to check")


@cache
def warm_up() -> None:
    """Import Great Expectations in the background, once: it takes seconds in which a flow can wait for the warehouse.

    Called when it is known that something will be checked; a process that checks nothing never imports it.
    """
    suites = ("expectations.engine.suites",)
    threading.Thread(target=import_module, args=suites, name="import great_expectations", daemon=True).start()


def rules_of(table: Table) -> tuple[Rule, ...]:
    """Return every rule on the rows of a table: generated from its contract, then hand-written."""
    return (*contract_rules(table), *business_rules(table))


def rule_names(table: Table) -> frozenset[str]:
    """Return the names of all rules that a table has today, on its columns and on its loads' account, too."""
    on_loads = account_rules(table) if table.layer is Layer.STAGING else ()
    return frozenset(rule.name for rule in (*rules_of(table), schema_rule(table), *on_loads))


def validate_tables(
    logins: Logins,
    names: Sequence[str],
    *,
    run_id: str,
    batches: Mapping[str, Sequence[str] | None] | None,
    docs_root: Path | None,
    stored: Mapping[str, Columns] | None = None,
    each: Each = map,
) -> list[RuleResult]:
    """Check every rule of these tables. Never raises for what the data, a rule or a table is like: that is a result.

    Args:
        logins: Connection parameters, an open Snowflake connection (which saves the login), or what lends one.
        names: Tables.
        run_id: The run that asks; part of the results' key.
        batches: Table -> builds (raw: loads) whose rows are read; None for the whole table. A table that is not in it
            was not written by the run. None instead of all validates whole tables.
        docs_root: Folder in which the results are kept for Data Docs (`build_docs`); None keeps none.
        stored: Table -> columns that are stored, where they are known; None: they are read.
        each: How the tables are checked: one after the other, or at the same time where logins are lent.

    Returns:
        One result per rule, tables in the order of `names`.

    Raises:
        ContractError: A name is no table.
        snowflake.connector.Error: The warehouse cannot be reached.
    """
    tables = [find_table(name) for name in names]
    written = [t for t in tables if batches is None or (ids := batches.get(t.name, ())) is None or ids]
    subjects = [_make_subject(table, None if batches is None else batches[table.name]) for table in written]
    staged = [table for table in written if table.layer is Layer.STAGING]
    if staged:
        subjects.append(accounts(staged, batches))
    results = check_subjects(logins, subjects, run_id=run_id, docs_root=docs_root, stored=stored, each=each)
    results += [make_result(_NO_ROWS, t, "batch", True, "the run wrote no rows") for t in tables if t not in written]
    position = {name: place for place, name in enumerate(names)}
    return sorted(results, key=lambda result: position.get(result.table_name, len(names)))


def build_docs(docs_root: Path) -> Path:
    """Render Data Docs: a page with the newest result of each table that was validated since, and the index of all.

    Rendering costs more than checking, and each time the whole index: call it once, when a run is over.

    Returns:
        The index page.
    """
    from expectations.engine.suites import suites_for

    suites_for(docs_root).build_docs()
    return docs_root / "index.html"


def _make_subject(table: Table, batch_ids: Sequence[str] | None) -> Subject:
    rows, scope = select_rows(table, batch_ids)
    return Subject(table, rows, scope, rules_of(table), table.key, with_schema=True)
