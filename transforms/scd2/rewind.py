"""Rewinding a history: what was learned after a time is taken back, and the next build learns it again."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from transforms.catalog import models
from transforms.contract import ContractError, History
from transforms.engine.batches import read_state
from transforms.engine.write import Build, BuildResult, new_build_id, write_built
from transforms.scd2.build import compute_history_as_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from snowflake.snowpark import Session

REWIND = "rewind"


def rewind(
    session: Session,
    name: str,
    until: datetime,
    *,
    run_id: str = REWIND,
    parameters: Mapping[str, Any] | None = None,
) -> BuildResult:
    """Make a history what the observations until a time make it.

    The table's head keeps the time, so that the next regular build finds other parameters and reads everything again.

    Args:
        session: Where the tables are.
        name: A history.
        until: The newest time of observation that counts, UTC.
        run_id: The run that OPS.BUILDS names.
        parameters: Values for keyword parameters of its `build`.

    Raises:
        ContractError: The table is no history.
        BuildConflictError: A build of the table was committed meanwhile; nothing was written.
    """
    started = time.monotonic()
    model = models().get(name)
    if model is None or not isinstance(model.table.write, History):
        known = sorted(other for other, found in models().items() if isinstance(found.table.write, History))
        raise ContractError(f"{name}: only a history can be rewound; histories are {', '.join(known)}")
    state = read_state(session, model, {input_name: models()[input_name].table for input_name in model.inputs})
    described = json.dumps({"rewound_to": until.isoformat()})
    build = Build(model.table, new_build_id(), run_id, REWIND, described, started, state)
    return write_built(session, build, compute_history_as_of(session, model, state, parameters or {}, until))
