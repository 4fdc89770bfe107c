"""Types and conversions between them."""

from __future__ import annotations

import re

from sqlglot import Expr, exp

from deployments.embedded.errors import snowflake_error, unsupported
from deployments.embedded.sql.macros import call
from deployments.embedded.sql.rewrites.trees import (
    JSON,
    TEXT_TYPES,
    Rule,
    as_variant,
    func,
    gives_text,
    gives_whole_number,
    is_text_literal,
    is_variant,
)

Type = exp.DataType.Type

INTEGERS = {Type.INT, Type.SMALLINT, Type.TINYINT, Type.BIGINT, Type.MEDIUMINT, Type.INT128}
DECIMALS = {Type.DECIMAL, Type.BIGDECIMAL}
LOCAL_TIMESTAMPS = {Type.TIMESTAMP, Type.TIMESTAMPNTZ, Type.DATETIME}
ZONED_TIMESTAMPS = {Type.TIMESTAMPTZ, Type.TIMESTAMPLTZ}
BINARIES = {Type.BINARY, Type.VARBINARY, Type.BLOB}
_PLAIN = {
    **dict.fromkeys((Type.VARIANT, Type.OBJECT, Type.ARRAY, Type.MAP, Type.STRUCT), JSON),
    **dict.fromkeys(INTEGERS, Type.BIGINT),
    **dict.fromkeys((Type.FLOAT, Type.DOUBLE), Type.DOUBLE),
    **dict.fromkeys(LOCAL_TIMESTAMPS, Type.TIMESTAMP),
    **dict.fromkeys(ZONED_TIMESTAMPS, Type.TIMESTAMPTZ),
    **dict.fromkeys(BINARIES, Type.VARBINARY),
    Type.TIME: Type.TIME,
}
# Types that are told apart from their DuckDB type by a CHECK on the column.
_DECLARED = {
    Type.ARRAY: "ARRAY",
    Type.OBJECT: "OBJECT",
    Type.MAP: "OBJECT",
    Type.TIMESTAMPLTZ: "TIMESTAMP_LTZ",
}
_UNSUPPORTED = {Type.GEOGRAPHY, Type.GEOMETRY, Type.VECTOR, Type.FILE}
_ISO = re.compile(r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d:\d\d(\.\d{1,6})?)?$")


def duckdb_type(node: exp.DataType) -> Expr:
    """Write a Snowflake type as DuckDB's.

    `CREATE TABLE t (v VARIANT, n NUMBER, f FLOAT, t TIMESTAMP_LTZ)`: JSON, BIGINT, DOUBLE, TIMESTAMPTZ. NUMBER(38, 0)
    is BIGINT, whose overflow is an error, because clients get whole numbers of 64 bits.
    """
    kind = node.this
    if kind in _UNSUPPORTED:
        raise unsupported(f"data type {kind.name}")
    if kind in DECIMALS:
        return _number(node)
    if kind in _PLAIN:
        plain = exp.DataType(this=_PLAIN[kind], nested=False)
        plain.meta["declared"] = _DECLARED.get(kind, "")
        return plain
    return node


def _number(node: exp.DataType) -> exp.DataType:
    sizes = [int(p.this.name) for p in node.expressions]
    precision, scale = (sizes + [38, 0][len(sizes) :])[:2]
    if precision == 38 and scale == 0:
        return exp.DataType(this=Type.BIGINT, nested=False)
    return decimal_type(precision, scale)


def decimal_type(precision: int, scale: int) -> exp.DataType:
    """DECIMAL(precision, scale)."""
    sizes = [exp.DataTypeParam(this=exp.Literal.number(size)) for size in (precision, scale)]
    return exp.DataType(this=Type.DECIMAL, expressions=sizes, nested=False)


def text(node: Expr) -> Expr:
    """The expression as VARCHAR, in Snowflake's formats."""
    if gives_text(node, by_columns=True):
        return node
    if isinstance(node, exp.Anonymous) and node.name == "json_extract":
        return func("json_extract_string", *node.expressions)
    if is_variant(node):
        return func("json_extract_string", node, "$")
    if isinstance(node, exp.Null) or gives_whole_number(node) or isinstance(node, exp.Literal):
        return exp.cast(node, Type.VARCHAR, copy=False)
    return call("sf_text", node)


def variant(node: Expr) -> Expr:
    """The expression as a VARIANT."""
    return node if is_variant(node) else as_variant(call("sf_variant", node))


def convert(operand: Expr, to: exp.DataType) -> Expr:
    """CAST, with Snowflake's rules for the pairs of types where DuckDB's differ."""
    kind = to.this
    if kind == JSON:
        if isinstance(operand, exp.Null):
            return as_variant(exp.cast(operand, to, copy=False))
        is_array = to.meta.get("declared") == "ARRAY"
        return as_variant(call("sf_to_array", operand)) if is_array else variant(operand)
    if isinstance(operand, exp.Null):
        return exp.Cast(this=operand, to=to)
    if kind in TEXT_TYPES:
        return _shorten(text(operand), to)
    if kind == Type.VARBINARY:
        return call("sf_binary", operand)
    if kind == Type.BOOLEAN and not isinstance(operand, exp.Boolean):
        return call("sf_boolean_text" if gives_text(operand, by_columns=True) else "sf_boolean", operand)
    if kind in {Type.TIMESTAMP, Type.TIMESTAMPTZ, Type.DATE}:
        return _temporal(operand, to)
    if kind == Type.BIGINT and not (
        isinstance(operand, exp.Literal) or gives_whole_number(operand) or gives_text(operand, by_columns=True)
    ):
        return call("sf_integer", operand)
    return exp.Cast(this=operand, to=to)


def _shorten(operand: Expr, to: exp.DataType) -> Expr:
    """`'abcd' :: VARCHAR(3)` cuts the text."""
    if not to.expressions or to.expressions[0].this.name in {"16777216", "134217728"}:
        return operand if isinstance(operand, (exp.Anonymous, exp.Cast)) else exp.cast(operand, Type.VARCHAR)
    return func("left", operand, to.expressions[0].this)


def _temporal(operand: Expr, to: exp.DataType) -> Expr:
    if is_text_literal(operand) and _ISO.match(operand.name) and (to.this != Type.DATE or len(operand.name) == 10):
        return exp.Cast(this=operand, to=to)
    if isinstance(operand, exp.Cast) and operand.to.this == to.this:  # written, or converted, to this type already
        return operand
    macro = {Type.TIMESTAMP: "sf_timestamp", Type.TIMESTAMPTZ: "sf_timestamp_tz", Type.DATE: "sf_date"}[to.this]
    return call(f"{macro}_text" if gives_text(operand, by_columns=True) else macro, operand)


def try_cast(node: exp.TryCast) -> Expr:
    """`TRY_CAST("S" AS INT)`: NULL where the conversion fails; a text that is too long is not cut."""
    if gives_whole_number(node.this) or isinstance(node.this, exp.Boolean) or _is_number(node.this):
        kind = node.to.sql("snowflake")
        message = f"SQL compilation error:\nFunction TRY_CAST cannot be used with arguments of types NUMBER and {kind}"
        raise snowflake_error(message, 1065, "22023")
    if node.to.this in TEXT_TYPES and node.to.expressions:
        value = text(node.this)
        fits = exp.LTE(this=func("length", value.copy()), expression=node.to.expressions[0].this.copy())
        return exp.Case(ifs=[exp.If(this=fits, true=value)])
    return func("try", convert(node.this, node.to))


def _is_number(node: Expr) -> bool:
    return isinstance(node, exp.Literal) and not node.is_string


def safely(node: Expr, converted: Expr) -> Expr:
    """A conversion, or NULL where it fails if the function's name starts with TRY_."""
    return func("try", converted) if node.args.get("safe") else converted


def to_number(node: exp.ToNumber) -> Expr:
    """`to_decimal("C", 10, 2)`: what create_dataframe sends for DecimalType."""
    arguments = [node.args.get(name) for name in ("format", "precision", "scale")]
    sizes = [argument for argument in arguments if argument is not None]
    if any(is_text_literal(size) for size in sizes):
        raise unsupported("TO_NUMBER with a format")
    precision, scale = ([int(size.name) for size in sizes] + [38, 0][len(sizes) :])[:2]
    to = exp.DataType(this=Type.BIGINT) if (precision, scale) == (38, 0) else decimal_type(precision, scale)
    return safely(node, convert(node.this, to))


def to_binary(node: exp.ToBinary) -> Expr:
    """`TO_BINARY('6162')` reads hexadecimal digits, `TO_BINARY('ab', 'UTF-8')` the text itself."""
    form = node.args.get("format")
    kind = form.name.upper().replace("-", "") if form else "HEX"
    if kind == "HEX":
        return safely(node, call("sf_binary", node.this))
    if kind == "UTF8":
        return func("encode", node.this)
    return safely(node, func("from_base64", node.this))


RULES: dict[type[Expr], Rule] = {
    exp.DataType: duckdb_type,
    exp.Cast: lambda node: convert(node.this, node.to),
    exp.TryCast: try_cast,
    exp.ToNumber: to_number,
    exp.ToDouble: lambda node: safely(node, exp.cast(node.this, Type.DOUBLE, copy=False)),
    exp.ToBoolean: lambda node: safely(node, call("sf_boolean", node.this)),
    exp.ToBinary: to_binary,
    exp.ToVariant: lambda node: variant(node.this),
    exp.HexString: lambda node: func("from_hex", node.name),
}
