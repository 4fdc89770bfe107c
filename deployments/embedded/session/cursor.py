"""One statement's way: handler, or parse, rewrite, plan, run on DuckDB, with Snowflake's errors and result types."""

from __future__ import annotations

import contextlib
import logging
import uuid
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
from fakesnow.conn import FakeSnowflakeConnection
from fakesnow.cursor import FakeSnowflakeCursor
from fakesnow.statement_type import SELECT, statement_type_id
from sqlglot import Expr, exp

from deployments.embedded import errors
from deployments.embedded.context import SessionState, StatementContext
from deployments.embedded.process.databases import identifier, literal
from deployments.embedded.session import dialect, handlers
from deployments.embedded.session.transactions import Transactions
from deployments.embedded.session.variables import inline_variables
from deployments.embedded.sql import dml, lineage
from deployments.embedded.sql import planner as planning
from deployments.embedded.sql.dml import MERGE_COLUMNS
from deployments.embedded.sql.plan import Outcome, Plan
from deployments.embedded.sql.rewrites.before_parsing import TEXT
from deployments.embedded.stages.copy.load_history_views import forgotten_by
from deployments.embedded.stages.scanner import with_named_objects
from deployments.embedded.stages.session_files import end_file_session

if TYPE_CHECKING:
    from deployments.embedded.session.engine import Engine

# sqlglot warns of each statement that it hands on as text; those are answered with an error that names them.
logging.getLogger("sqlglot").setLevel(logging.ERROR)


class EmbeddedConnection(FakeSnowflakeConnection):
    """A session of the embedded warehouse: fakesnow's connection with our cursor, session state and transactions."""

    def __init__(self, engine: Engine, session: SessionState, *, autocommit: bool) -> None:
        """Open the session.

        Args:
            engine: The one instance of this process.
            session: What the session starts with, e.g. the parameters of the login.
            autocommit: Whether each statement commits on its own.
        """
        super().__init__(
            engine.duck_conn.cursor(),
            engine.results_cache,
            create_database=False,
            create_schema=False,
            db_path=engine.db_path,
            autocommit=autocommit,
        )
        self.engine = engine
        self.warehouse = engine.paths.root
        self.session = session
        self.transactions = Transactions(self._duck_conn, engine.locks, autocommit=autocommit)

    def use(self, database: str, schema: str) -> None:
        """Make a schema the one of names that do not say theirs; it is made if it is not there."""
        path = f"{identifier(database)}.{identifier(schema)}"
        self._duck_conn.execute(f"CREATE SCHEMA IF NOT EXISTS {path}")
        self._duck_conn.execute(f"SET schema = {literal(path)}")
        self.database, self._schema = database, schema
        self.database_set = self.schema_set = True

    def close(self, retry: bool = True) -> None:
        """End the session, its temporary stages with it."""
        end_file_session(self)
        super().close(retry)

    def cursor(self, cursor_class: Any = None) -> EmbeddedCursor:
        """A cursor for one statement."""
        return EmbeddedCursor(self, self._duck_conn)


def open_connection(
    engine: Engine,
    *,
    database: str | None = None,
    schema: str | None = None,
    session: SessionState | None = None,
    autocommit: bool = True,
) -> EmbeddedConnection:
    """Open a session on the shared DuckDB instance.

    Args:
        engine: The one instance of this process.
        database: Database to use; it is there.
        schema: Schema to use, made if it is not there.
        session: What the session starts with.
        autocommit: Whether each statement commits on its own.
    """
    connection = EmbeddedConnection(engine, session or SessionState(), autocommit=autocommit)
    if database:
        connection.use(database, schema or "PUBLIC")
    return connection


class EmbeddedCursor(FakeSnowflakeCursor):
    """Runs one statement of Snowflake's SQL on DuckDB.

    Attributes:
        response_data: The `data` part of the response where the result is no table (PUT, GET), else None.
        statement_type_id: Snowflake's id of the statement's kind.
        types: DuckDB's type of each result column.
        placeholder_count: Placeholders of a statement that was described.
        takes_rows: Whether a statement that was described is an INSERT.
        repeatable: Whether the statement may be run again in a transaction that is repeated.
    """

    _last_params: Any
    _last_sql: Any
    _last_transformed: Any
    _rowcount: Any
    _sfqid: Any

    def __init__(self, conn: EmbeddedConnection, duck_conn: duckdb.DuckDBPyConnection) -> None:
        """A cursor of `conn`."""
        super().__init__(conn, duck_conn)
        self.context = StatementContext(conn, conn.session, conn.warehouse, dialect)
        self.response_data: dict[str, Any] | None = None
        self.statement_type_id: int = SELECT
        self.types: list[str] = []
        self.placeholder_count = 0
        self.takes_rows = False
        self.repeatable = True
        self._transactions = conn.transactions

    def execute(
        self, command: str, params: Sequence[Any] | dict[Any, Any] | None = None, *args: Any, **kwargs: Any
    ) -> EmbeddedCursor:
        """Run one statement; the result is in `_arrow_table`, or in `response_data`."""
        bound = kwargs.get("binding_params") or params
        self.context.params = list(bound) if bound is not None and not isinstance(bound, dict) else bound
        with errors.as_snowflake(self._transactions.failed):
            command, self.context.params = with_named_objects(self._prepared(command), self.context.params)
            if not self._handled(command):
                self._run(planning.parse(command))
        return self

    def _prepared(self, command: str) -> str:
        if "$" in command:
            command = self._inline_variables(command)
        for change in TEXT:
            command = change(command)
        return command

    def _handled(self, command: str) -> bool:
        """Let the handlers try the statement; True if one answered it."""
        for handle in handlers.HANDLERS:
            result = handle(command, self.context)
            if isinstance(result, dict):
                self.response_data = result
                return True
            if result is not None:
                self._keep(result, [])
                self._last_transformed = exp.Select()
                return True
        return False

    def _run(self, expression: Expr) -> None:
        self._transactions.renew()
        self.statement_type_id = statement_type_id(expression)
        forgotten = forgotten_by(expression, self.context)
        changed = dml.changed_table(expression, self.context)
        plan = planning.plan(expression, self.context)
        if plan is None:
            self._run_by_fakesnow(expression)
            return
        plan.steps[:0] = forgotten.steps
        if plan.commits:
            self._transactions.commit()
        elif changed is not None:
            self._transactions.begin_for_change()
        if plan.steps:
            self._transactions.check()
        if changed is None:
            self._execute_plan(plan)
        else:
            with self._transactions.changing(
                changed.name, locks=not isinstance(expression, exp.Insert), inserts=isinstance(expression, exp.Merge)
            ):
                self._execute_plan(plan)
        forgotten.remove_stages(self.context)
        self._last_transformed = expression
        if plan.uses is not None:
            self.context.connection.use(*plan.uses)
        self.context.session.temporary_tables |= plan.temporary
        self.context.session.temporary_tables -= plan.dropped

    def _run_by_fakesnow(self, expression: Expr) -> None:
        """What needs no change of ours: DROP SCHEMA, CREATE and DROP SEQUENCE, SET."""
        if not isinstance(expression, exp.Set):
            self._transactions.commit()
        params = self.context.params
        for statement in self._transform_explode(expression):
            self._execute(self._transform(statement, params), params if statement.find(exp.Placeholder) else None)
        self.types = [str(column[1]) for column in self._duck_conn.description or []]

    def _execute_plan(self, plan: Plan) -> None:
        steps = [step if isinstance(step, str) else step.sql("duckdb", copy=False) for step in plan.steps]
        if plan.outcome is Outcome.ROWS:
            self._execute_steps(steps)
            self.types = [str(column[1]) for column in self._duck_conn.description or []]
            if "INTERVAL" in self.types:
                raise errors.unsupported("a result of type INTERVAL", "Use DATEDIFF, or add the interval to a time.")
            self._keep(self._duck_conn.to_arrow_table(), self.types, sql=steps[-1])
            return
        counts = self._change(plan, steps)
        if steps:
            self._transactions.note(partial(self._change, plan, steps) if self.repeatable else None, counts)
        if plan.outcome is Outcome.STATUS:
            self._keep(pa.table({"status": [plan.status]}), ["VARCHAR"])
        else:
            told = pa.table({name: [count] for name, count in counts.items()})
            self._keep(told, ["BIGINT"] * len(counts), affected=_affected(plan, counts))

    def _change(self, plan: Plan, steps: list[str]) -> dict[str, int]:
        """Run the steps of a statement that gives no rows; the counts it is answered with."""
        with self._transactions.together() if len(steps) > 1 else contextlib.nullcontext():
            self._execute_steps(steps)
            if plan.outcome is Outcome.STATUS:
                return {}
            return self._merge_counts(plan) if plan.outcome is Outcome.MERGED else self._counts(plan.outcome)

    def _execute_steps(self, steps: list[str]) -> None:
        for step in steps:
            self._duck_conn.execute(step, self.context.params if "?" in step else None)

    def _counts(self, outcome: Outcome) -> dict[str, int]:
        row = self._duck_conn.fetchone()
        counts = {outcome.value: int(row[0]) if row else 0}
        return counts | ({"number of multi-joined rows updated": 0} if outcome is Outcome.UPDATED else {})

    def _merge_counts(self, plan: Plan) -> dict[str, int]:
        actions: pa.Table = self._duck_conn.to_arrow_table()
        taken = pc.value_counts(actions.column(0)).to_pylist()
        counts = {item["values"]: item["counts"] for item in taken}
        return {MERGE_COLUMNS[action]: counts.get(action, 0) for action in plan.merge_actions}

    def _keep(self, table: pa.Table, types: list[str], *, affected: int | None = None, sql: str | None = None) -> None:
        self._arrow_table = table
        self._arrow_table_fetch_index = None
        self._rowcount = table.num_rows if affected is None else affected
        self._sfqid = str(uuid.uuid4())
        self.types = types
        self._last_sql, self._last_params = sql, None
        self._conn.results_cache[self._sfqid] = (table, self._rowcount, sql, None, None)

    def _describe_only(self, command: str) -> list[tuple[Any, ...]] | None:
        """The result columns of a statement that is not run, as DuckDB's DESCRIBE gives them.

        None for a statement that can only be described by running it: SHOW, DESCRIBE, LIST.
        """
        with errors.as_snowflake(self._transactions.failed):
            command = self._prepared(command)
            return self._described(planning.parse(command))

    def _described(self, expression: Expr) -> list[tuple[Any, ...]] | None:
        self.statement_type_id = statement_type_id(expression)
        self.takes_rows = isinstance(expression, exp.Insert)
        if isinstance(expression, (exp.Show, exp.Describe, exp.Command)):
            return None
        placeholders = list(expression.find_all(exp.Placeholder))
        self.placeholder_count = len(placeholders)
        for placeholder in placeholders:
            placeholder.replace(exp.Null())
        known = lineage.origins(expression, self.context)  # before planning, which changes the tree
        plan = planning.plan(expression, self.context)
        if plan is None or plan.outcome is Outcome.STATUS:
            return [("status", "VARCHAR", "YES", None, None, None)]
        if plan.outcome is Outcome.MERGED:
            return [(MERGE_COLUMNS[action], "BIGINT", "YES", None, None, None) for action in plan.merge_actions]
        if plan.outcome is not Outcome.ROWS:
            return [(plan.outcome.value, "BIGINT", "YES", None, None, None)]
        step = plan.steps[-1]
        sql = step if isinstance(step, str) else step.sql("duckdb", copy=False)
        described = self._duck_conn.execute(f"DESCRIBE {sql}").fetchall()
        return lineage.refine(described, known)


def _affected(plan: Plan, counts: dict[str, int]) -> int:
    """Rows that a change touched: all of a MERGE's, of the others the first count."""
    return sum(counts.values()) if plan.outcome is Outcome.MERGED else next(iter(counts.values()))
