"""The step that exports chosen hours of product events: a backfill of a range, or gaps that are filled."""

from __future__ import annotations

from datetime import datetime

from prefect import task

from flows.files.report import Fetched
from flows.settings import load_settings
from flows.steps.artifacts import Progress
from flows.steps.task import STEP
from flows.warehouse import open_session


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
