"""Sending what is new to a destination, telling people of spikes, and checking both, as steps of a flow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from prefect import task

from expectations.engine.results import RuleResult
from flows.settings import load_settings
from flows.steps.task import STEP
from flows.steps.validate import check_ledgers, report_checks
from flows.warehouse import open_session

if TYPE_CHECKING:
    from expectations.engine.run import Subject
    from flows.publish_to.amplitude.publish import Published
    from flows.publish_to.slack.alerts import Told

# What alerts stand on: the spikes, and what says why a stream rose.
TABLES = ("+mart_viewer_spikes", "+channel_history", "+mart_concurrent_viewers")


@task(name="publish", task_run_name="publish to amplitude", **STEP)
def publish_events(
    run_id: str, activities: Sequence[str] = (), *, dry_run: bool = False, again: Sequence[str] = ()
) -> Published:
    """Send the activities that Amplitude has not got yet; repeating the step sends none twice."""
    from flows.publish_to.amplitude.publish import publish

    settings = load_settings()
    with open_session(settings, step="publish to amplitude", run=run_id) as session:
        return publish(session, settings, run_id=run_id, activities=activities, dry_run=dry_run, again=again)


@task(name="check publications", task_run_name="check publications", **STEP)
def check_publications(destination: str, run_id: str) -> list[RuleResult]:
    """Check what the run wrote into the ledger of publications, and what has been without an outcome for too long."""
    from expectations.checks.publications import make_publication_subjects
    from flows.publish_to.outbox import compute_forgotten_before

    subjects = make_publication_subjects(destination, run_id, compute_forgotten_before())
    return _check_sent("check publications", run_id, subjects)


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
    from expectations.checks.alerts import make_alert_subject

    return _check_sent("check alerts", run_id, [make_alert_subject(run_id)])


def _check_sent(step: str, run_id: str, subjects: Sequence[Subject]) -> list[RuleResult]:
    with open_session(load_settings(), step=step, run=run_id):
        results = check_ledgers(step, subjects, run_id)
    report_checks(step, results)
    return results
