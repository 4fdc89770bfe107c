"""Ingest: a source's records into landing files, the stage and RAW, then the checks of what came."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from prefect import Flow, flow

from flows.errors import ConfigError, SourceError, TransientError
from flows.sources.registry import SOURCES
from flows.steps.artifacts import publish_artifacts
from flows.steps.ingest import check_source, export_hours, fetch_source, land_files, load_raw
from flows.steps.layers import build_layers
from flows.steps.run import Run, record_run


@flow(name="ingest-twitch")
def ingest_twitch(snapshot_at: datetime | None = None, from_files: str | None = None, polls: int | None = None) -> Run:
    """Poll Twitch, or read files of Helix records, and load what came.

    Args:
        snapshot_at: When the source was observed; for files, only where their names do not say it.
        from_files: A file or folder of Helix pages, records or CSV instead of a poll.
        polls: Polls to take from the sandbox, which moves its clock; a real source is polled once.
    """
    return _ingest_source("twitch", snapshot_at, from_files, polls)


@flow(name="ingest-billing")
def ingest_billing(snapshot_at: datetime | None = None, from_files: str | None = None) -> Run:
    """Read the billing files that were delivered since the last time, and load what came.

    Args:
        snapshot_at: When billing was observed, for files that do not say it.
        from_files: A file or folder of billing's CSV files instead of the place that is set.
    """
    return _ingest_source("billing", snapshot_at, from_files)


@flow(name="ingest-livelogs")
def ingest_livelogs(snapshot_at: datetime | None = None, from_files: str | None = None) -> Run:
    """Read the sheet of live logs and gifts, or exports of it, and load what came.

    Args:
        snapshot_at: When the sheet was read; for files, only where their names do not say it.
        from_files: A file or folder of CSV or XLSX exports instead of the sheet that is set.
    """
    return _ingest_source("livelogs", snapshot_at, from_files)


@flow(name="ingest-identity")
def ingest_identity(snapshot_at: datetime | None = None, from_files: str | None = None) -> Run:
    """Read the files of identity links that were delivered since the last time, and load what came.

    Args:
        snapshot_at: When the links were known, for files that do not say it.
        from_files: A file or folder of links instead of the place that is set.
    """
    return _ingest_source("identity", snapshot_at, from_files)


@flow(name="ingest-amplitude")
def ingest_amplitude(
    snapshot_at: datetime | None = None,
    from_files: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    fill_gaps: bool = False,
) -> Run:
    """Export the hours of product events that came since the last time, or read files of them, and load what came.

    Args:
        snapshot_at: Only hours that Amplitude gives whole by then; for files, when their names do not say their hour.
        from_files: A file or folder of what Amplitude exports instead of its Export API.
        since: Every hour from here on that has not landed: a backfill; without a zone it is UTC.
        until: No hour from here on: `[since, until)` chain without overlap.
        fill_gaps: Also hours that were left out, refused or too large before.
    """
    if from_files or not (since or until or fill_gaps):
        return _ingest_source("amplitude", snapshot_at, from_files)
    with record_run("ingest-amplitude") as (run, _):
        with _keep_failure(run, "amplitude"):
            for moment in SOURCES["amplitude"].due_snapshots(run.settings, None, snapshot_at):
                run.add_fetch("amplitude", export_hours(run.run_id, moment, since, until, fill_gaps=fill_gaps))
        _finish(run)
    return run


FLOWS: dict[str, Flow[..., Run]] = {
    "twitch": ingest_twitch,
    "billing": ingest_billing,
    "livelogs": ingest_livelogs,
    "identity": ingest_identity,
    "amplitude": ingest_amplitude,
}


def _ingest_source(source: str, snapshot_at: datetime | None, from_files: str | None, polls: int | None = None) -> Run:
    with record_run(f"ingest-{source}") as (run, _):
        if from_files:
            run.add_fetch(source, land_files(source, Path(from_files), run.run_id, snapshot_at))
        else:
            fetch(run, [source], polls, snapshot_at)
        _finish(run)
    return run


def _finish(run: Run) -> None:
    load(run)
    build_layers(run, ["raw"])
    publish_artifacts(run)


def fetch(run: Run, sources: Iterable[str], polls: int | None = None, snapshot_at: datetime | None = None) -> None:
    """Fetch what is due of each source; one that fails ends the run in its error after all else is done."""
    for name in sources:
        with _keep_failure(run, name):
            for moment in SOURCES[name].due_snapshots(run.settings, polls, snapshot_at):
                run.add_fetch(name, fetch_source(name, run.run_id, moment))


@contextmanager
def _keep_failure(run: Run, source: str) -> Iterator[None]:
    """Keep the error that a fetch ends in: what was landed before it is still loaded and built."""
    try:
        yield
    except (ConfigError, SourceError, TransientError) as error:
        run.add_failure(source, error)


def load(run: Run) -> None:
    """Load what was landed and check each source by what it sent."""
    run.add_load(load_raw(run.run_id))
    for name in SOURCES:
        loads, snapshots = run.loads_by_table(name), run.snapshots.get(name)
        if loads or snapshots is not None:
            began = datetime.now(UTC)
            run.add_checks(check_source(name, run.run_id, loads, snapshots or []), began)
