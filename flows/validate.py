"""Validate: every rule on whole tables, as the nightly run does; nothing is built."""

from __future__ import annotations

from prefect import flow

from flows.artifacts import publish_artifacts
from flows.layers import validate_whole
from flows.run import Run, recorded_run


@flow(name="validate")
def validate(select: list[str] | None = None) -> Run:
    """Check the selected tables as a whole.

    Args:
        select: Tables, layers, tags and graph operators; none: every table.
    """
    with recorded_run("validate") as (run, _):
        validate_whole(run, select or [])
        publish_artifacts(run)
    return run
