"""Building one table: read what is new, widen it to whole groups, build, write, record.

An incremental build reads the batches of its inputs that the table has not consumed (OPS.CONSUMPTIONS) and widens them
to the groups of `recompute_by` that they touch, so the frame is the whole truth for those groups. Staging takes the new
rows as candidates instead; what a history reads is in scd2/build.py. A first build, changed parameters or a
changed contract read everything.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from transforms.catalog import Model, models
from transforms.contract import ContractError
from transforms.engine import merge
from transforms.engine.batches import read_state
from transforms.engine.continue_groups import compute_continued
from transforms.engine.incremental import BuildRequest, Computed, compute_merge, is_up_to_date
from transforms.engine.known_schemas import use_known_schemas
from transforms.engine.states import State, States
from transforms.engine.tables import create_view
from transforms.engine.write import Build, BuildResult, new_build_id, write_built, write_no_rows
from transforms.functions import Session
from transforms.scd2.build import compute_history
from transforms.write_kinds import History

# What every kind of build is: it gives the rows and what they are held against, or None where nothing is new.
Kind = Callable[["Session", "Model", State, BuildRequest, Mapping[str, Any]], AbstractContextManager[Computed | None]]
INCREMENTAL, FULL_REFRESH, BACKFILL = "incremental", "full_refresh", "backfill"
_MODES = (INCREMENTAL, FULL_REFRESH, BACKFILL)


def build_table(
    session: Session,
    name: str,
    *,
    run_id: str,
    mode: str = INCREMENTAL,
    parameters: Mapping[str, Any],
    window: tuple[datetime, datetime] | None = None,
    states: States | None = None,
) -> BuildResult:
    """Build one table and write what changed, with its ledger rows, in one transaction.

    Args:
        session: Where the tables are; its database is the warehouse's.
        name: The table.
        run_id: The run that OPS.BUILDS names.
        mode: incremental: what is new; full_refresh: everything; backfill: staging reads the raw rows of `window`.
        parameters: Values for the builds' keyword parameters; a table takes those that it names.
        window: For a backfill: `[from, to)` of `_snapshot_at`.
        states: States of the run's tables (`read_states`), which the build brings up to date; None: its own is read.

    Raises:
        ContractError: The table, a parameter or the built frame is not as declared.
        BuildConflictError: Another build of the table was committed meanwhile; nothing was written.
    """
    started = time.monotonic()
    model = _buildable(name, mode, window)
    chosen, described = _choose_parameters(model, parameters)
    if session.sql_simplifier_enabled:  # it describes every frame once more before it is used
        session.sql_simplifier_enabled = False  # type: ignore[misc]
    with use_known_schemas(session):
        state = _current_state(session, model, states)
        request = BuildRequest(mode, window, is_changed=not _is_built_alike(state, model, described))
        build = Build(model.table, new_build_id(), run_id, mode, described, started, state, states)
        if model.table.is_view:
            return _build_view(session, model, build, request)
        with _kind_of(model)(session, model, state, request, chosen) as computed:
            if computed is None:
                return BuildResult(name, mode, None, seconds=build.seconds, skipped=True)
            return write_built(session, build, computed)


def _build_view(session: Session, model: Model, build: Build, request: BuildRequest) -> BuildResult:
    """Make the view where it is asked for or declared anew; what it reads is never new to it."""
    if is_up_to_date(build.seen, request):
        return BuildResult(model.table.name, build.mode, None, seconds=build.seconds, skipped=True)
    create_view(session, model)  # before the transaction, which it would commit
    return write_no_rows(session, build)


def has_nothing_new(name: str, states: States, parameters: Mapping[str, Any], mode: str = INCREMENTAL) -> bool:
    """Return whether a build of the table would be skipped, by what is known of its state; no statement is made."""
    model = _buildable(name, mode, None) if mode != BACKFILL else models()[name]
    state = states.of(name)
    if mode != INCREMENTAL or state is None or state.build_id is None or state.pending_count:
        return False
    _, described = _choose_parameters(model, parameters)
    return _is_built_alike(state, model, described)


def _is_built_alike(state: State, model: Model, described: str) -> bool:
    """Return whether the newest build had the same parameters and contract, so that its rows still hold."""
    return (state.parameters, state.contract_hash) == (described, merge.contract_hash(model.table))


def _current_state(session: Session, model: Model, states: States | None) -> State:
    name = model.table.name
    state = states.of(name) if states else None
    if state is None:
        state = read_state(session, model, {one: models()[one].table for one in model.inputs})
        if states:
            states.keep(name, state)
    return state


def _kind_of(model: Model) -> Kind:
    """Pick the kind of build: a history from observations, a table from its groups' ends, or from its inputs alone."""
    if isinstance(model.table.write, History):
        return compute_history
    return compute_merge if model.continuation is None else compute_continued


def _buildable(name: str, mode: str, window: tuple[datetime, datetime] | None) -> Model:
    model = models().get(name)
    if model is None or model.build is None:
        raise ContractError(f"{name}: is not a table that is built; snowcast build --help lists the selectors")
    if mode not in _MODES:
        raise ContractError(f"{name}: unknown mode {mode!r}; expected one of {', '.join(_MODES)}")
    if mode == BACKFILL and (window is None or window[0] >= window[1]):
        raise ContractError(f"{name}: a backfill needs a window [from, to) with from before to; found {window}")
    return model


def _choose_parameters(model: Model, parameters: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """Return the parameters that the table's `build` takes, and the text by which the next build knows them again."""
    missing = [key for key in model.parameters if key not in parameters and key != "session"]
    if missing:
        raise ContractError(f"{model.table.name}: build needs the parameters {missing}; given: {sorted(parameters)}")
    chosen = {key: parameters[key] for key in model.parameters if key != "session"}
    return chosen, json.dumps({key: str(value) for key, value in sorted(chosen.items())})
