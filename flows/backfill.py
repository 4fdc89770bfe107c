"""Backfill: tables built again from the input of a time range, for history that was repaired or came late."""

from __future__ import annotations

from datetime import UTC, datetime

from prefect import flow

from flows.errors import ConfigError
from flows.steps.artifacts import publish_artifacts
from flows.steps.layers import build_layers
from flows.steps.run import Run, record_run


@flow(name="backfill")
def backfill(from_time: datetime, to_time: datetime, select: list[str] | None = None) -> Run:
    """Build the selected tables again from what was observed in `[from_time, to_time)`; ranges chain without overlap.

    Args:
        from_time: First moment that is included; without a zone it is UTC.
        to_time: First moment that is not.
        select: Tables, layers, tags and graph operators; none: every table.
    """
    window = (_to_utc(from_time), _to_utc(to_time))
    if window[0] >= window[1]:
        raise ConfigError(f"--from {from_time} is not before --to {to_time}: the range [from, to) would be empty.")
    with record_run("backfill") as (run, _):
        build_layers(run, select or [], mode="backfill", window=window)
        publish_artifacts(run)
    return run


def _to_utc(moment: datetime) -> datetime:
    """Return the moment as tables store it: UTC, without a zone."""
    return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)
