"""Semi-structured data: access by path, the functions on VARIANT, OBJECT and ARRAY, comparison with other types."""

from __future__ import annotations

import json

from sqlglot import Expr, exp

from deployments.embedded.errors import snowflake_error, unsupported
from deployments.embedded.sql.macros import call
from deployments.embedded.sql.rewrites.trees import JSON, Rule, as_variant, func, is_text_literal
from deployments.embedded.sql.rewrites.types import text, variant


def _key(name: str) -> str:
    return '."' + name.replace('"', '\\"') + '"'


def _extract(value: Expr, path: str) -> Expr:
    """The part of a value at a path; nested accesses become one path."""
    if isinstance(value, exp.Paren):
        value = value.this
    if isinstance(value, exp.Anonymous) and value.name == "json_extract":
        inner, earlier = value.expressions
        if is_text_literal(earlier):
            return as_variant(func("json_extract", inner, earlier.name + path))
    return as_variant(func("json_extract", value, "$" + path))


def _path(node: exp.JSONPath) -> str:
    steps = ""
    for part in node.expressions:
        if isinstance(part, exp.JSONPathKey):
            steps += _key(str(part.this))
        elif isinstance(part, exp.JSONPathSubscript):
            steps += f"[{part.this}]"
        elif not isinstance(part, exp.JSONPathRoot):
            raise unsupported(f"path element {part}")
    return steps


def path_access(node: exp.JSONExtract) -> Expr:
    """`"V":a.b[0]` and `GET_PATH("V", 'a.b[0]')`."""
    path = node.expression
    if isinstance(path, exp.JSONPath):
        return _extract(node.this, _path(path))
    raise unsupported("GET_PATH with a path that is not a literal")


def bracket(node: exp.Bracket) -> Expr:
    """`"V"['a'][0]`: Snowpark's `col("V")["a"][0]`."""
    return _element(node.this, node.expressions[0])


def get(node: exp.GetExtract) -> Expr:
    """`GET("V", 'a')` and `GET("A", 0)`."""
    return _element(node.this, node.expression)


def _element(value: Expr, index: Expr) -> Expr:
    if isinstance(index, exp.JSONPath):
        return _extract(value, _path(index))
    if isinstance(index, exp.Literal):
        return _extract(value, _key(index.name) if index.is_string else f"[{index.name}]")
    return as_variant(call("sf_get", value, index))


def parse_json(node: exp.ParseJSON) -> Expr:
    """`PARSE_JSON("S")`: NULL for empty text, an error for what is no JSON; `TRY_PARSE_JSON` gives NULL."""
    return as_variant(call("sf_try_parse_json" if node.args.get("safe") else "sf_parse_json", node.this))


def to_json(node: exp.JSONFormat) -> Expr:
    """`TO_JSON("V")`: the text of a value."""
    return exp.cast(variant(node.this), exp.DataType.Type.VARCHAR, copy=False)


def object_construct(node: Expr) -> Expr:
    """`OBJECT_CONSTRUCT('a', x)` leaves NULLs out, `OBJECT_CONSTRUCT_KEEP_NULL` keeps them as JSON null."""
    if isinstance(node, exp.StarMap):
        return as_variant(call("sf_object_without_nulls", _row(node.this)))
    keep = isinstance(node, exp.JSONObject)
    _check_keys(node)
    items = node.expressions
    if len(items) == 1 and items[0].is_star:
        return as_variant(func("to_json", _row(items[0])))
    if keep:
        pairs = [part for item in items for part in (_key_of(item), variant(item.expression))]
        return as_variant(func("json_object", *pairs))
    members = [_member(_key_of(item), variant(item.expression)) for item in items]
    joined: Expr = func("concat_ws", ",", *members) if members else exp.Literal.string("")
    braced = exp.DPipe(
        this=exp.DPipe(this=exp.Literal.string("{"), expression=joined), expression=exp.Literal.string("}")
    )
    return as_variant(exp.cast(exp.Paren(this=braced), JSON))


def _check_keys(node: Expr) -> None:
    """Refuse `OBJECT_CONSTRUCT('a', 1, 'a', 2)`."""
    keys = [_key_of(item) for item in node.expressions if not item.is_star]
    written = [key.name for key in keys if is_text_literal(key)]
    twice = [key for key in written if written.count(key) > 1]
    if twice:
        raise snowflake_error(f"Duplicate field key '{twice[0]}'", 100103, "22000")


def _key_of(item: Expr) -> Expr:
    return exp.Literal.string(item.this.name) if isinstance(item.this, exp.Identifier) else item.this


def _member(key: Expr, value: Expr) -> Expr:
    """`"key":value` as text, NULL where one of them is: concat_ws leaves it out."""
    named: Expr = func("to_json", key)
    if is_text_literal(key):
        named = exp.Literal.string(json.dumps(key.name, ensure_ascii=False) + ":")
        return exp.DPipe(this=named, expression=value)
    return exp.DPipe(this=exp.DPipe(this=named, expression=exp.Literal.string(":")), expression=value)


def _row(star: Expr) -> Expr:
    """Every column in scope, or of one table, as a struct."""
    table = star.args.get("table") if isinstance(star, exp.Column) else None
    return exp.column(table) if table is not None else func("struct_pack", exp.var("*COLUMNS(*)"))


def array_construct(node: exp.Array) -> Expr:
    """`ARRAY_CONSTRUCT(1, 'a', NULL)` and `[1, 'a']`."""
    values = [func("coalesce", variant(value), func("json", "null")) for value in node.expressions]
    return as_variant(func("json_array", *values))


def array_construct_compact(node: exp.ArrayConstructCompact) -> Expr:
    """`ARRAY_CONSTRUCT_COMPACT(1, NULL)` leaves NULLs out."""
    values = exp.Anonymous(this="list_value", expressions=[variant(value) for value in node.expressions])
    return as_variant(call("sf_compact", values))


def _list_function(name: str, *, operands: int = 1) -> Rule:
    """A function of arrays whose macro takes the node's operands as they are."""

    def rewrite(node: Expr) -> Expr:
        given = [node.this, node.args.get("expression"), *(node.args.get("expressions") or [])]
        arguments = [argument for argument in given if argument is not None][:operands]
        return as_variant(call(name, *arguments))

    rewrite.__doc__ = f"The array function behind {name}."
    return rewrite


def array_sort(node: exp.SortArray) -> Expr:
    """`ARRAY_SORT("A")`, ascending with NULLs last."""
    if node.args.get("asc") is not None or node.args.get("nulls_first") is not None:
        raise unsupported("ARRAY_SORT with a direction or with nulls_first")
    return as_variant(call("sf_array_sort", node.this))


def array_contains(node: exp.ArrayContains) -> Expr:
    """`ARRAY_CONTAINS('x' :: VARIANT, "A")`."""
    return call("sf_array_contains", node.expression, node.this)


def array_position(node: exp.ArrayPosition) -> Expr:
    """`ARRAY_POSITION('x' :: VARIANT, "A")`, counted from 0."""
    return call("sf_array_position", node.expression, node.this)


def array_size(node: exp.ArraySize) -> Expr:
    """`ARRAY_SIZE("A")`: NULL for what is no array."""
    return call("sf_array_size", node.this)


def array_to_string(node: exp.ArrayToString) -> Expr:
    """`ARRAY_TO_STRING("A", ',')`."""
    return call("sf_array_to_string", node.this, node.expression)


def array_slice(node: exp.ArraySlice) -> Expr:
    """`ARRAY_SLICE("A", 0, 2)`: from, to (exclusive), negative from the end."""
    return as_variant(call("sf_array_slice", node.this, node.args["start"], node.args["end"]))


def split(node: exp.Split) -> Expr:
    """`SPLIT("S", ',')` gives an ARRAY."""
    return as_variant(call("sf_split", text(node.this), node.expression))


def object_insert(node: exp.ObjectInsert) -> Expr:
    """`OBJECT_INSERT("O", 'k', x)`; a key that is there needs the fourth argument TRUE."""
    update = node.args.get("update_flag") or exp.false()
    return as_variant(call("sf_object_insert", node.this, node.args["key"], variant(node.args["value"]), update))


def object_keys(node: exp.JSONKeys) -> Expr:
    """`OBJECT_KEYS("O")`."""
    return as_variant(call("sf_keys", node.this))


_VARIANT_FUNCTIONS = {
    "OBJECT_DELETE": "sf_object_delete",
    "OBJECT_PICK": "sf_object_pick",
}


def variant_function(node: exp.Anonymous) -> Expr | None:
    """`OBJECT_DELETE("O", 'a', 'b')`, `OBJECT_PICK`, `TO_OBJECT`, `ARRAY_REVERSE`."""
    name = node.name.upper()
    if macro := _VARIANT_FUNCTIONS.get(name):
        keys = exp.Anonymous(this="list_value", expressions=[text(key) for key in node.expressions[1:]])
        return as_variant(call(macro, node.expressions[0], keys))
    if name == "TO_OBJECT":
        return variant(node.expressions[0])
    return None


RULES: dict[type[Expr], Rule] = {
    exp.JSONExtract: path_access,
    exp.Bracket: bracket,
    exp.GetExtract: get,
    exp.ParseJSON: parse_json,
    exp.JSONFormat: to_json,
    exp.Struct: object_construct,
    exp.JSONObject: object_construct,
    exp.StarMap: object_construct,
    exp.Array: array_construct,
    exp.ArrayConstructCompact: array_construct_compact,
    exp.ArrayContains: array_contains,
    exp.ArrayPosition: array_position,
    exp.ArraySize: array_size,
    exp.ArraySlice: array_slice,
    exp.ArrayToString: array_to_string,
    exp.ArrayAppend: _list_function("sf_array_append", operands=2),
    exp.ArrayPrepend: _list_function("sf_array_prepend", operands=2),
    exp.ArrayConcat: _list_function("sf_array_cat", operands=2),
    exp.ArrayDistinct: _list_function("sf_array_distinct"),
    exp.ArrayCompact: _list_function("sf_array_compact"),
    exp.ArrayIntersect: _list_function("sf_array_intersection", operands=2),
    exp.ToArray: _list_function("sf_to_array"),
    exp.SortArray: array_sort,
    exp.Flatten: _list_function("sf_array_flatten"),
    exp.Split: split,
    exp.ObjectInsert: object_insert,
    exp.JSONKeys: object_keys,
}
