"""Checking tables as a step of a flow, several at the same time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import TYPE_CHECKING, Any

from prefect import task

from expectations.engine.results import RuleResult
from flows.reporting import Mark, reporter
from flows.settings import load_settings
from flows.steps.parallel import map_at_once
from flows.steps.task import STEP
from flows.warehouse import list_stored_columns, open_session, workers
from transforms.contract import Layer

if TYPE_CHECKING:
    from expectations.engine.run import Subject


@task(name="validate", task_run_name="validate {stage}", **STEP)
def validate_stage(
    stage: str, names: Sequence[str], run_id: str, batches: Mapping[str, Sequence[str] | None] | None
) -> list[RuleResult]:
    """Check the rules of tables, several at the same time.

    Of a table in `batches` the rows of these are read; of one with None, or without any `batches`, all rows.
    """
    from expectations.checks.tables import validate_tables

    settings = load_settings()
    reporter().show_progress(f"validate {stage}", ", ".join(names))
    step = f"validate {stage}"

    @contextmanager
    def lend(name: str) -> Iterator[Any]:
        with open_session(settings, step=step, run=run_id, table=name) as session:
            yield session.connection

    with open_session(settings, step=step, run=run_id):
        results = validate_tables(
            lend,
            names,
            run_id=run_id,
            batches=batches,
            docs_root=settings.docs_root,
            stored=list_stored_columns(),
            each=map_at_once(workers(settings)),
        )
    for layer, found in groupby(sorted(results, key=_rank_layer), key=lambda result: result.layer):
        report_checks(f"validate {layer}", list(found))
    return results


def check_ledgers(step: str, subjects: Sequence[Subject], run_id: str) -> list[RuleResult]:
    """Check what a run wrote into ledgers, several at the same time."""
    from expectations.engine.run import check_subjects

    settings = load_settings()

    @contextmanager
    def lend(_name: str) -> Iterator[Any]:
        with open_session(settings, step=step, run=run_id) as session:
            yield session.connection

    docs, stored, each = settings.docs_root, list_stored_columns(), map_at_once(workers(settings))
    return check_subjects(lend, subjects, run_id=run_id, docs_root=docs, stored=stored, each=each)


def _rank_layer(result: RuleResult) -> int:
    return list(Layer).index(Layer(result.layer))


def report_checks(step: str, results: Sequence[RuleResult]) -> None:
    """Print what the rules of a step found."""
    from expectations.engine.report import format_summary

    broken = [result for result in results if not result.success]
    mark: Mark = "failed" if any(r.severity == "critical" for r in broken) else "warning" if broken else "ok"
    reporter().show_result(step, format_summary(results), mark)
