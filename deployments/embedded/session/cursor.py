"""One statement's way: handler, or parse, rewrite, plan, run on DuckDB, with Snowflake's errors and result types."""

from __future__ import annotations

import contextlib
import logging
from functools import partial
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
from sqlglot import Expr, exp

from deployments.embedded import errors
from deployments.embedded.context import StatementContext
from deployments.embedded.scanner import with_named_objects
from deployments.embedded.session import dialect, handlers
from deployments.embedded.session.connection import EmbeddedConnection
from deployments.embedded.session.parameters import inline_variables
from deployments.embedded.sql import dml, lineage, planner
from deployments.embedded.sql.dml import MERGE_COLUMNS
from deployments.embedded.sql.plan import Outcome, Plan
from deployments.embedded.sql.rewrites.before_parsing import TEXT
from deployments.embedded.sql.rewrites.implicit_casts import is_refused_text
from deployments.embedded.sql.rewrites.known_types import is_unknown_type
from deployments.embedded.stages.copy.load_history_views import find_forgotten
from deployments.embedded.wire.statement_types import SELECT, statement_type_id

# sqlglot warns of each statement that it hands on as text; those are answered with an error that names them.
logging.getLogger("sqlglot").setLevel(logging.ERROR)


class EmbeddedCursor:
    """Runs one statement of Snowflake's SQL on DuckDB.

    Attributes:
        response_data: The `data` part of the response where the result is no table (PUT, GET), else None.
        statement_type_id: Snowflake's id of the statement's kind.
        types: DuckDB's type of each result column.
        placeholder_count: Placeholders of a statement that was described.
        takes_rows: Whether a statement that was described is an INSERT.
        repeatable: Whether the statement may be run again in a transaction that is repeated.
    """

    def __init__(self, connection: EmbeddedConnection) -> None:
        """A cursor of a session."""
        self.context = StatementContext(connection, connection.session, connection.engine.paths.root, dialect)
        self.response_data: dict[str, Any] | None = None
        self.statement_type_id: int = SELECT
        self.table: pa.Table = pa.table({})
        self.types: list[str] = []
        self.rowcount = 0
        self.placeholder_count = 0
        self.takes_rows = False
        self.repeatable = True
        self._transactions = connection.transactions
        self._duck_conn = connection.duck_conn

    def execute(self, command: str, params: list[Any] | dict[str, Any] | None = None) -> EmbeddedCursor:
        """Run one statement; the result is in `table`, or in `response_data`."""
        self.context.params, self.context.command = params, command
        with errors.as_snowflake(self._transactions.note_failure):
            command, self.context.params = with_named_objects(self._prepare(command), self.context.params)
            result = handlers.answer_by_words(command, self.context)
            if result is None:
                tree = self.context.parse(command)
                result = handlers.answer_by_kind(tree, self.context)
                if result is None:
                    self._run_converting(command, tree)
                    return self
                self.statement_type_id = statement_type_id(tree)
        if isinstance(result, dict):
            self.response_data = result
        else:
            self._keep(result, [])
        return self

    def _prepare(self, command: str) -> str:
        command = inline_variables(command, self.context)
        for change in TEXT:
            command = change(command)
        return command

    def _run_converting(self, command: str, tree: Expr) -> None:
        """Run a statement; where DuckDB refuses what may be written otherwise, run it so."""
        try:
            self._run(tree)
        except duckdb.BinderException as error:
            if not self._write_otherwise(error):
                raise
            self._run_converting(command, self.context.parse(command))

    def _write_otherwise(self, error: duckdb.Error) -> bool:
        """Have a refused statement written with texts converted or with no type known; whether one was the reason."""
        refuses_type = self.context.knows_types and is_unknown_type(error)
        refuses_text = not self.context.converts_texts and is_refused_text(error)
        if not (refuses_type or refuses_text) or not self._transactions.recover():
            return False
        self.context.knows_types &= not refuses_type
        self.context.converts_texts |= refuses_text
        return True

    def _run(self, expression: Expr) -> None:
        self._transactions.renew()
        self.statement_type_id = statement_type_id(expression)
        forgotten = find_forgotten(expression, self.context)
        changed = dml.find_changed_tables(expression, self.context)
        plan = planner.plan(expression, self.context)
        plan.steps[:0] = forgotten.steps
        if plan.commits:
            self._transactions.commit()
        elif changed:
            self._transactions.begin_for_change()
        if plan.steps:
            self._transactions.check()
        if not changed:
            self._execute_plan(plan)
        else:
            with self._transactions.changing(
                {table.name for table in changed if table.name},
                locks=not isinstance(expression, exp.Insert | exp.MultitableInserts),
                inserts=isinstance(expression, exp.Merge),
            ):
                self._execute_plan(plan)
        forgotten.remove_stages(self.context)
        if plan.uses is not None:
            self.context.connection.use(*plan.uses)
        self.context.session.temporary_tables |= plan.temporary
        self.context.session.temporary_tables -= plan.dropped

    def _execute_plan(self, plan: Plan) -> None:
        steps = [step if isinstance(step, str) else step.sql("duckdb", copy=False) for step in plan.steps]
        if plan.outcome is Outcome.ROWS:
            self._execute_steps(steps)
            self.types = [str(column[1]) for column in self._duck_conn.description or []]
            if "INTERVAL" in self.types:
                raise errors.unsupported("a result of type INTERVAL", "Use DATEDIFF, or add the interval to a time.")
            self._keep(self._duck_conn.to_arrow_table(), self.types)
            return
        counts = self._change(plan, steps)
        if steps:
            self._transactions.note(partial(self._change, plan, steps) if self.repeatable else None, counts)
        if plan.outcome is Outcome.STATUS:
            self._keep(pa.table({"status": [plan.status]}), ["VARCHAR"])
        else:
            told = pa.table({name: [count] for name, count in counts.items()})
            self._keep(told, ["BIGINT"] * len(counts), affected=_count_affected(plan, counts))

    def _change(self, plan: Plan, steps: list[str]) -> dict[str, int]:
        """Run the steps of a statement that gives no rows; the counts it is answered with."""
        with self._transactions.together() if len(steps) > 1 or plan.checks else contextlib.nullcontext():
            if plan.outcome is Outcome.MULTI_INSERTED:
                return self._insert_into_several(plan, steps)
            if plan.outcome is Outcome.MERGED:
                return self._merge(plan, steps)
            self._execute_steps(steps)
            return {} if plan.outcome is Outcome.STATUS else self._counts(plan.outcome)

    def _execute_steps(self, steps: list[str]) -> None:
        for step in steps:
            self._duck_conn.execute(step, self.context.params if "?" in step else None)

    def _insert_into_several(self, plan: Plan, steps: list[str]) -> dict[str, int]:
        counts = dict.fromkeys(plan.insert_targets, 0)
        self._execute_steps(steps[:1])
        for target, step in zip(plan.insert_targets, steps[1:-1], strict=True):
            self._execute_steps([step])
            counts[target] += next(iter(self._counts(Outcome.INSERTED).values()))
        self._execute_steps(steps[-1:])
        return {plan.outcome.value.format(table=target): count for target, count in counts.items()}

    def _counts(self, outcome: Outcome) -> dict[str, int]:
        row = self._duck_conn.fetchone()
        counts = {outcome.value: int(row[0]) if row else 0}
        return counts | ({"number of multi-joined rows updated": 0} if outcome is Outcome.UPDATED else {})

    def _merge(self, plan: Plan, steps: list[str]) -> dict[str, int]:
        self._check_repeated_keys(plan)
        actions = plan.merge_actions
        if len(actions) > 2:
            self._execute_steps(steps)
            rows: pa.Table = self._duck_conn.to_arrow_table()
            counts = {item["values"]: item["counts"] for item in pc.value_counts(rows.column(0)).to_pylist()}
        else:
            told = [self._tell_count(step) for step in steps]
            counts = {actions[0]: told[0]} if len(actions) == 1 else dml.split_merged(actions, *told)
        return {MERGE_COLUMNS[action]: counts.get(action, 0) for action in actions}

    def _check_repeated_keys(self, plan: Plan) -> None:
        for check in plan.checks:
            values = [list(self.context.params or ())[place] for place in check.places]
            if self._duck_conn.execute(check.sql, values or None).fetchone() is None:
                return
        if plan.checks:
            raise errors.changes_row_twice()

    def _tell_count(self, step: str) -> int:
        self._execute_steps([step])
        return int((self._duck_conn.fetchone() or (0,))[0])

    def _keep(self, table: pa.Table, types: list[str], *, affected: int | None = None) -> None:
        self.table, self.types = table, types
        self.rowcount = table.num_rows if affected is None else affected

    def describe(self, command: str) -> list[tuple[Any, ...]] | None:
        """The result columns of a statement that is not run, as DuckDB's DESCRIBE gives them.

        None for a statement that can only be described by running it: SHOW, DESCRIBE, LIST.
        """
        with errors.as_snowflake(self._transactions.note_failure):
            command = self._prepare(command)
            while True:
                try:
                    return self._describe(self.context.parse(command))
                except duckdb.BinderException as error:
                    if not self._write_otherwise(error):
                        raise

    def _describe(self, expression: Expr) -> list[tuple[Any, ...]] | None:
        self.statement_type_id = statement_type_id(expression)
        self.takes_rows = isinstance(expression, exp.Insert)
        if isinstance(expression, (exp.Show, exp.Describe, exp.Command)):
            return None
        placeholders = list(expression.find_all(exp.Placeholder))
        self.placeholder_count = len(placeholders)
        for placeholder in placeholders:
            placeholder.replace(exp.Null())
        known = lineage.origins(expression, self.context)  # before planning, which changes the tree
        plan = planner.plan(expression, self.context)
        if plan.outcome is Outcome.STATUS:
            return [("status", "VARCHAR", "YES", None, None, None)]
        if plan.outcome is Outcome.MERGED:
            return [(MERGE_COLUMNS[action], "BIGINT", "YES", None, None, None) for action in plan.merge_actions]
        if plan.outcome is Outcome.MULTI_INSERTED:
            names = [plan.outcome.value.format(table=target) for target in dict.fromkeys(plan.insert_targets)]
            return [(name, "BIGINT", "YES", None, None, None) for name in names]
        if plan.outcome is not Outcome.ROWS:
            return [(plan.outcome.value, "BIGINT", "YES", None, None, None)]
        step = plan.steps[-1]
        sql = step if isinstance(step, str) else step.sql("duckdb", copy=False)
        described = self._duck_conn.execute(f"DESCRIBE {sql}").fetchall()
        return lineage.refine(described, known)


def _count_affected(plan: Plan, counts: dict[str, int]) -> int:
    """Rows that a change touched: all of a MERGE's and an INSERT ALL's, of the others the first count."""
    return (
        sum(counts.values())
        if plan.outcome in (Outcome.MERGED, Outcome.MULTI_INSERTED)
        else next(iter(counts.values()))
    )
