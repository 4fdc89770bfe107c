"""The pipeline: ingest what is configured, build, validate, report. `python -m flows.pipeline` runs it once."""

from __future__ import annotations

from prefect import flow

from flows.artifacts import publish_artifacts
from flows.ingest import ingest_twitch
from flows.run import Run, recorded_run
from flows.transform import transform


@flow(name="pipeline")
def pipeline(select: list[str] | None = None, full_refresh: bool = False, polls: int | None = None) -> Run:
    """One cycle from the sources to the marts.

    Args:
        select: Tables, layers, tags and graph operators; none: every table.
        full_refresh: Rebuild the selected tables from all their input rows.
        polls: Polls to take from the sandbox; a real source is polled once.
    """
    with recorded_run("pipeline") as (run, _):
        ingest_twitch(polls=polls)
        transform(select=select, full_refresh=full_refresh)
        publish_artifacts(run)
    return run


if __name__ == "__main__":
    from flows.cli import main

    main(["run"])
