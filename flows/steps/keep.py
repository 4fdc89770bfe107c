"""Keeping what rules found, as a step of a flow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from prefect import task

from flows.settings import load_settings
from flows.steps.task import STEP
from flows.warehouse import open_session


@task(name="keep results", **STEP)
def keep_results(run_id: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows of OPS.VALIDATION_RESULTS; those that are there stay as they are."""
    from transforms.engine.ledgers import append_rows
    from transforms.ops import VALIDATION_RESULTS

    with open_session(load_settings(), step="keep results", run=run_id) as session:
        append_rows(session, VALIDATION_RESULTS, rows)
