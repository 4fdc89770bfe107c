"""Ingest: a source's records into landing files, the stage and RAW, then the checks of what came."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from prefect import flow

from flows.artifacts import publish_artifacts
from flows.extract.twitch import SOURCE as TWITCH
from flows.layers import build_layers
from flows.run import Run, recorded_run
from flows.tasks import check_source, land_files, load_raw, poll_twitch
from flows.twitch_source import poll_moments


@flow(name="ingest-twitch")
def ingest_twitch(snapshot_at: datetime | None = None, from_files: str | None = None, polls: int | None = None) -> Run:
    """Poll Twitch, or read files of Helix records, and load what came.

    Args:
        snapshot_at: When the source was observed; for files, only where their names do not say it.
        from_files: A file or folder of Helix pages, records or CSV instead of a poll.
        polls: Polls to take from the sandbox, which moves its clock; a real source is polled once.
    """
    with recorded_run("ingest-twitch") as (run, session):
        if from_files:
            run.refuse(land_files(Path(from_files), run.run_id, snapshot_at))
        else:
            poll(run, polls, snapshot_at)
        load(run)
        build_layers(run, session, ["raw"])
        publish_artifacts(run)
    return run


def poll(run: Run, polls: int | None = None, snapshot_at: datetime | None = None) -> None:
    """Take the polls that are due; a source that fails half-way fails the run after what came is loaded."""
    for moment in poll_moments(run.settings, polls, snapshot_at):
        polled = poll_twitch(moment)
        run.snapshots.append(polled.snapshot_at)
        run.failures += [polled.failure] if polled.failure else []


def load(run: Run) -> None:
    """Load what was landed and check the source by what it sent."""
    run.loaded(load_raw(run.run_id))
    if run.loads or run.snapshots:
        run.checks += check_source(TWITCH, run.run_id, run.loads_by_table(), run.snapshots)
