"""What type the value in a VARIANT has: TYPEOF, IS_…, AS_…."""

from __future__ import annotations

from sqlglot import Expr, exp

from deployments.embedded.sql.macros import call
from deployments.embedded.sql.rewrites.trees import Rule, as_variant
from deployments.embedded.sql.rewrites.types import text, variant


def type_of(node: exp.Typeof) -> Expr:
    """`TYPEOF("V")`: INTEGER, DECIMAL, VARCHAR, BOOLEAN, ARRAY, OBJECT, NULL_VALUE."""
    return call("sf_typeof", node.this)


def is_array(node: exp.IsArray) -> Expr:
    """`IS_ARRAY("V")`."""
    return _is_type(node.this, ["ARRAY"])


def is_null_value(node: exp.IsNullValue) -> Expr:
    """`IS_NULL_VALUE("V":a)`: JSON null, which IS NULL is not true of."""
    return _is_type(node.this, ["NULL_VALUE"])


def strip_null_value(node: exp.StripNullValue) -> Expr:
    """`STRIP_NULL_VALUE("V":a)`: JSON null becomes NULL."""
    return as_variant(call("sf_strip_null", node.this))


def _is_type(value: Expr, names: list[str]) -> Expr:
    return exp.In(this=call("sf_typeof", value), expressions=[exp.Literal.string(name) for name in names])


IS_TYPE = {
    "IS_INTEGER": ["INTEGER"],
    "IS_DECIMAL": ["INTEGER", "DECIMAL"],
    "IS_DOUBLE": ["INTEGER", "DECIMAL"],
    "IS_REAL": ["INTEGER", "DECIMAL"],
    "IS_VARCHAR": ["VARCHAR"],
    "IS_CHAR": ["VARCHAR"],
    "IS_BOOLEAN": ["BOOLEAN"],
    "IS_OBJECT": ["OBJECT"],
}
AS_TYPE = {
    "AS_INTEGER": (["INTEGER"], "BIGINT"),
    "AS_NUMBER": (["INTEGER", "DECIMAL"], "DECIMAL(38, 0)"),
    "AS_DOUBLE": (["INTEGER", "DECIMAL"], "DOUBLE"),
    "AS_REAL": (["INTEGER", "DECIMAL"], "DOUBLE"),
    "AS_VARCHAR": (["VARCHAR"], "VARCHAR"),
    "AS_CHAR": (["VARCHAR"], "VARCHAR"),
    "AS_BOOLEAN": (["BOOLEAN"], "BOOLEAN"),
    "AS_ARRAY": (["ARRAY"], "JSON"),
    "AS_OBJECT": (["OBJECT"], "JSON"),
}


def type_predicate(node: exp.Anonymous) -> Expr | None:
    """`IS_INTEGER("V")`, `AS_VARCHAR("V")` and their like."""
    name = node.name.upper()
    if names := IS_TYPE.get(name):
        return _is_type(node.expressions[0], names)
    if name in AS_TYPE:
        kinds, target = AS_TYPE[name]
        value = node.expressions[0]
        cast = variant(value.copy()) if target == "JSON" else exp.cast(text(value.copy()), target)
        return exp.Case(ifs=[exp.If(this=_is_type(value, kinds), true=cast)])
    return None


RULES: dict[type[Expr], Rule] = {
    exp.Typeof: type_of,
    exp.IsArray: is_array,
    exp.IsNullValue: is_null_value,
    exp.StripNullValue: strip_null_value,
}
