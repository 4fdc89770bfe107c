"""Which rule a record breaks first, and why, in words a person understands."""

from __future__ import annotations

from functools import reduce

from transforms import types
from transforms.contract import TEXT, Column
from transforms.formulas.frames import null_of
from transforms.functions import Expression, coalesce, col, concat, iff, lit, substring, when
from transforms.staging import times

# What a spreadsheet makes of an id that looks like a number or that it was told to leave alone.
_TOUCHED_ID = r"^([0-9](\.[0-9]+)?E\+[0-9]+|[0-9]+\.0*|=.*)$"
_LONGEST_EXAMPLE = 120
_KINDS = (("ARRAY", "a list"), ("OBJECT", "an object"), ("BOOLEAN", "true or false"), ("VARCHAR", "text"))
_EXPECTED = {
    types.LongType: "a whole number",
    types.DoubleType: "a number",
    types.BooleanType: "true or false",
    types.DateType: "a date (YYYY-MM-DD)",
    types.TimestampType: "a UTC time",
    types.StringType: "text",
}
WITH_COMMA = r"^[+-]?[0-9]*,[0-9]+$"
_COMMA_IS_SET = "; a decimal comma is read where SNOWCAST_DECIMAL_COMMA is set"


def find_broken_rule(columns: list[Column]) -> Expression:
    """Return the first rule broken, in the contract's order: what is missing, then types, then ranges."""
    rules = [(col("_record").is_null() | (col("kind_of_record") != lit("OBJECT")), "record_type")]
    rules += [(col(text_name(column)).is_null(), f"{column.name}_missing") for column in columns if not column.nullable]
    rules += [(_has_wrong_type(column), f"{column.name}_type") for column in columns if _is_typed(column)]
    rules += [(col(text_name(c)).rlike(_TOUCHED_ID), f"{c.name}_by_spreadsheet") for c in columns if _is_id(c)]
    for column in columns:
        if column.minimum is not None:
            rules.append((col(column.name) < lit(column.minimum), f"{column.name}_below_minimum"))
        if column.maximum is not None:
            rules.append((col(column.name) > lit(column.maximum), f"{column.name}_above_maximum"))
    return _choose([(condition, lit(name)) for condition, name in rules], null_of(TEXT))


def find_broken_value(columns: list[Column]) -> list[Expression]:
    """Return the text of the value that breaks `_rule` as `broken_text`, and its kind where its type is wrong."""
    texts = [(_breaks(column, _suffixes(column)), col(text_name(column))) for column in columns if _suffixes(column)]
    kinds = [(_breaks(column, ["type"]), col(kind_name(column))) for column in columns if _is_typed(column)]
    nothing = null_of(TEXT)
    return [_choose(texts, nothing).alias("broken_text"), _choose(kinds, nothing).alias("broken_kind")]


def explain_rule(columns: list[Column]) -> Expression:
    """Return why a record breaks its `_rule`, by what `find_broken_value` gave; NULL for a good one."""
    rule, shown = col("_rule"), _shorten(col("broken_text"))
    whole = [
        (rule.is_null(), null_of(TEXT)),
        (
            rule == lit("record_type"),
            concat(lit("the record is "), _shorten(col("_record").cast(TEXT)), lit("; expected an object")),
        ),
    ]
    for column in columns:
        if not column.nullable:
            told = lit(f"{column.payload} is missing; it is required as {column.name}")
            whole.append((_breaks(column, ["missing"]), told))
    subjects = [(_breaks(c, _suffixes(c)), lit(f"{c.payload} is ")) for c in columns if _suffixes(c)]
    words = _choose([(col("broken_kind") == lit(kind), lit(told)) for kind, told in _KINDS], lit("a number"))
    value = iff(col("broken_kind").is_null(), shown, concat(words, lit(" ("), shown, lit(")")))
    endings = [(rule.in_(*map(lit, rules)), ending) for rules, ending in _list_endings(columns)]
    return _choose(whole, concat(_choose(subjects, lit("")), value, _choose(endings, lit(""))))


def _describe_type(column: Column) -> str:
    if isinstance(column.type, types.DecimalType):
        return f"a number with at most {column.type.scale} decimals"
    return _EXPECTED[type(column.type)]


def has_decimals(column: Column) -> bool:
    """Return whether values of the column may have digits behind a point."""
    return isinstance(column.type, types.DecimalType | types.DoubleType)


def _is_id(column: Column) -> bool:
    return isinstance(column.type, types.StringType) and column.name.endswith("_id")


def _is_typed(column: Column) -> bool:
    return not isinstance(column.type, types.VariantType)


def _has_wrong_type(column: Column) -> Expression:
    is_nested = col(kind_name(column)).in_(lit("ARRAY"), lit("OBJECT"))
    is_unreadable = col(text_name(column)).is_not_null() & col(column.name).is_null()
    return is_nested if isinstance(column.type, types.StringType) else is_nested | is_unreadable


def _suffixes(column: Column) -> list[str]:
    """Return the rules about the column's value, without its name."""
    has = {
        "type": _is_typed(column),
        "by_spreadsheet": _is_id(column),
        "below_minimum": column.minimum is not None,
        "above_maximum": column.maximum is not None,
    }
    return [suffix for suffix, is_there in has.items() if is_there]


def _breaks(column: Column, suffixes: list[str]) -> Expression:
    return col("_rule").in_(*[lit(f"{column.name}_{suffix}") for suffix in suffixes])


def _choose(cases: list[tuple[Expression, Expression]], otherwise: Expression) -> Expression:
    first, *others = cases
    return reduce(lambda chain, case: chain.when(*case), others, when(*first)).otherwise(otherwise)


def _list_endings(columns: list[Column]) -> list[tuple[list[str], Expression]]:
    """Return how reasons end, each with the rules that end so."""
    found: dict[str, tuple[list[str], Expression]] = {}
    for column in columns:
        for suffix in _suffixes(column):
            text, ending = _end(column, suffix)
            found.setdefault(text, ([], ending))[0].append(f"{column.name}_{suffix}")
    return list(found.values())


def _end(column: Column, suffix: str) -> tuple[str, Expression]:
    """Return the end of a reason, and as an expression, which knows of values that are told otherwise."""
    texts = {
        "type": f"; expected {_describe_type(column)}" if _is_typed(column) else "",
        "by_spreadsheet": "; a spreadsheet has changed this id: export the column as text",
        "below_minimum": f"; expected at least {column.minimum or 0:g}",
        "above_maximum": f"; expected at most {column.maximum or 0:g}",
    }
    text = texts[suffix]
    if suffix == "type" and isinstance(column.type, types.DateType | types.TimestampType):
        is_of_no_year = times.is_of_another_year(col("broken_text"))
        return text, iff(is_of_no_year, lit(f"; expected {times.YEARS}"), lit(text))
    if suffix == "type" and has_decimals(column):
        return text, iff(col("broken_text").rlike(WITH_COMMA), lit(f"{text}{_COMMA_IS_SET}"), lit(text))
    return text, lit(text)


def _shorten(text: Expression) -> Expression:
    return substring(coalesce(text, lit("null")), lit(1), lit(_LONGEST_EXAMPLE))


def text_name(column: Column) -> str:
    """Name the column's value as text; NULL where it counts as missing."""
    return f"text_of_{column.name}"


def kind_name(column: Column) -> str:
    """Name the kind of JSON value that the record has."""
    return f"kind_of_{column.name}"
