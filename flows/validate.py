"""Validate: the rules of stored tables, on all their rows or on those of each newest batch; nothing is built."""

from __future__ import annotations

from prefect import flow

from flows.steps.artifacts import publish_artifacts
from flows.steps.layers import validate_stored
from flows.steps.run import Run, record_run


@flow(name="validate")
def validate(select: list[str] | None = None, full: bool = True) -> Run:
    """Check the selected tables.

    Args:
        select: Tables, layers, tags and graph operators; none: every table.
        full: All rows; else those of the newest build or load of each table.
    """
    with record_run("validate") as (run, _):
        validate_stored(run, select or [], full=full)
        publish_artifacts(run)
    return run
