"""The event that a run sends to Prefect when it quarantined more records than the setting allows."""

from __future__ import annotations

from collections import Counter

from flows.steps.run import Run

_MOST_TABLES = 5


def tell_quarantine(run: Run) -> None:
    """Emit `snowcast.quarantine.above-threshold`, which an automation turns into a notification."""
    from prefect.events import emit_event

    from flows.deploy.prefect.automations import ABOVE_THRESHOLD

    refused = count_quarantined(run)
    if refused.total() <= run.settings.quarantine_alert_records:
        return
    tables = ", ".join(f"{table} {count:,}" for table, count in refused.most_common(_MOST_TABLES))
    emit_event(
        event=ABOVE_THRESHOLD,
        resource={"prefect.resource.id": f"snowcast.flow.{run.flow}", "prefect.resource.name": run.flow},
        related=[{"prefect.resource.id": f"prefect.flow-run.{run.run_id}", "prefect.resource.role": "flow-run"}],
        payload={"flow": run.flow, "records": refused.total(), "tables": tables},
    )


def count_quarantined(run: Run) -> Counter[str]:
    """Count what a run quarantined, by table: lines that are no record, and records that staging refused."""
    refused: Counter[str] = Counter()
    for load in run.loads:
        refused[load.table_name] += load.rows_rejected
    for build in run.builds:
        refused[build.table_name] += build.rows_quarantined
    return +refused
