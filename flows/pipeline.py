"""The pipeline: ingest what is configured, build, validate, report. `python -m flows.pipeline` runs it once."""

from __future__ import annotations

from prefect import flow

from flows.artifacts import publish_artifacts
from flows.ingest import load, poll
from flows.layers import build_layers
from flows.run import Run, recorded_run


@flow(name="pipeline")
def pipeline(select: list[str] | None = None, full_refresh: bool = False, polls: int | None = None) -> Run:
    """One cycle from the sources to the marts.

    Args:
        select: Tables, layers, tags and graph operators; none: every table.
        full_refresh: Rebuild the selected tables from all their input rows.
        polls: Polls to take from the sandbox; a real source is polled once.
    """
    with recorded_run("pipeline") as (run, session):
        poll(run, polls)
        load(run)
        build_layers(run, session, select or [], mode="full_refresh" if full_refresh else "incremental")
        publish_artifacts(run)
    return run


if __name__ == "__main__":
    from flows.cli import main

    main(["run"])
