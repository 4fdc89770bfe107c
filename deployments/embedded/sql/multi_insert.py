"""`INSERT ALL` and `INSERT FIRST`: the rows of one query into several tables, each row by the conditions it meets."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlglot import Expr, exp

from deployments.embedded.context import StatementContext
from deployments.embedded.errors import unsupported
from deployments.embedded.sql import dml
from deployments.embedded.sql.plan import Outcome, Plan

_OVERWRITES = re.compile(r"\s*INSERT\s+OVERWRITE\b", re.IGNORECASE)
_ROWS = 'temp.main."_rows_to_insert"'


@dataclass(frozen=True)
class _Into:
    """One INTO of the statement.

    Attributes:
        tree: The INSERT, without a query.
        condition: The rows that it takes; None takes all.
    """

    tree: exp.Insert
    condition: Expr | None


def insert_into_several(tree: exp.MultitableInserts, context: StatementContext) -> Plan:
    """`INSERT ALL [WHEN … THEN] INTO t (columns) VALUES (columns) … SELECT …`: the query runs once, then every INTO.

    Raises:
        ProgrammingError: the statement has OVERWRITE, or DEFAULT among its values.
    """
    if _OVERWRITES.match(context.command or ""):
        raise unsupported("INSERT OVERWRITE ALL", "TRUNCATE the tables before, in the same transaction.")
    plan = Plan(
        [f"CREATE OR REPLACE TEMP TABLE {_ROWS} AS {tree.args['source'].sql('duckdb')}"], Outcome.MULTI_INSERTED
    )
    names = []
    for into in _list_intos(tree):
        target = into.tree.this.this if isinstance(into.tree.this, exp.Schema) else into.tree.this
        names.append(target.name)
        plan.steps += dml.insert(_select_rows(into), context).steps
    plan.steps.append(f"DROP TABLE {_ROWS}")
    plan.insert_targets = tuple(names)
    return plan


def _list_intos(tree: exp.MultitableInserts) -> list[_Into]:
    """List the INTOs with their conditions: one that has none of its own stands under the WHEN or ELSE before it."""
    takes_first = str(tree.args.get("kind")).upper() == "FIRST"
    found: list[_Into] = []
    whens: list[Expr] = []
    condition: Expr | None = None
    for item in tree.expressions:
        if item.args.get("else_"):
            condition = _is_none_of(whens)
        elif item.expression is not None:
            own = item.expression
            condition = exp.and_(own.copy(), _is_none_of(whens)) if takes_first and whens else own
            whens.append(own)
        found.append(_Into(item.this, condition))
    return found


def _is_none_of(conditions: list[Expr]) -> Expr:
    """Tell that no condition is met; one that is NULL is not."""
    return exp.not_(exp.func("COALESCE", exp.or_(*[exp.paren(one.copy()) for one in conditions]), exp.false()))


def _select_rows(into: _Into) -> exp.Insert:
    """Give the INSERT its query, of what the statement's query gave."""
    values = into.tree.expression
    if isinstance(values, exp.Values):
        chosen = [item.copy() for item in values.expressions[0].expressions]
        if any(isinstance(item, exp.Var) for item in chosen):
            raise unsupported("DEFAULT in INSERT ALL", "Leave the column out.")
    else:
        chosen = [exp.Star()]
    query = exp.Select(expressions=chosen).from_(exp.to_table(_ROWS, dialect="duckdb"))
    tree: exp.Insert = into.tree.copy()
    tree.set("expression", query if into.condition is None else query.where(into.condition.copy()))
    return tree
