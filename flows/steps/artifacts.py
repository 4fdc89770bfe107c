"""What a run leaves in Prefect's user interface: load summary, build summary, validation report, event."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import httpx
from prefect.artifacts import (
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)
from prefect.context import FlowRunContext

from expectations.engine.printable import printable
from expectations.engine.report import markdown
from flows.reporting import reporter
from flows.services.prefect_server import settle
from flows.steps.costs import sum_costs
from flows.steps.run import Run
from flows.warehouse import list_sent_statements

_MOST_ROWS = 500
_MOST_TABLES = 5


def publish_artifacts(run: Run) -> None:
    """Write the artifacts of a run into Prefect, and its Data Docs; outside of a flow run there is no Prefect."""
    if run.checks:
        from expectations.checks.tables import build_docs

        build_docs(run.settings.docs_root)
    if FlowRunContext.get() is None:
        return
    settle()
    tell_quarantine(run)
    try:
        _publish(run)
    except httpx.TransportError as error:
        reporter().show_result("artifacts", f"not written: the Prefect server does not answer ({error})", "warning")


def _publish(run: Run) -> None:
    _create_table("load-summary", [_make_load_row(load) for load in run.loads], "Landing files loaded into RAW")
    _create_table("build-summary", [_make_build_row(build) for build in run.builds], "Tables built")
    _create_table(
        "publish-summary", [row for one in run.published for row in _make_published_rows(one)], "Events published"
    )
    _create_table(
        "costs", [asdict(cost) for cost in sum_costs(list_sent_statements())], "Statements and seconds of each step"
    )
    if run.checks:
        report = markdown(run.checks, (run.settings.docs_root / "index.html").as_uri())
        text = printable("\n".join([report, *_list_blocked(run)]))
        create_markdown_artifact(key="validation-report", markdown=text)


class Progress:
    """A bar in Prefect's user interface for work that takes long; outside of a flow run there is none."""

    def __init__(self, steps: int, description: str) -> None:
        self._steps, self._done = max(steps, 1), 0
        has_place = FlowRunContext.get() is not None
        self._id = create_progress_artifact(progress=0.0, description=description) if has_place else None

    def advance(self) -> None:
        """One step more is done."""
        self.advance_to(self._done + 1)

    def advance_to(self, done: int) -> None:
        """So many steps are done."""
        self._done = done
        if self._id is None:
            return
        try:
            update_progress_artifact(artifact_id=self._id, progress=100.0 * self._done / self._steps)  # type: ignore[arg-type]
        except httpx.TransportError:  # the work does not need the bar; how the run ends tells that Prefect is gone
            self._id = None


def _list_blocked(run: Run) -> list[str]:
    if not run.blocked:
        return []
    rows = [f"| {name} | {cause} |" for name, cause in run.blocked.items()]
    return ["", "| not built | because of |", "|---|---|", *rows]


def _create_table(key: str, rows: Sequence[Mapping[str, Any]], description: str) -> None:
    if rows:
        table = [
            {name: printable(value) if isinstance(value, str) else value for name, value in row.items()}
            for row in rows[:_MOST_ROWS]
        ]
        create_table_artifact(key=key, table=table, description=description)


def _make_load_row(load: Any) -> dict[str, Any]:
    return {
        "table": load.table_name,
        "file": load.source_file,
        "parsed": load.rows_parsed,
        "loaded": load.rows_loaded,
        "rejected": load.rows_rejected,
    }


def _make_published_rows(published: Any) -> list[dict[str, Any]]:
    names = sorted({*published.waiting, *published.sent, *published.rejected, *published.released})
    return [
        {
            "destination": published.destination,
            "activity": name,
            "to send": published.waiting[name],
            "sent": published.sent[name],
            "rejected": published.rejected[name],
            "left": published.released[name],
        }
        for name in names
    ]


def _make_build_row(build: Any) -> dict[str, Any]:
    return {
        "table": build.table_name,
        "mode": build.mode,
        "inserted": build.rows_inserted,
        "updated": build.rows_updated,
        "deleted": build.rows_deleted,
        "quarantined": build.rows_quarantined,
        "seconds": round(build.seconds, 2),
    }


def tell_quarantine(run: Run) -> None:
    """Emit `snowcast.quarantine.above-threshold`, which an automation turns into a notification."""
    from prefect.events import emit_event

    from flows.deploy.prefect.automations import ABOVE_THRESHOLD

    refused: Counter[str] = Counter()
    for load in run.loads:  # lines that are no record
        refused[load.table_name] += load.rows_rejected
    for build in run.builds:  # records that staging refused
        refused[build.table_name] += build.rows_quarantined
    if refused.total() <= run.settings.quarantine_alert_records:
        return
    tables = ", ".join(f"{table} {count:,}" for table, count in (+refused).most_common(_MOST_TABLES))
    emit_event(
        event=ABOVE_THRESHOLD,
        resource={"prefect.resource.id": f"snowcast.flow.{run.flow}", "prefect.resource.name": run.flow},
        related=[{"prefect.resource.id": f"prefect.flow-run.{run.run_id}", "prefect.resource.role": "flow-run"}],
        payload={"flow": run.flow, "records": refused.total(), "tables": tables},
    )
