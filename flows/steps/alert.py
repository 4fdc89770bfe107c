"""Telling people of spikes, as a step of a flow."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from prefect import task

from expectations.engine.results import RuleResult
from flows.settings import load_settings
from flows.steps.task import STEP
from flows.steps.validate import keep_results, report_checks
from flows.warehouse import open_session, stored_columns

if TYPE_CHECKING:
    from flows.publish_to.slack.alerts import Told

# What alerts stand on: the spikes, and what says why a stream rose.
TABLES = ("+mart_viewer_spikes", "+channel_history", "+mart_concurrent_viewers")


@task(name="alert", task_run_name="alert of spikes", **STEP)
def tell_spikes(run_id: str, *, dry_run: bool = False, again: Sequence[str] = ()) -> Told:
    """Tell what is new of spikes; repeating the step tells nothing twice."""
    from flows.publish_to.slack.alerts import tell

    settings = load_settings()
    with open_session(settings, step="alert", run=run_id) as session:
        return tell(session, settings, run_id=run_id, dry_run=dry_run, again=again)


@task(name="check alerts", task_run_name="check alerts", **STEP)
def check_alerts(run_id: str) -> list[RuleResult]:
    """Check the alerts that the run wrote rows of."""
    from expectations.checks.alerts import validate_alerts

    settings = load_settings()
    began = datetime.now(UTC)
    with open_session(settings, step="check alerts", run=run_id) as session:
        results = validate_alerts(
            session.connection, run_id=run_id, docs_root=settings.docs_root, stored=stored_columns()
        )
        keep_results(session, settings, results, run_id, began)
    report_checks("check alerts", results)
    return results
