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


def name_positions(tree: Expr, context: StatementContext) -> Expr:
    """Write `ORDER BY 1` and the alias of a value as the value, where that may be a VARIANT.

    In an expression, DuckDB would take the alias for the column of that name.
    """
    for node in list(tree.find_all(exp.Ordered)):
        query = node.parent.parent if isinstance(node.parent, exp.Order) else None
        value = find_ordered_value(node.this, query)
        if value is None or not (is_variant(value) or isinstance(value, exp.Column)):
            continue
        if isinstance(query, exp.Select) and not _is_grouped(query):
            node.set("this", value.copy())
    return tree


def find_ordered_value(ordered: Expr, query: Expr | None) -> Expr | None:
    """Find what a position or an alias stands for in a query's ORDER BY."""
    if not isinstance(query, exp.Select) or any(item.is_star for item in query.selects):
        return None
    if isinstance(ordered, exp.Literal) and ordered.is_int and 0 < int(ordered.name) <= len(query.selects):
        return query.selects[int(ordered.name) - 1].unalias()
    if isinstance(ordered, exp.Column) and not ordered.table:
        named = [item.this for item in query.selects if isinstance(item, exp.Alias) and item.alias == ordered.name]
        return named[0] if named else None
    return None


def _is_grouped(query: exp.Select) -> bool:
    """Whether only what is selected can be named behind ORDER BY."""
    group = query.args.get("group")
    return bool(query.args.get("distinct") or (group and group.args.get("all")))


def order_variants(tree: Expr, context: StatementContext) -> Expr:
    """`ORDER BY "V":a`, also in a window, WITHIN GROUP, and by the alias or the place that the value has in its SELECT.

    It comes after the rules of all nodes, which tell what a VARIANT is.
    """
    for node in list(tree.find_all(exp.Ordered)):
        value = node.this
        select = node.parent.parent if isinstance(node.parent, exp.Order) else None
        meant = find_ordered_value(value, select)
        if is_variant(value) and find_percentile(node) is not None:
            order_percentile(node, key(value.copy()))
        elif is_variant(value) or is_variant(meant):
            if isinstance(select, exp.Select) and select.args.get("distinct"):
                raise unsupported("SELECT DISTINCT ordered by a VARIANT", "Cast it, or order in an outer query.")
            node.set("this", key(value.copy()))
    return tree


def find_percentile(ordered: exp.Ordered) -> Expr | None:
    """Find the PERCENTILE_CONT or PERCENTILE_DISC whose values WITHIN GROUP are, as they are its answer too."""
    within = ordered.parent.parent if ordered.parent is not None else None
    return within.this if isinstance(within, exp.WithinGroup) and isinstance(within.this, exp.PERCENTILES) else None


def order_percentile(ordered: exp.Ordered, by: Expr) -> None:
    """Order PERCENTILE_DISC's values by another, of which the one for the answer is picked out again.

    DuckDB answers with what it orders by, which has to be the pair of both; the pair of a NULL would not be skipped as
    a NULL is. PERCENTILE_CONT reckons with its values: DuckDB refuses those that are no numbers.
    """
    called, value = find_percentile(ordered), ordered.this
    if called is None or isinstance(called, exp.PercentileCont):
        if is_variant(value):
            ordered.set("this", exp.cast(value.copy(), exp.DataType.Type.DOUBLE))
        return
    fields = (("by", by), ("of", value.copy()))
    pair = func("struct_pack", *(exp.PropertyEQ(this=exp.to_identifier(name), expression=x) for name, x in fields))
    is_null = exp.Is(this=value.copy(), expression=exp.Null())
    ordered.set("this", exp.Case(ifs=[exp.If(this=exp.Not(this=is_null), true=pair)]))
    outer: Expr = called
    while isinstance(outer.parent, (exp.WithinGroup, exp.Filter, exp.Window)) and outer.parent.this is outer:
        outer = outer.parent
    picked = func("struct_extract")
    outer.replace(as_variant(picked) if is_variant(value) else picked)
    picked.set("expressions", [outer, exp.Literal.string("of")])


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
