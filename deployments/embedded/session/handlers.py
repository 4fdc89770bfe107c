"""Statements that are answered whole: by the words they begin with, without the parser, or by their tree."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeAlias

import pyarrow as pa
from sqlglot import Expr, exp

from deployments.embedded.account import statements as account_statements
from deployments.embedded.catalog.databases import create_database, drop_database
from deployments.embedded.catalog.describe import describe_table
from deployments.embedded.catalog.show import show, show_by_name
from deployments.embedded.context import StatementContext
from deployments.embedded.session.account import alter_account
from deployments.embedded.session.parameters import alter_session, set_variables, unset_variables
from deployments.embedded.stages.statements import STATEMENTS

Result: TypeAlias = "pa.Table | dict[str, Any]"  # a mapping is the `data` of a response that is no table (PUT, GET)
BY_WORDS: dict[str, Callable[[str, StatementContext], Result | None]] = {
    **STATEMENTS,
    **account_statements.STATEMENTS,
    "ALTER ACCOUNT": alter_account,
    "ALTER SESSION": alter_session,
    "UNSET": unset_variables,
}
BY_KIND: dict[type[Expr], Callable[[Any, StatementContext], Result]] = {
    exp.Set: set_variables,
    exp.Show: show,
    exp.Describe: describe_table,
}
BY_OBJECT: dict[tuple[type[Expr], str], Callable[[Any, StatementContext], Result]] = {
    (exp.Create, "DATABASE"): create_database,
    (exp.Drop, "DATABASE"): drop_database,
}
_WORDS = re.compile(r"\s*([A-Za-z]+)((?:\s+[A-Za-z_]+){0,6})")
_FIRST = {words.split()[0] for words in BY_WORDS}
_BETWEEN = {"OR", "REPLACE", "SCOPED", "TEMP", "TEMPORARY"}


def answer_by_words(sql: str, context: StatementContext) -> Result | None:
    """The result of a statement that is told by its first words; None for any other."""
    match = _WORDS.match(sql)
    if match is None or (first := match[1].upper()) not in _FIRST:
        return None
    more = [word for word in match[2].upper().split() if word not in _BETWEEN]
    handle = BY_WORDS.get(f"{first} {more[0]}" if more else first) or BY_WORDS.get(first)
    return handle(sql, context) if handle else None


def answer_by_kind(tree: Expr, context: StatementContext) -> Result | None:
    """The result of a statement that is told by its tree; None for any other."""
    if isinstance(tree, exp.Command) and tree.name.upper() == "SHOW":
        return show_by_name(str(tree.expression), context)
    handle = BY_KIND.get(type(tree)) or BY_OBJECT.get((type(tree), str(tree.args.get("kind") or "").upper()))
    return handle(tree, context) if handle else None
