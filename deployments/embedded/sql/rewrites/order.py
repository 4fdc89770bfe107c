"""The order of VARIANT values: numbers as numbers, where DuckDB compares the texts of JSON."""

from __future__ import annotations

from sqlglot import Expr, exp

from deployments.embedded.context import StatementContext
from deployments.embedded.errors import snowflake_error, unsupported
from deployments.embedded.sql.macros import call
from deployments.embedded.sql.rewrites import numbers
from deployments.embedded.sql.rewrites.trees import Rule, as_variant, func, is_variant

_RANKS = (exp.RowNumber, exp.Rank, exp.DenseRank, exp.PercentRank, exp.CumeDist, exp.Ntile, exp.Lag, exp.Lead)


def key(value: Expr) -> Expr:
    """What a VARIANT is compared by."""
    return call("sf_variant_key", value)


def order_variants(tree: Expr, context: StatementContext) -> Expr:
    """`ORDER BY "V":a`, also in a window, WITHIN GROUP, and by the alias that the value has in its SELECT.

    It comes after the rules of all nodes, which tell what a VARIANT is.
    """
    for node in list(tree.find_all(exp.Ordered)):
        value = node.this
        if is_variant(value) or _names_variant(value):
            select = node.find_ancestor(exp.Select)
            if select is not None and select.args.get("distinct") and select.args.get("order") is node.parent:
                raise unsupported("SELECT DISTINCT ordered by a VARIANT", "Cast it, or order in an outer query.")
            node.set("this", key(value.copy()))
    return tree


def _names_variant(value: Expr) -> bool:
    """Whether the expression is the alias of a VARIANT in its SELECT."""
    select = value.find_ancestor(exp.Select)
    order = value.find_ancestor(exp.Order)
    if select is None or order is None or order.parent is not select:
        return False
    if isinstance(value, exp.Column) and not value.table:
        named = [item for item in select.expressions if isinstance(item, exp.Alias) and item.alias == value.name]
        return any(is_variant(item.this) for item in named)
    return False


def extreme(node: exp.Max | exp.Min) -> Expr:
    """`MAX("V":a)`: the value whose key is the largest."""
    if node.expressions:
        name, count = node.sql_name(), 1 + len(node.expressions)
        message = f"SQL compilation error:\ntoo many arguments for function [{name}] expected 1, got {count}"
        raise snowflake_error(message, 939, "22023")
    if not is_variant(node.this):
        return node
    name = "arg_max" if isinstance(node, exp.Max) else "arg_min"
    return as_variant(func(name, node.this, key(node.this.copy())))


def greatest(node: exp.Greatest | exp.Least) -> Expr:
    """`GREATEST("V":a, 5)` compares as numbers; of VARIANTs only, the one with the largest key."""
    values = [node.this, *node.expressions]
    others = [value for value in values if not is_variant(value)]
    if len(others) == len(values):
        return numbers.greatest(node)
    if others:
        values = [call("sf_as_type_of", value, others[0].copy()) if is_variant(value) else value for value in values]
        node.set("this", values[0])
        node.set("expressions", values[1:])
        return numbers.greatest(node)
    compare = exp.GTE if isinstance(node, exp.Greatest) else exp.LTE
    found = values[0]
    for value in values[1:]:
        is_further = compare(this=key(found.copy()), expression=key(value.copy()))
        chosen = exp.Case(ifs=[exp.If(this=is_further, true=found.copy())], default=value.copy())
        any_null = exp.or_(*(exp.Is(this=side.copy(), expression=exp.Null()) for side in (found, value)))
        found = exp.Case(ifs=[exp.If(this=any_null, true=exp.Null())], default=chosen)
    return as_variant(found)


def window(node: exp.Window) -> Expr:
    """`ROW_NUMBER() OVER ()` is an error on Snowflake: what numbers rows has to say in which order."""
    called = node.this.this if isinstance(node.this, (exp.IgnoreNulls, exp.RespectNulls)) else node.this
    if isinstance(called, _RANKS) and not node.args.get("order") and not node.args.get("alias"):
        name = called.sql_name()
        message = f"SQL compilation error:\nWindow function type [{name}] requires ORDER BY in window specification"
        raise snowflake_error(message, 2303, "42601")
    return node


def by_all(node: exp.Ordered) -> Expr:
    """`ORDER BY ALL`: ALL is no column."""
    if isinstance(node.this, exp.Column) and node.this.name == "ALL" and not node.this.this.quoted:
        node.set("this", exp.var("ALL"))
    return node


RULES: dict[type[Expr], Rule] = {
    exp.Max: extreme,
    exp.Min: extreme,
    exp.Greatest: greatest,
    exp.Least: greatest,
    exp.Window: window,
    exp.Ordered: by_all,
}
