"""Transform: every table from staging on, built from what it has not consumed yet and validated layer by layer."""

from __future__ import annotations

from prefect import flow

from flows.steps.artifacts import publish_artifacts
from flows.steps.layers import build_layers
from flows.steps.run import Run, record_run


@flow(name="transform")
def transform(select: list[str] | None = None, full_refresh: bool = False) -> Run:
    """Build the selected tables and validate what was written.

    Args:
        select: Tables, layers, tags and graph operators; none: every table.
        full_refresh: Rebuild them from all their input rows.
    """
    with record_run("transform") as (run, _):
        build_layers(run, select or [], mode="full_refresh" if full_refresh else "incremental")
        publish_artifacts(run)
    return run
