"""ASOF JOIN, and what stands in ON, WHERE, HAVING and QUALIFY."""

from __future__ import annotations

from sqlglot import Expr, exp

from deployments.embedded.errors import snowflake_error, unsupported
from deployments.embedded.sql.rewrites.trees import Rule

_COMBINING = (exp.And, exp.Or, exp.Not, exp.Paren)


def _join(node: exp.Join) -> Expr:
    """`l ASOF JOIN r MATCH_CONDITION (l.t >= r.t) ON l.k = r.k`: rows of l without a match stay.

    A join within parentheses that says nothing, `(l JOIN r)`, would be written as `(l, r)`, which is no join there.
    """
    condition = node.args.get("match_condition")
    if (node.method or "").upper() == "ASOF" and condition is not None:
        if node.args.get("using"):
            raise unsupported("ASOF JOIN … USING", "Write ON.")
        on = node.args.get("on")
        node.set("match_condition", None)
        node.set("side", "LEFT")
        node.set("on", exp.and_(on, condition) if on is not None else condition)
    elif node.args.get("on") is not None:
        _check(node.args["on"])
    elif isinstance(node.parent, exp.Subquery) and not (
        node.kind or node.side or node.method or node.args.get("using")
    ):
        node.set("kind", "CROSS")
    return node


def _clause(node: Expr) -> Expr:
    """`WHERE 1` is an error."""
    _check(node.this)
    return node


def _check(predicate: Expr) -> None:
    if isinstance(predicate, _COMBINING):
        for part in predicate.iter_expressions():
            _check(part)
    elif isinstance(predicate, exp.Literal) and not predicate.is_string:
        message = f"SQL compilation error:\nInvalid data type [NUMBER] for predicate [{predicate.name}]"
        raise snowflake_error(message, 2401, "42601")


RULES: dict[type[Expr], Rule] = {
    exp.Join: _join,
    **dict.fromkeys((exp.Where, exp.Having, exp.Qualify), _clause),
}
