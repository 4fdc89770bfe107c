"""The pipeline: ingest what is configured, build, validate, publish if set."""

from __future__ import annotations

from prefect import flow

from flows.ingest import fetch, load
from flows.publish import publish_to_amplitude
from flows.sources.registry import choose_sources
from flows.steps.artifacts import publish_artifacts
from flows.steps.layers import build_layers
from flows.steps.run import Run, record_run


@flow(name="pipeline")
def pipeline(
    select: list[str] | None = None,
    full_refresh: bool = False,
    polls: int | None = None,
    sources: list[str] | None = None,
) -> Run:
    """One cycle from the sources to the marts.

    Args:
        select: Tables, layers, tags and graph operators; none: every table.
        full_refresh: Rebuild the selected tables from all their input rows.
        polls: Polls to take from the sandbox; a real source is polled once.
        sources: Sources to ingest; none: all that are configured.
    """
    with record_run("pipeline") as (run, _):
        fetch(run, choose_sources(sources or [], run.settings), polls)
        load(run)
        build_layers(run, select or [], mode="full_refresh" if full_refresh else "incremental")
        if "amplitude" in run.settings.publish_to:
            publish_to_amplitude(run)
        publish_artifacts(run)
    return run
