"""Aggregates whose result is wrapped, with the clauses that belong to them (OVER, FILTER, WITHIN GROUP)."""

from __future__ import annotations

from sqlglot import Expr, exp

from deployments.embedded.context import StatementContext
from deployments.embedded.sql.macros import call
from deployments.embedded.sql.rewrites.numbers import cast_average
from deployments.embedded.sql.rewrites.trees import as_variant, func
from deployments.embedded.sql.rewrites.types import variant

WRAPPED = (exp.Avg, exp.ArrayAgg, exp.ArrayUniqueAgg, exp.GroupConcat, exp.ObjectAgg)
WINDOW_FUNCTIONS = frozenset({"RATIO_TO_REPORT", "CONDITIONAL_TRUE_EVENT"})


def _with_clauses(node: Expr) -> Expr:
    """The aggregate with its OVER, FILTER or WITHIN GROUP."""
    clauses = (exp.Window, exp.Filter, exp.WithinGroup, exp.IgnoreNulls)
    while isinstance(node.parent, clauses) and node.parent.this is node:
        node = node.parent
    return node


def wrap_aggregates(tree: Expr, context: StatementContext) -> Expr:
    """Give aggregates Snowflake's type or its value for no rows.

    `AVG("N")` is a decimal; `ARRAY_AGG("X")` is an ARRAY and `[]` without rows; `LISTAGG("S")` is empty text without
    rows.
    """
    for node in list(tree.find_all(*WRAPPED)):
        outer = _with_clauses(node)
        parent_is_root = outer is tree
        new = _wrap(node, outer)
        if new is not outer and not parent_is_root:
            outer.replace(new)
    return tree


def write_window_functions(tree: Expr, context: StatementContext) -> Expr:
    """`RATIO_TO_REPORT("N") OVER (…)` and `CONDITIONAL_TRUE_EVENT("B") OVER (…)` are sums."""
    for window in list(tree.find_all(exp.Window)):
        if isinstance(window.this, exp.Anonymous):
            _window_function(window, window.this)
    return tree


def _wrap(node: Expr, outer: Expr) -> Expr:
    if isinstance(node, exp.Avg):
        return cast_average(outer) if node.meta.get("averages") else outer
    if isinstance(node, (exp.ArrayAgg, exp.ArrayUniqueAgg)):
        empty = exp.cast(exp.Literal.string("[]"), exp.DataType.Type.JSON)
        return as_variant(func("coalesce", func("to_json", outer.copy()), empty))
    if isinstance(node, exp.GroupConcat):
        return func("coalesce", outer.copy(), "")
    if isinstance(node, exp.ObjectAgg):
        return _object_agg(node, outer)
    return outer


def _object_agg(node: exp.ObjectAgg, outer: Expr) -> Expr:
    """`OBJECT_AGG("K", "V")` leaves rows with a NULL key or value out."""
    key, value = node.this, node.expression
    present = exp.and_(*(exp.Not(this=exp.Is(this=x.copy(), expression=exp.Null())) for x in (key, value)))
    pair = func("struct_pack", _name_value("k", key.copy()), _name_value("v", variant(value.copy())))
    pairs: Expr = exp.Filter(this=func("list", pair), expression=exp.Where(this=present))
    if isinstance(outer, exp.Window):
        window = outer.copy()
        window.set("this", pairs)
        pairs = window
    empty = exp.cast(exp.Literal.string("{}"), exp.DataType.Type.JSON)
    return as_variant(func("coalesce", call("sf_object", pairs), empty))


def _name_value(name: str, value: Expr) -> Expr:
    return exp.PropertyEQ(this=exp.to_identifier(name), expression=value)


def _window_function(window: exp.Window, called: exp.Anonymous) -> None:
    name = called.name.upper()
    if name == "RATIO_TO_REPORT":
        total = window.copy()
        total.set("this", exp.Sum(this=called.expressions[0].copy()))
        window.replace(call("sf_divide", called.expressions[0].copy(), total))
    elif name == "CONDITIONAL_TRUE_EVENT":
        counted = exp.CountIf(this=called.expressions[0].copy())
        window.set("this", counted)
        window.set(
            "spec",
            exp.WindowSpec(kind="ROWS", start="UNBOUNDED", start_side="PRECEDING", end="CURRENT ROW"),
        )
