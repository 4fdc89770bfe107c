"""A VARIANT beside other types: comparisons, arithmetic, COALESCE and its like."""

from __future__ import annotations

from sqlglot import Expr, exp

from deployments.embedded.errors import snowflake_error
from deployments.embedded.sql.macros import call
from deployments.embedded.sql.rewrites.dates import refuse_local_time
from deployments.embedded.sql.rewrites.order import key
from deployments.embedded.sql.rewrites.trees import (
    Rule,
    as_variant,
    func,
    gives_text,
    is_text_literal,
    is_variant,
    may_be_variant,
)
from deployments.embedded.sql.rewrites.types import text, variant


def compare(node: exp.Binary) -> Expr:
    """`"V":a = 'x'`, `"VALUE" > 5`: a VARIANT compares as the type of the other side."""
    if isinstance(node.parent, (exp.Update, exp.SetItem)) and node.arg_key != "where":
        return node
    left, right = node.this, node.expression
    refuse_local_time(left, right)
    if is_variant(left) and is_variant(right):
        node.set("this", key(left))
        node.set("expression", key(right))
        return node
    if is_variant(left):
        node.set("this", _comparable(left, right))
    elif is_variant(right):
        node.set("expression", _comparable(right, left))
    elif is_text_literal(right) and may_be_variant(left):
        return _compare_with_text(node, left, right, flipped=False)
    elif is_text_literal(left) and may_be_variant(right):
        return _compare_with_text(node, right, left, flipped=True)
    return node


def _comparable(value: Expr, other: Expr) -> Expr:
    if is_text_literal(other):
        return text(value)
    if isinstance(other, exp.Boolean):
        return exp.cast(value, exp.DataType.Type.BOOLEAN, copy=False)
    if isinstance(other, (exp.Literal, exp.Neg)):
        return exp.cast(value, exp.DataType.Type.DOUBLE, copy=False)
    return call("sf_as_type_of", value, other.copy())


def _compare_with_text(node: exp.Binary, column: Expr, other: Expr, *, flipped: bool) -> Expr:
    """Text of the value if the column turns out to be a VARIANT, else the comparison as it stands."""
    if not isinstance(column, exp.Column) or gives_text(column, by_columns=True):
        return node
    value = _text_of_json(column)
    sides = (other.copy(), value) if flipped else (value, other.copy())
    return _if_json(column, type(node)(this=sides[0], expression=sides[1]), node)


def _text_of_json(column: Expr) -> Expr:
    return func("json_extract_string", func("to_json", column.copy()), "$")


def _if_json(column: Expr, condition: Expr, otherwise: Expr) -> Expr:
    """One condition if the column is JSON, else the other; DuckDB knows when it binds, and keeps that one."""
    is_json = exp.EQ(this=func("typeof", column.copy()), expression=exp.Literal.string("JSON"))
    return exp.Paren(this=exp.Case(ifs=[exp.If(this=is_json, true=condition)], default=otherwise.copy()))


def compare_with_list(node: exp.In) -> Expr:
    """Compare with a list: `"V":a IN ('x', 'y')`; the values of a PIVOT are no condition."""
    if isinstance(node.parent, exp.Pivot):
        return node
    if is_variant(node.this) and node.expressions:
        node.set("this", _comparable(node.this, node.expressions[0]))
    elif gives_text(node.this, by_columns=True):
        return node
    elif isinstance(node.this, exp.Column) and node.expressions and all(map(is_text_literal, node.expressions)):
        as_text = node.copy()
        as_text.set("this", _text_of_json(node.this))
        return _if_json(node.this, as_text, node)
    return node


def alternatives(node: Expr) -> Expr:
    """`NVL("V":a, 'x')`, `IFF(…, "V":a, 'x')`: where one alternative is a VARIANT, the result is one."""
    if isinstance(node, exp.Coalesce):
        if not node.expressions:
            message = "SQL compilation error:\nnot enough arguments for function [COALESCE], expected 2, got 1"
            raise snowflake_error(message, 938, "22023")
        if any(map(is_variant, (node.this, *node.expressions))):
            return as_variant(func("coalesce", *map(variant, (node.this, *node.expressions))))
        return node
    branches = node.args.get("ifs") or [node]
    other = node.args.get("default" if isinstance(node, exp.Case) else "false")
    values = [branch.args["true"] for branch in branches]
    if not any(map(is_variant, [*values, *([other] if other is not None else [])])):
        return node
    for branch, value in zip(branches, values, strict=True):
        branch.set("true", variant(value))
    if other is not None:
        node.set("default" if isinstance(node, exp.Case) else "false", variant(other))
    return as_variant(node)


def arithmetic(node: exp.Binary) -> Expr:
    """`"V":a + 1`: a VARIANT in arithmetic is a number."""
    for side in ("this", "expression"):
        if is_variant(node.args[side]):
            node.set(side, exp.cast(node.args[side], exp.DataType.Type.DOUBLE, copy=False))
    return node


def if_alternatives(node: exp.If) -> Expr:
    """IFF; the branches of a CASE are its own business."""
    return node if isinstance(node.parent, exp.Case) else alternatives(node)


RULES: dict[type[Expr], Rule] = {
    exp.In: compare_with_list,
    exp.Coalesce: alternatives,
    exp.Case: alternatives,
    exp.If: if_alternatives,
    **dict.fromkeys((exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ, exp.NullSafeNEQ), compare),
    **dict.fromkeys((exp.Add, exp.Sub, exp.Mul), arithmetic),
}
