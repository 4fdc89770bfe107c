"""The steps from a source to RAW: fetch it, export its hours or take its files, load what landed, check it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from prefect import task

from expectations.engine.results import RuleResult
from flows.files.locations import FileLocation
from flows.files.report import Fetched
from flows.load.report import LoadReport
from flows.reporting import reporter
from flows.settings import load_settings
from flows.sources.registry import find_source
from flows.steps.artifacts import Progress
from flows.steps.parallel import map_at_once
from flows.steps.task import STEP
from flows.steps.validate import check_ledgers, report_checks
from flows.warehouse import open_session, workers
from transforms.catalog import list_raw_tables


@task(name="fetch", task_run_name="fetch {source}", **STEP)
def fetch_source(source: str, run_id: str, snapshot_at: datetime | None = None) -> Fetched:
    """Fetch a source once and land what came; the error of one that failed half-way is in the result."""
    settings = load_settings()
    with open_session(settings, step=f"fetch {source}", run=run_id) as session:
        return find_source(source).fetch(settings, session, snapshot_at)


@task(name="load", task_run_name="load landing files", **STEP)
def load_raw(run_id: str) -> LoadReport:
    """Load every landing file that is not in RAW yet, of whatever source."""
    from flows.load.loader import load_pending
    from flows.load.pipes import landing_of
    from flows.load.stage import Uploads

    settings = load_settings()
    lend = partial(open_session, settings, step="load", run=run_id)
    with open_session(settings, step="load", run=run_id) as session:
        report = load_pending(
            session,
            settings.database,
            settings.landing_root,
            list_raw_tables(),
            landing=replace(landing_of(settings), uploads=Uploads(map_at_once(workers(settings)), lend)),
            on_progress=lambda done, total: reporter().show_progress("load", f"{done:,} of {total:,} files"),
        )
    reporter().show_result("load", _format_load(report), "failed" if report.damaged else "ok")
    return report


@task(name="land files", task_run_name="land {path}", **STEP)
def land_files(source: str, path: Path, run_id: str, snapshot_at: datetime | None = None) -> Fetched:
    """Land the files of a source that a person hands over, and say what became of each."""
    from flows.files.deliveries import deliver

    settings = load_settings()
    with open_session(settings, step=f"land files of {source}", run=run_id) as session:
        kind = find_source(source).file_kind(settings)
        return deliver(session, settings, kind, FileLocation(str(path)), snapshot_at)


@task(name="check source", task_run_name="check source {source}", **STEP)
def check_source(
    source: str, run_id: str, loads: Mapping[str, Sequence[str]], snapshots: Sequence[datetime]
) -> list[RuleResult]:
    """Check a source by what it sent: freshness, volume, completeness of its polls, fields that nobody declared."""
    from expectations.checks.drift import unknown_fields
    from expectations.checks.sources import make_source_subjects
    from transforms.engine.ledgers import append_rows
    from transforms.ops import SCHEMA_DRIFT

    settings = load_settings()
    now = datetime.now(UTC)
    with open_session(settings, step=f"check {source}", run=run_id) as session:
        found = unknown_fields(session, settings.database, loads, now=now)
        append_rows(session, SCHEMA_DRIFT, found)
        limits = find_source(source).limits(settings)
        subjects = make_source_subjects(source, list_raw_tables(source), snapshots, limits, now)
        results = check_ledgers(f"check {source}", subjects, run_id)
    report_checks(f"check source {source}", results)
    return results


def _format_load(report: LoadReport) -> str:
    text = f"{len(report.loads)} files, {report.rows_loaded:,} rows" if report.loads else "nothing new"
    if report.rows_rejected:
        text += f", {report.rows_rejected:,} lines quarantined"
    if report.waiting:
        text += f", {len(report.waiting):,} files wait for Snowpipe"
    return text + "".join(f"; {path} {fault}" for path, fault in report.damaged)


@task(name="export hours", task_run_name="export hours of amplitude", **STEP)
def export_hours(
    run_id: str, now: datetime | None, since: datetime | None, until: datetime | None, *, fill_gaps: bool
) -> Fetched:
    """Land the hours of `[since, until)` that have not landed; repeating the step lands none twice."""
    from flows.sources.amplitude.fetch import fetch_hours
    from flows.sources.amplitude.hours import Asked

    settings = load_settings()
    bars: list[Progress] = []

    def advance(done: int, total: int) -> None:
        if not bars:
            bars.append(Progress(total, f"export of {total:,} hours"))
        bars[0].advance_to(done)

    with open_session(settings, step="fetch amplitude", run=run_id) as session:
        asked = Asked(since, until, fill_gaps=fill_gaps)
        return fetch_hours(settings, session, now, asked, on_progress=advance)
