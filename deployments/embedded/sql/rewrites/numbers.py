"""Arithmetic whose result, type or error differs."""

from __future__ import annotations

from sqlglot import Expr, exp

from deployments.embedded.sql.macros import call
from deployments.embedded.sql.rewrites.trees import Rule, by_macro, func, is_variant
from deployments.embedded.sql.rewrites.types import Type

MICRO = "0.000001"


def divide(node: exp.Div) -> Expr:
    """`7 / 2` is 3.500000 and `1 / 0` an error; DuckDB gives floats and infinity."""
    return call("sf_divide", _number(node.this), _number(node.expression))


def modulo(node: exp.Mod) -> Expr:
    """`"V":a % 2`; parentheses around a sum must stay."""
    if is_variant(node.this.unnest()):
        node.set("this", _number(node.this))
    return node


def _number(node: Expr) -> Expr:
    if isinstance(node, exp.Paren):
        node = node.this
    return exp.cast(node, Type.DOUBLE, copy=False) if is_variant(node) else node


def greatest(node: exp.Func) -> Expr:
    """`GREATEST(a, b)` and `LEAST(a, b)` are NULL if one argument is."""
    arguments = [node.this, *node.expressions]
    name = "greatest" if isinstance(node, exp.Greatest) else "least"
    if not node.args.get("ignore_nulls", True):
        any_null = exp.or_(*(exp.Is(this=a.copy(), expression=exp.Null()) for a in arguments))
        return exp.Case(ifs=[exp.If(this=any_null, true=exp.Null())], default=func(name, *arguments))
    return func(name, *arguments)


def average(node: exp.Avg) -> Expr:
    """`AVG("N")` of whole or decimal numbers is a decimal with six more digits; DuckDB gives a float.

    The second argument is never evaluated; it has the type that the result needs.
    """
    if is_variant(node.this):
        node.set("this", exp.cast(node.this, Type.DOUBLE, copy=False))
        return node
    node.meta["averages"] = True
    return node


def cast_average(node: Expr) -> Expr:
    """Cast an AVG, with its OVER or FILTER clause around it, to the type that Snowflake's has."""
    probe = node.copy()
    for average_ in probe.find_all(exp.Avg):
        inner = average_.this.expressions[0] if isinstance(average_.this, exp.Distinct) else average_.this
        average_.replace(exp.Min(this=inner.copy()))
    smallest = exp.Min(this=_plain(probe)) if isinstance(probe, exp.Avg) else probe
    scaled = func("coalesce", exp.Mul(this=smallest, expression=exp.Literal.number(MICRO)), 0)
    kind = exp.Case(ifs=[exp.If(this=exp.false(), true=scaled)])
    return func("cast_to_type", node.copy(), kind)


def _plain(average_: exp.Avg) -> Expr:
    inner: Expr = average_.this.expressions[0] if isinstance(average_.this, exp.Distinct) else average_.this
    return inner.copy()


def numeric_aggregate(node: exp.AggFunc) -> Expr:
    """`SUM("V":amount)`: a VARIANT is summed as a number."""
    if is_variant(node.this):
        node.set("this", exp.cast(node.this, Type.DOUBLE, copy=False))
    return node


def random(node: exp.Rand) -> Expr:
    """`RANDOM()`: a signed number of 64 bits; DuckDB gives a float between 0 and 1."""
    centred = exp.Paren(this=exp.Sub(this=func("random"), expression=exp.Literal.number("0.5")))
    return exp.cast(exp.Mul(this=centred, expression=exp.Literal.number(2**63 - 1)), Type.BIGINT)


def take_whole(node: exp.Chr | exp.Factorial) -> Expr:
    """`CHR("N")`, `FACTORIAL("N")`: DuckDB's take a number of 32 bits and nothing that would have to become one."""
    for argument in (node.this, *node.expressions):
        if argument is not None:
            argument.replace(exp.cast(argument, Type.INT))
    return node


RULES: dict[type[Expr], Rule] = {
    exp.Chr: take_whole,
    exp.Factorial: take_whole,
    exp.Div: divide,
    exp.Mod: modulo,
    exp.Avg: average,
    exp.WidthBucket: by_macro("sf_width_bucket", "this", "min_value", "max_value", "num_buckets"),
    exp.Hll: lambda node: exp.ApproxDistinct(this=node.this),
    exp.Rand: random,
    **dict.fromkeys(
        (exp.Sqrt, exp.Ln, exp.Log, exp.Asin, exp.Acos, exp.Pow, exp.Exp), lambda node: call("sf_finite", node.copy())
    ),
    exp.Sum: numeric_aggregate,
    exp.Median: numeric_aggregate,
    exp.Stddev: numeric_aggregate,
    exp.Variance: numeric_aggregate,
}
