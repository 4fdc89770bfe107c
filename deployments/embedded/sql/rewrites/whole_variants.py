"""Whole columns that may be VARIANTs where values are ordered: `ORDER BY v`, `MAX(v)`, `v > w`, `GREATEST(v, w)`.

A tree does not tell the type of a column, and DuckDB orders JSON by its text. So the names that VARIANT columns have
anywhere in the warehouse are kept; an expression of such a name is written so that DuckDB decides by the type that it
finds when it binds. Statements without such a name are left as they are.
"""

from __future__ import annotations

from collections.abc import Iterable

import duckdb
from sqlglot import Expr, exp

from deployments.embedded.context import StatementContext
from deployments.embedded.sql.macros import call
from deployments.embedded.sql.rewrites import order
from deployments.embedded.sql.rewrites.trees import JSON, as_variant, func, is_variant

_GIVEN_BY_FLATTEN = frozenset({"VALUE", "THIS"})
_ORDERED = (exp.GT, exp.GTE, exp.LT, exp.LTE)
_EXTREMES = (exp.Max, exp.Min, exp.ArgMax, exp.ArgMin)
ORDERING: tuple[type[Expr], ...] = (exp.Ordered, exp.Median, *_EXTREMES, *_ORDERED)
ORDERING_FUNCTIONS = frozenset({"GREATEST", "LEAST"})
_NAMING = (exp.ColumnDef, exp.RenameColumn, exp.Alias, exp.CTE, exp.Subquery, exp.Create)


def variant_names(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """The names that columns of type VARIANT, OBJECT or ARRAY have in the warehouse."""
    found = connection.execute("SELECT DISTINCT column_name FROM duckdb_columns() WHERE data_type = 'JSON'")
    return {name for (name,) in found.fetchall()} | _GIVEN_BY_FLATTEN


def order_whole_variants(tree: Expr, context: StatementContext) -> Expr:
    """Order what may be a VARIANT by its value where it turns out to be one."""
    known: set[str] = context.connection.engine.variant_names
    nodes = list(tree.find_all(*_NAMING, *ORDERING, exp.Anonymous))
    names = known | _find_named_here([node for node in nodes if isinstance(node, _NAMING)], known)
    if isinstance(tree, (exp.Create, exp.Alter)):
        known.update(names)
    for node in nodes:
        if isinstance(node, exp.Ordered) and _may_be(node.this, names):
            _order(node)
        elif isinstance(node, exp.Median) and _may_be(node.this, names):
            # It is the same of numbers; of JSON, median is the middle text, where this is refused until it is cast
            node.replace(func("quantile_cont", node.this.copy(), exp.Literal.number("0.5")))
        elif isinstance(node, _EXTREMES):
            _extreme(node, names)
        elif isinstance(node, _ORDERED) and _all_may_be((node.this, node.expression), names):
            node.replace(_compare(node))
        elif (
            isinstance(node, exp.Anonymous)
            and node.name in ("greatest", "least")
            and _all_may_be(node.expressions, names)
        ):
            node.replace(_greatest(node.expressions, exp.GTE if node.name == "greatest" else exp.LTE))
    return tree


def _all_may_be(values: Iterable[Expr], names: set[str]) -> bool:
    return all(_may_be(value, names) for value in values)


def _may_be(value: Expr | None, names: set[str]) -> bool:
    return isinstance(value, exp.Column) and value.name in names and not is_variant(value)


def _find_named_here(nodes: list[Expr], known: set[str]) -> set[str]:
    """The names that a statement gives to VARIANTs: of columns, aliases and lists of names."""
    names: set[str] = set()
    pairs: list[tuple[str, Expr]] = []
    for node in nodes:
        if isinstance(node, exp.ColumnDef):
            names |= {node.name} if node.kind and node.kind.this == JSON else set()
        elif isinstance(node, exp.RenameColumn):
            pairs.append((node.args["to"].name, node.this))
        elif isinstance(node, exp.Alias):
            pairs.append((node.alias, node.this))
        elif listed := _read_list(node):
            query = node.expression if isinstance(node, exp.Create) else node.this
            selects = query.selects if isinstance(query, exp.Query) else []
            pairs += zip(listed, (item.unalias() for item in selects), strict=False)
    found = -1
    while found < len(names):  # an alias may be of an alias
        found = len(names)
        names |= {name for name, value in pairs if is_variant(value) or _may_be(value, names | known)}
    return names


def _read_list(holder: Expr) -> list[str]:
    """The names in the list behind a table's alias or a view's name."""
    if isinstance(holder, exp.Create):
        return [column.name for column in holder.this.expressions] if isinstance(holder.this, exp.Schema) else []
    alias = holder.args.get("alias")
    return [column.name for column in alias.args.get("columns") or []] if alias else []


def _key(value: Expr) -> Expr:
    """The key of a VARIANT, NULL of anything else."""
    return call("sf_whole_key", value)


def _both(value: Expr) -> Expr:
    """What values of any one type are compared by."""
    return func("row", _key(value.copy()), value.copy())


def _order(node: exp.Ordered) -> None:
    """By the key, which is NULL for what is no VARIANT, then by the value itself."""
    if order.find_percentile(node) is not None:
        order.order_percentile(node, _key(node.this.copy()))
        return
    window = node.find_ancestor(exp.Window, exp.Select)
    spec = window.args.get("spec") if isinstance(window, exp.Window) else None
    if spec is not None and spec.args.get("kind") == "RANGE" or node.parent is None:
        return
    select = node.parent.parent
    group = select.args.get("group") if isinstance(select, exp.Select) else None
    if isinstance(select, exp.Select) and group is not None and group.args.get("all"):
        _order_outside(select)  # GROUP BY ALL does not see expressions of ORDER BY
    by_key = node.copy()
    meant = order.find_ordered_value(node.this, select)  # DuckDB would take an alias in an expression for a column
    by_key.set("this", _key((meant or node.this).copy()))
    siblings = node.parent.expressions
    at = next(place for place, sibling in enumerate(siblings) if sibling is node)
    node.parent.set("expressions", [*siblings[:at], by_key, *siblings[at:]])


def _order_outside(select: exp.Select) -> None:
    """`SELECT * FROM (SELECT …) ORDER BY …`, so that the order is of what the query gives."""
    kept = ("order", "limit", "offset")
    inner = exp.Select(**{name: value for name, value in select.args.items() if name not in kept})
    for name in [name for name in select.args if name not in kept]:
        select.set(name, None)
    source = exp.Subquery(this=inner, alias=exp.TableAlias(this=exp.to_identifier("_ORDERED", quoted=True)))
    select.set("expressions", [exp.Star()])
    select.set("from_", exp.From(this=source))


def _extreme(node: Expr, names: set[str]) -> None:
    if isinstance(node, (exp.ArgMax, exp.ArgMin)):
        if _may_be(node.expression, names):
            node.set("expression", _both(node.expression))
    elif _may_be(node.this, names):
        name = "arg_max" if isinstance(node, exp.Max) else "arg_min"
        node.replace(func(name, node.this.copy(), _both(node.this)))


def _compare(node: exp.Binary) -> Expr:
    sides = (node.this, node.expression)
    are_json = exp.and_(
        *(exp.EQ(this=func("typeof", side.copy()), expression=exp.Literal.string("JSON")) for side in sides)
    )
    by_key = type(node)(this=_key(sides[0].copy()), expression=_key(sides[1].copy()))
    return exp.Paren(this=exp.Case(ifs=[exp.If(this=are_json, true=by_key)], default=node.copy()))


def _greatest(values: list[Expr], compare: type[exp.Binary]) -> Expr:
    """The greatest or least of values of which none is NULL."""
    found = values[0].copy()
    for value in values[1:]:
        is_further = compare(this=_both(found), expression=_both(value))
        found = exp.Case(ifs=[exp.If(this=is_further, true=found)], default=value.copy())
    return as_variant(found)
