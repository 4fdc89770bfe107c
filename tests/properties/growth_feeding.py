"""Activities put into the streams as a build of them does: what differs is written, with every ledger row."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from snowflake.snowpark import Session

from tests.feeding import frame_of
from transforms.catalog import models
from transforms.engine.batches import read_state
from transforms.engine.incremental import Computed
from transforms.engine.stored import read_table
from transforms.engine.write import Build, BuildResult, write_built


def feed(session: Session, name: str, rows: Sequence[dict[str, Any]]) -> BuildResult:
    """Make the stream hold exactly these rows."""
    model = models()[name]
    state = read_state(session, replace(model, inputs=()), {})
    build = Build(model.table, uuid.uuid4().hex, "fed", "incremental", "", time.monotonic(), state)
    frame = model.table.select(frame_of(session, model.table, rows))
    return write_built(
        session, build, Computed(frame, read_table(session, model.table), is_whole_truth=True, consumes=False)
    )
