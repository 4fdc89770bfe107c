"""Running suites: one Great Expectations context, data source and login for all tables of a validation.

Importing this module imports Great Expectations: import it where it is used.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import great_expectations as gx
from great_expectations.core.run_identifier import RunIdentifier
from great_expectations.data_context.types.base import (
    DataContextConfig,
    InMemoryStoreBackendDefaults,
    ProgressBarsConfig,
)
from great_expectations.expectations.metadata_types import FailureSeverity

from expectations.gx_rules import ExpectColumnsAsDeclared, ExpectRuleToHold
from expectations.rules import Rule
from expectations.warehouse import URL

# What goes wrong is told by the results; the library would log it a second time, with tracebacks.
logging.getLogger("great_expectations").setLevel(logging.CRITICAL)

SITE = "validation"
_RESULTS = "results"
_PAGES = "validations"


@dataclass(frozen=True)
class Outcome:
    """What Great Expectations found for one rule: `error` is set where the rule could not be checked."""

    rule: str
    success: bool
    observed: str
    error: str | None = None


class Suites:
    """Checks suites over the login in force, and keeps their results for Data Docs where a folder is given.

    Data Docs show the newest result of each table; OPS.VALIDATION_RESULTS has all of them.
    """

    def __init__(self, docs_root: Path | None) -> None:
        self._docs_root = docs_root
        self._context = gx.get_context(project_config=_configuration(docs_root), mode="ephemeral")
        self._source = self._context.data_sources.add_snowflake(
            name="snowcast", connection_string=URL, create_temp_table=False
        )

    def check(self, name: str, query: str, expectations: Sequence[Any], run_id: str) -> list[Outcome]:
        """Check a suite over the rows of a query.

        A condition that the warehouse refuses makes the common statement fail: then each rule is checked alone, so
        that the others still have a result.
        """
        outcomes = self._run(name, query, expectations, run_id)
        if len(expectations) > 1 and any(outcome.error for outcome in outcomes):
            return [outcome for one in expectations for outcome in self._run(name, query, [copy(one)], run_id)]
        return outcomes

    def build_docs(self) -> None:
        """Render Data Docs of the results in the docs folder."""
        if self._docs_root is not None:
            self._context.build_data_docs([SITE])

    def _run(self, name: str, query: str, expectations: Sequence[Any], run_id: str) -> list[Outcome]:
        self._forget(name)
        asset = self._source.add_query_asset(name=name, query=query)
        suite = self._context.suites.add(gx.ExpectationSuite(name=name, expectations=list(expectations)))
        definition = self._context.validation_definitions.add(
            gx.ValidationDefinition(name=name, data=asset.add_batch_definition_whole_table(name), suite=suite)
        )
        result = definition.run(run_id=RunIdentifier(run_name=run_id))
        return [_outcome(one) for one in result.results]

    def _forget(self, name: str) -> None:
        """Make room for a table's newest result."""
        if any(suite.name == name for suite in self._context.suites.all()):
            self._context.validation_definitions.delete(name)
            self._context.suites.delete(name)
            self._source.delete_asset(name)
        if self._docs_root is not None:
            shutil.rmtree(self._docs_root / _RESULTS / name, ignore_errors=True)
            shutil.rmtree(self._docs_root / _PAGES / name, ignore_errors=True)


@cache
def suites_for(docs_root: Path | None) -> Suites:
    """One context and engine for a process: what setting them up asks the warehouse is asked once."""
    return Suites(docs_root)


def expectation(rule: Rule, key: Sequence[str]) -> ExpectRuleToHold:
    """A rule as a Great Expectations expectation."""
    return ExpectRuleToHold(
        rule=rule.name,
        fails=rule.fails,
        reason=rule.reason,
        shows=list(dict.fromkeys((*key, *rule.shows))),
        severity=FailureSeverity(rule.severity.value),
    )


def schema_expectation(rule: Rule, declared: dict[str, str], found: dict[str, str]) -> ExpectColumnsAsDeclared:
    """The schema rule of a table as a Great Expectations expectation."""
    return ExpectColumnsAsDeclared(
        rule=rule.name,
        reason=rule.reason,
        declared=declared,
        found=found,
        severity=FailureSeverity(rule.severity.value),
    )


def _outcome(result: Any) -> Outcome:
    rule = result.expectation_config.kwargs["rule"]
    raised = _raised(result.exception_info)
    if raised is not None:
        return Outcome(rule, success=False, observed="", error=raised)
    return Outcome(rule, success=bool(result.success), observed=str(result.result.get("observed_value", "")))


def _raised(info: dict[str, Any] | None) -> str | None:
    """The message of the exception in a result; GX files it either flat or under the id of the metric that raised."""
    for entry in (info or {}, *(value for value in (info or {}).values() if isinstance(value, dict))):
        if entry.get("raised_exception"):
            return str(entry.get("exception_message") or "the rule raised an error without a message")
    return None


def _configuration(docs_root: Path | None) -> DataContextConfig:
    memory = InMemoryStoreBackendDefaults(init_temp_docs_sites=False)
    if docs_root is not None:
        memory.stores[memory.validation_results_store_name]["store_backend"] = _folder(docs_root / _RESULTS)
    site = {
        "class_name": "SiteBuilder",
        "site_name": "Snowcast validation: the newest result of each table",
        "show_how_to_buttons": False,
        "store_backend": _folder(docs_root) if docs_root else None,
        "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
        "site_section_builders": {"expectations": "none", "profiling": "none"},
    }
    return DataContextConfig(
        store_backend_defaults=memory,
        data_docs_sites={SITE: site} if docs_root else {},
        analytics_enabled=False,
        progress_bars=ProgressBarsConfig(globally=False),
    )


def _folder(path: Path) -> dict[str, str]:
    return {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(path.resolve())}
