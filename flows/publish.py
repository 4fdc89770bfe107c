"""Publish: the activities of the streams out to where people look at them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from prefect import flow

from flows.reporting import reporter
from flows.steps.artifacts import publish_artifacts
from flows.steps.publish import check_publications, publish_events
from flows.steps.run import Run, record_run


@flow(name="publish-amplitude")
def publish_amplitude(
    activities: list[str] | None = None,
    dry_run: bool = False,
    again: list[str] | None = None,
    only_with_key: bool = False,
) -> Run:
    """Send the activities that Amplitude has not got yet, each once.

    Args:
        activities: Activities to publish; none: those of the settings.
        dry_run: Count and show what would be sent; send nothing.
        again: rejected, unconfirmed or both: what else is sent.
        only_with_key: Do nothing where no key is set: a schedule publishes to a project of yours, never to the sandbox.
    """
    with record_run("publish-amplitude") as (run, _):
        if only_with_key and run.settings.publishes_to_sandbox:
            reporter().show_result("publish to amplitude", "SNOWCAST_AMPLITUDE_API_KEY is not set", "skipped")
        else:
            publish_to_amplitude(run, activities or [], dry_run=dry_run, again=again or [])
        publish_artifacts(run)
    return run


def publish_to_amplitude(
    run: Run, activities: Sequence[str] = (), *, dry_run: bool = False, again: Sequence[str] = ()
) -> None:
    """Send what is new and check the ledger of what was sent."""
    published = publish_events(run.run_id, activities, dry_run=dry_run, again=again)
    run.published.append(published)
    if not dry_run:
        began = datetime.now(UTC)
        run.add_checks(check_publications(published.destination, run.run_id), began)
