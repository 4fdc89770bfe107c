"""Calls of a macro for the type of its argument, where DuckDB knows the type before it takes the macro.

Of `TO_DATE("D")` DuckDB binds all that any type may need, eight times what a DATE needs. It does not know beforehand
the type of an aggregate, of a window function, or of what another item of the SELECT names; and it fails on a column of
the query around a LATERAL one. There the macro for every type stays.
"""

from __future__ import annotations

import duckdb
from sqlglot import Expr, exp

from deployments.embedded.context import StatementContext
from deployments.embedded.sql.macros import HOME
from deployments.embedded.sql.macros_by_type import CHOSEN, SUFFIX

_REFUSED = "has multiple overloads that match"
_MACROS = {f"{HOME}.{name}" for name in CHOSEN}
_UNKNOWN = (exp.AggFunc, exp.Window, exp.Query, exp.Lambda)
# DuckDB's that give a value for each row
_FUNCTIONS = {
    *("to_years", "to_quarters", "to_months", "to_weeks", "to_days", "date_part", "date_diff", "now", "strftime"),
    *("to_json", "json_extract", "json_extract_string", "list_extract", "coalesce", "md5", "least", "greatest"),
}
_LATERAL = (exp.Lateral, exp.Unnest, exp.Table)


def is_unknown_type(error: duckdb.Error) -> bool:
    """Whether DuckDB refused a statement because it does not know a type."""
    return _REFUSED in str(error)


def call_by_type(tree: Expr, context: StatementContext) -> Expr:
    """Call the macro that has a body per type wherever the type of its argument is known."""
    if context.knows_types:
        choose_macros(tree)
    return tree


def choose_macros(*roots: Expr) -> None:
    """Call the macro that has a body per type in some parts of a statement."""
    named: dict[int, tuple[set[str], set[str]]] = {}
    for node in (node for root in roots for node in root.find_all(exp.Anonymous)):
        if node.name in _MACROS and _is_known(node, named):
            node.set("this", node.name + SUFFIX)


def _is_known(node: exp.Anonymous, named: dict[int, tuple[set[str], set[str]]]) -> bool:
    """Whether DuckDB can tell the type of a call's arguments.

    Args:
        node: The call.
        named: The names that the items of each SELECT give, by the SELECT: those that no column of the same name may
            stand behind, and all of them.
    """
    select = _find_select(node)
    if select is None:
        return False
    holder, is_ordering = select
    if id(holder) not in named:
        named[id(holder)] = _list_names(holder)
    others, every = named[id(holder)]
    names = every if is_ordering else others
    return not any(
        isinstance(part, _UNKNOWN)
        or (isinstance(part, exp.Anonymous) and not part.name.startswith(HOME) and part.name not in _FUNCTIONS)
        or (isinstance(part, exp.Column) and part.name in names and not part.args.get("table"))
        for argument in node.expressions
        for part in argument.walk()
    )


def _find_select(node: Expr) -> tuple[exp.Select, bool] | None:
    """The SELECT around a node and whether the node is in its ORDER BY; None around what is LATERAL there."""
    found: tuple[exp.Select, bool] | None = None
    child, parent = node, node.parent
    while parent is not None:
        if isinstance(parent, _LATERAL):
            return None
        if found is None and isinstance(parent, exp.Select):
            found = parent, child.arg_key == "order"
        child, parent = parent, parent.parent
    return found


def _list_names(select: exp.Select) -> tuple[set[str], set[str]]:
    every, others = set(), set()
    for item in select.expressions:
        if isinstance(item, exp.Alias):
            every.add(item.alias)
            if all(column.name != item.alias for column in item.find_all(exp.Column)):
                others.add(item.alias)
    return others, every
