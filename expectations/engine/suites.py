"""Running suites: one Great Expectations context, data source and login for all tables of a validation.

Importing this module imports Great Expectations: import it where it is used.
"""

from __future__ import annotations

import fcntl
import logging
import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from datetime import UTC, datetime
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
from great_expectations.data_context.types.resource_identifiers import (
    ExpectationSuiteIdentifier,
    ValidationResultIdentifier,
)
from great_expectations.expectations.metadata_types import FailureSeverity

from expectations.engine.connection import URL, ask_whether_it_answers
from expectations.engine.gx_rules import ExpectColumnsAsDeclared, ExpectRuleToHold
from expectations.rules.rule import Rule

# What goes wrong stands in the results; the library would log it a second time, with tracebacks.
logging.getLogger("great_expectations").setLevel(logging.CRITICAL)

SITE = "validation"
_RESULTS = "results"


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
        self._context = gx.get_context(project_config=_configure(docs_root), mode="ephemeral")
        # With each data source and asset the library writes its whole configuration as YAML, into memory, for nobody.
        self._context._save_project_config = lambda: None  # type: ignore[method-assign]
        self._unrendered: list[ValidationResultIdentifier] = []
        self._of_thread = threading.local()
        self._making = threading.Lock()

    @property
    def _source(self) -> Any:
        """This thread's data source, whose engine knows one batch at a time; a login must be in force."""
        source = getattr(self._of_thread, "source", None)
        if source is None:
            name = f"snowcast_{threading.get_ident()}"
            with self._making:
                source = self._context.data_sources.add_or_update_snowflake(
                    name=name, connection_string=URL, create_temp_table=False
                )
            self._of_thread.source = source
        return source

    def check(self, name: str, query: str, expectations: Sequence[Any], run_id: str) -> list[Outcome]:
        """Check a suite over the rows of a query.

        A condition that the warehouse refuses makes the common statement fail: then each rule is checked alone, so
        that the others still have a result. Where the warehouse is gone, no rule is at fault: its client's error is
        raised, which Great Expectations has taken for one of the rules.
        """
        source = self._source
        asset = source.add_query_asset(name=name, query=query)
        try:
            result = self._validate(asset, expectations)
            has_raised = any(_find_raised(one.exception_info) for one in result.results)
            if has_raised:
                ask_whether_it_answers()
            if has_raised and len(expectations) > 1:
                result.results = [self._validate(asset, [copy(one)]).results[0] for one in expectations]
        finally:
            source.delete_asset(name)
        self._keep(name, result, run_id)
        return [_find_outcome(one) for one in result.results]

    def build_docs(self) -> None:
        """Render Data Docs: the pages of what was checked since the last time (all, if nothing was), and the index."""
        if self._docs_root is None:
            return
        with alone_in(self._docs_root):
            store = self._context.validation_results_store
            # another run may have put a newer result of the table in the place of ours, with a page of its own
            kept = [key for key in self._unrendered if store.has_key(key)]
            if kept or not self._unrendered:
                self._context.build_data_docs([SITE], resource_identifiers=kept)
            self._unrendered = []

    def _validate(self, asset: Any, expectations: Sequence[Any]) -> Any:
        batch = asset.get_batch(asset.build_batch_request())
        return batch.validate(gx.ExpectationSuite(name=asset.name, expectations=list(expectations)))

    def _keep(self, name: str, result: Any, run_id: str) -> None:
        """Put a table's newest result in the place of the one before."""
        if self._docs_root is None:
            return
        run = RunIdentifier(run_name=run_id, run_time=datetime.now(UTC))
        result.meta["run_id"] = run
        result.meta["validation_time"] = run.run_time
        suite = ExpectationSuiteIdentifier(name=name)
        key = ValidationResultIdentifier(suite, run, batch_identifier=result.batch_id)
        with alone_in(self._docs_root):
            shutil.rmtree(self._docs_root / _RESULTS / name, ignore_errors=True)
            self._context.validation_results_store.store_validation_results(result, key, suite)
            self._unrendered.append(key)


@contextmanager
def alone_in(docs_root: Path) -> Iterator[None]:
    """Keep other threads and processes from writing Data Docs meanwhile; the lock goes with the process."""
    docs_root.mkdir(parents=True, exist_ok=True)
    with (docs_root / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@cache
def suites_for(docs_root: Path | None) -> Suites:
    """One context and engine for a process: what setting them up asks the warehouse is asked once."""
    return Suites(docs_root)


def expectation(rule: Rule, key: Sequence[str]) -> ExpectRuleToHold:
    """Return a rule as a Great Expectations expectation."""
    return ExpectRuleToHold(
        rule=rule.name,
        fails=rule.fails,
        reason=rule.reason,
        shows=list(dict.fromkeys((*key, *rule.shows))),
        severity=FailureSeverity(rule.severity.value),
    )


def schema_expectation(rule: Rule, declared: dict[str, str], found: dict[str, str]) -> ExpectColumnsAsDeclared:
    """Return the schema rule of a table as a Great Expectations expectation."""
    return ExpectColumnsAsDeclared(
        rule=rule.name,
        reason=rule.reason,
        declared=declared,
        found=found,
        severity=FailureSeverity(rule.severity.value),
    )


def _find_outcome(result: Any) -> Outcome:
    rule = result.expectation_config.kwargs["rule"]
    raised = _find_raised(result.exception_info)
    if raised is not None:
        return Outcome(rule, success=False, observed="", error=raised)
    return Outcome(rule, success=bool(result.success), observed=str(result.result.get("observed_value", "")))


def _find_raised(info: dict[str, Any] | None) -> str | None:
    """Find the exception's message in a result; GX files it flat, or under the id of the metric that raised."""
    for entry in (info or {}, *(value for value in (info or {}).values() if isinstance(value, dict))):
        if entry.get("raised_exception"):
            return str(entry.get("exception_message") or "the rule raised an error without a message")
    return None


def _configure(docs_root: Path | None) -> DataContextConfig:
    memory = InMemoryStoreBackendDefaults(init_temp_docs_sites=False)
    if docs_root is not None:
        memory.stores[memory.validation_results_store_name]["store_backend"] = _folder(docs_root / _RESULTS)
    site = {
        "class_name": "SiteBuilder",
        "site_name": "Snowcast validation: the newest result of each table",
        "show_how_to_buttons": False,
        "store_backend": _folder(docs_root) if docs_root else None,
        "site_index_builder": _find_page_class("IndexBuilder"),
        "site_section_builders": {
            "validations": {"class_name": "DefaultSiteSectionBuilder", "view": _find_page_class("ResultPage")},
            "expectations": "none",
            "profiling": "none",
        },
    }
    return DataContextConfig(
        store_backend_defaults=memory,
        data_docs_sites={SITE: site} if docs_root else {},
        analytics_enabled=False,
        progress_bars=ProgressBarsConfig(globally=False),
    )


def _find_page_class(name: str) -> dict[str, str]:
    return {"module_name": "expectations.engine.docs_pages", "class_name": name}


def _folder(path: Path) -> dict[str, str]:
    return {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(path.resolve())}
