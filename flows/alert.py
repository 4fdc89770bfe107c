"""Alert: spikes of streams to the people who want to know, each once."""

from __future__ import annotations

from datetime import UTC, datetime

from prefect import flow

from flows.errors import ConfigError
from flows.steps.layers import build_layers
from flows.steps.publish import TABLES, check_alerts, tell_spikes
from flows.steps.run import Run, record_run


@flow(name="alert-spikes")
def alert_spikes(dry_run: bool = False, again: list[str] | None = None) -> Run:
    """Bring the spikes up to date and send what nobody was told of yet.

    Args:
        dry_run: Show what would be sent of the spikes as they are stored; build, write and send nothing.
        again: unconfirmed: send also what may have arrived.

    Raises:
        ConfigError: Slack refuses the webhook or a message, or no block of that name is there.
    """
    with record_run("alert-spikes") as (run, _):
        if not dry_run:
            build_layers(run, TABLES)
        run.told = tell_spikes(run.run_id, dry_run=dry_run, again=again or [])
        if run.told.has_written:
            began = datetime.now(UTC)
            run.add_checks(check_alerts(run.run_id), began)
        if run.told.is_misconfigured:
            raise ConfigError(
                f"{run.told.reasons[-1]}. Check SNOWCAST_SLACK_WEBHOOK_URL or SNOWCAST_SLACK_WEBHOOK_BLOCK."
            )
    return run
