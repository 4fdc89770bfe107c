"""A Snowpark session without a warehouse: frames become statements, and a statement that would be sent is refused.

What frames need to know of stored tables, the contracts tell them (transforms/engine/known_schemas.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from flows.errors import SnowcastError
from transforms.catalog import Model, select_models
from transforms.engine.incremental import BuildRequest
from transforms.engine.known_schemas import use_known_schemas
from transforms.engine.states import Batches, State
from transforms.engine.stored import read_inputs
from transforms.functions import DataFrame, Session
from transforms.scd2.build import compute_history
from transforms.write_kinds import History


class NoWarehouseError(SnowcastError):
    """A build asked the warehouse where its statement alone was wanted."""


class _Cursor:
    """Refuses every statement."""

    def execute(self, command: str, params: Any = None, **options: Any) -> None:
        raise NoWarehouseError(f"The statement of a build was to be told without the warehouse, but it asks: {command}")


class _Connection:
    """What Snowpark reads of a connector's connection before it sends anything."""

    session_id = 0
    account = user = host = application = "offline"
    role = warehouse = None
    schema = "PUBLIC"
    telemetry_enabled = False
    _telemetry = None
    _session_parameters: dict[str, Any] = {}

    def __init__(self, database: str) -> None:
        self.database = database

    def cursor(self) -> _Cursor:
        return _Cursor()

    def is_closed(self) -> bool:
        return False

    def close(self) -> None:
        """Have nothing to close."""


@contextmanager
def open_offline_session(database: str) -> Iterator[Session]:
    """Open a session that can make statements and send none; full names of tables name the database."""
    from snowflake.snowpark import Session
    from snowflake.snowpark.session import _remove_session

    session = Session.builder.configs({"connection": _Connection(database)}).create()
    try:
        session.sql_simplifier_enabled = False
        yield session
    finally:
        _remove_session(session)  # closing it would send a statement


def write_statements(parameters: Mapping[str, Any], database: str) -> dict[str, str]:
    """Return the SELECT of every built table, inputs before the tables that read them."""
    with open_offline_session(database) as session, use_known_schemas(session):
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
    assert model.build is not None
    frame = model.build(*read_inputs(session, model), **given)
    # How far rows are led on is data; one step says where they are led.
    return frame if model.closure is None else model.closure.finish(model.closure.step(frame), **given)


def _last_query(frame: DataFrame) -> str:
    return str(frame.queries["queries"][-1]).strip()
