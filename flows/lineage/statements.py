"""The statement that each table's build makes when it reads everything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flows.lineage.offline import open_offline_session
from transforms.catalog import Model, models, select_models
from transforms.engine.incremental import BuildRequest
from transforms.engine.known_schemas import known_schemas
from transforms.engine.states import Batches, State
from transforms.engine.stored import read_table
from transforms.functions import DataFrame, Session
from transforms.ops import LEDGERS
from transforms.scd2.build import compute_history
from transforms.write_kinds import History, View


def write_statements(parameters: Mapping[str, Any], database: str) -> dict[str, str]:
    """Return the SELECT of every built table, inputs before the tables that read them.

    Args:
        parameters: Values for the builds' keyword parameters.
        database: The database that its tables are in.
    """
    with open_offline_session(database) as session, known_schemas(session):
        return {
            model.table.name: _statement(session, model, parameters)
            for model in select_models()
            if model.build is not None
        }


def _statement(session: Session, model: Model, parameters: Mapping[str, Any]) -> str:
    given = {name: session if name == "session" else parameters[name] for name in model.parameters}
    if not isinstance(model.table.write, History):
        return _last_query(_frame(session, model, given))
    state = State(None, None, None, {name: Batches() for name in model.inputs})
    request = BuildRequest("full_refresh", None, is_changed=True)
    with compute_history(session, model, state, request, given) as computed:
        assert computed is not None  # a full refresh computes always
        return _last_query(computed.frame)


def _frame(session: Session, model: Model, given: Mapping[str, Any]) -> DataFrame:
    ledgers = {ledger.name: ledger for ledger in LEDGERS}
    named = model.table.write.ledgers if isinstance(model.table.write, View) else ()
    tables = [*[models()[name].table for name in model.inputs], *[ledgers[name] for name in named]]
    assert model.build is not None
    frame = model.build(*[read_table(session, table) for table in tables], **given)
    # How far rows are led on is data; one step says where they are led.
    return frame if model.closure is None else model.closure.finish(model.closure.step(frame), **given)


def _last_query(frame: DataFrame) -> str:
    return str(frame.queries["queries"][-1]).strip()
