"""Semi-structured data: access by path, the functions on VARIANT, OBJECT and ARRAY, comparison with other types."""

from __future__ import annotations

import json

from sqlglot import Expr, exp

from deployments.embedded.errors import snowflake_error, unsupported
from deployments.embedded.sql.macros import call
from deployments.embedded.sql.rewrites.trees import (
    JSON,
    Rule,
    as_variant,
    by_macro,
    func,
    gives_text,
    gives_whole_number,
    is_text_literal,
)
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
    return as_variant(call("sf_try_parse_json" if node.args.get("safe") else "sf_parse_json", text(node.this)))


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
        return as_variant(_with_unique_keys(node, func("json_object", *pairs)))
    members = [_member(_key_of(item), variant(item.expression)) for item in items]
    joined: Expr = func("concat_ws", ",", *members) if members else exp.Literal.string("")
    braced = exp.DPipe(
        this=exp.DPipe(this=exp.Literal.string("{"), expression=joined), expression=exp.Literal.string("}")
    )
    return as_variant(_with_unique_keys(node, exp.cast(exp.Paren(this=braced), JSON)))


def _with_unique_keys(node: Expr, built: Expr) -> Expr:
    """The object, or an error where keys that are no literals turn out to be the same."""
    keys = [_key_of(item) for item in node.expressions]
    known = all(map(is_text_literal, keys))
    return built if known or len(keys) < 2 else call("sf_object_of_unique_keys", built)


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


def array_sort(node: exp.SortArray) -> Expr:
    """`ARRAY_SORT("A")`, ascending with NULLs last."""
    if node.args.get("asc") is not None or node.args.get("nulls_first") is not None:
        raise unsupported("ARRAY_SORT with a direction or with nulls_first")
    return as_variant(call("sf_array_sort", node.this))


def split(node: exp.Split) -> Expr:
    """`SPLIT("S", ',')` gives an ARRAY."""
    return as_variant(call("sf_split", text(node.this), node.expression))


def object_insert(node: exp.ObjectInsert) -> Expr:
    """`OBJECT_INSERT("O", 'k', x)`; a key that is there needs the fourth argument TRUE."""
    update = node.args.get("update_flag") or exp.false()
    return as_variant(call("sf_object_insert", node.this, node.args["key"], variant(node.args["value"]), update))


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


def _check_argument(value: Expr, name: str) -> Expr:
    """Refuse `IS_ARRAY('a')`: these functions take a VARIANT only."""
    if gives_text(value) or gives_whole_number(value) or isinstance(value, (exp.Boolean, exp.Literal)):
        kind = "VARCHAR" if gives_text(value) else "BOOLEAN" if isinstance(value, exp.Boolean) else "NUMBER"
        message = f"SQL compilation error:\nInvalid argument types for function '{name}': ({kind})"
        raise snowflake_error(message, 1044, "42P13")
    return value


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
        return _is_type(_check_argument(node.expressions[0], name), names)
    if name in AS_TYPE:
        kinds, target = AS_TYPE[name]
        value = _check_argument(node.expressions[0], name)
        cast = variant(value.copy()) if target == "JSON" else exp.cast(text(value.copy()), target)
        return exp.Case(ifs=[exp.If(this=_is_type(value, kinds), true=cast)])
    return None


RULES: dict[type[Expr], Rule] = {
    exp.JSONExtract: path_access,
    exp.Bracket: bracket,
    exp.GetExtract: get,
    exp.ParseJSON: parse_json,
    exp.JSONFormat: to_json,
    **dict.fromkeys((exp.Struct, exp.JSONObject, exp.StarMap), object_construct),
    exp.Array: array_construct,
    exp.ArrayConstructCompact: array_construct_compact,
    exp.ArrayContains: by_macro("sf_array_contains", "expression", "this"),
    exp.ArrayPosition: by_macro("sf_array_position", "expression", "this"),
    exp.ArraySize: by_macro("sf_array_size", "this"),
    exp.ArrayToString: by_macro("sf_array_to_string", "this", "expression"),
    exp.ArraySlice: by_macro("sf_array_slice", "this", "start", "end", gives_variant=True),
    exp.ArrayAppend: by_macro("sf_array_append", "this", "expression", gives_variant=True),
    exp.ArrayPrepend: by_macro("sf_array_prepend", "this", "expression", gives_variant=True),
    exp.ArrayConcat: by_macro("sf_array_cat", "this", "0", gives_variant=True),
    exp.ArrayDistinct: by_macro("sf_array_distinct", "this", gives_variant=True),
    exp.ArrayMax: by_macro("sf_array_max", "this", gives_variant=True),
    exp.ArrayMin: by_macro("sf_array_min", "this", gives_variant=True),
    exp.ArrayExcept: by_macro("sf_array_except", "this", "expression", gives_variant=True),
    exp.ArrayOverlaps: by_macro("sf_arrays_overlap", "this", "expression"),
    exp.ArrayCompact: by_macro("sf_array_compact", "this", gives_variant=True),
    exp.ArrayIntersect: by_macro("sf_array_intersection", "0", "1", gives_variant=True),
    exp.ToArray: by_macro("sf_to_array", "this", gives_variant=True),
    exp.SortArray: array_sort,
    exp.Flatten: by_macro("sf_array_flatten", "this", gives_variant=True),
    exp.Split: split,
    exp.ObjectInsert: object_insert,
    exp.JSONKeys: by_macro("sf_keys", "this", gives_variant=True),
    exp.Typeof: lambda node: call("sf_typeof", _check_argument(node.this, "TYPEOF")),
    exp.IsArray: lambda node: _is_type(_check_argument(node.this, "IS_ARRAY"), ["ARRAY"]),
    exp.IsNullValue: lambda node: _is_type(_check_argument(node.this, "IS_NULL_VALUE"), ["NULL_VALUE"]),
    exp.StripNullValue: by_macro("sf_strip_null", "this", gives_variant=True),
}
