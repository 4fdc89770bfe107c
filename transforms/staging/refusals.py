"""Which rule a record breaks first, and why, in words a person understands."""

from __future__ import annotations

from functools import reduce

from transforms.contract import TEXT, Column
from transforms.formulas.frames import null_of
from transforms.functions import Expression, coalesce, col, concat, iff, lit, substring, when
from transforms.staging import times
from transforms.types import (
    BooleanType,
    DateType,
    DecimalType,
    DoubleType,
    LongType,
    StringType,
    TimestampType,
    VariantType,
)

# What a spreadsheet makes of an id that looks like a number or that it was told to leave alone.
_TOUCHED_ID = r"^([0-9](\.[0-9]+)?E\+[0-9]+|[0-9]+\.0*|=.*)$"
_LONGEST_EXAMPLE = 120
_KINDS = (("ARRAY", "a list"), ("OBJECT", "an object"), ("BOOLEAN", "true or false"), ("VARCHAR", "text"))
_EXPECTED = {
    LongType: "a whole number",
    DoubleType: "a number",
    BooleanType: "true or false",
    DateType: "a date (YYYY-MM-DD)",
    TimestampType: "a UTC time",
    StringType: "text",
}
WITH_COMMA = r"^[+-]?[0-9]*,[0-9]+$"
_COMMA_IS_SET = "; a decimal comma is read where SNOWCAST_DECIMAL_COMMA is set"


def find_broken_rule(columns: list[Column]) -> Expression:
    """Return the first rule broken, in the contract's order: what is missing, then types, then ranges."""
    rules = [(col("_record").is_null() | (col("kind_of_record") != lit("OBJECT")), "record_type")]
    rules += [(_is_missing(column), f"{column.name}_missing") for column in columns if not column.nullable]
    rules += [(_has_wrong_type(column), f"{column.name}_type") for column in columns if _is_typed(column)]
    rules += [(_is_touched(column), f"{column.name}_by_spreadsheet") for column in columns if _is_id(column)]
    for column in columns:
        if column.minimum is not None:
            rules.append((col(column.name) < lit(column.minimum), f"{column.name}_below_minimum"))
        if column.maximum is not None:
            rules.append((col(column.name) > lit(column.maximum), f"{column.name}_above_maximum"))
    first, *others = [(condition, lit(name)) for condition, name in rules]
    case = reduce(lambda chain, rule: chain.when(*rule), others, when(*first))
    return case.otherwise(null_of(TEXT))


def explain_rule(columns: list[Column]) -> Expression:
    """Return why a record breaks its `_rule`; NULL for a good one."""
    rule = col("_rule")
    case = when(rule.is_null(), null_of(TEXT)).when(
        rule == lit("record_type"),
        concat(lit("the record is "), _shown(col("_record").cast(TEXT)), lit("; expected an object")),
    )
    for column in columns:
        for suffix, reason in _reasons(column):
            case = case.when(rule == lit(f"{column.name}_{suffix}"), reason)
    return case.otherwise(rule)


def _expected(column: Column) -> str:
    if isinstance(column.type, DecimalType):
        return f"a number with at most {column.type.scale} decimals"
    return _EXPECTED[type(column.type)]


def has_decimals(column: Column) -> bool:
    """Return whether values of the column may have digits behind a point."""
    return isinstance(column.type, DecimalType | DoubleType)


def _is_id(column: Column) -> bool:
    return isinstance(column.type, StringType) and column.name.endswith("_id")


def _is_typed(column: Column) -> bool:
    return not isinstance(column.type, VariantType)


def _is_missing(column: Column) -> Expression:
    return col(text_name(column)).is_null()


def _has_wrong_type(column: Column) -> Expression:
    is_nested = col(kind_name(column)).in_(lit("ARRAY"), lit("OBJECT"))
    is_unreadable = col(text_name(column)).is_not_null() & col(column.name).is_null()
    return is_nested if isinstance(column.type, StringType) else is_nested | is_unreadable


def _is_touched(column: Column) -> Expression:
    return col(text_name(column)).rlike(_TOUCHED_ID)


def _reasons(column: Column) -> list[tuple[str, Expression]]:
    shown = _shown(col(text_name(column)))
    reasons = []
    if not column.nullable:
        reasons.append(("missing", lit(f"{column.payload} is missing; it is required as {column.name}")))
    if _is_typed(column):
        kind = reduce(
            lambda chain, known: chain.when(col(kind_name(column)) == lit(known[0]), lit(known[1])),
            _KINDS[1:],
            when(col(kind_name(column)) == lit(_KINDS[0][0]), lit(_KINDS[0][1])),
        ).otherwise(lit("a number"))
        expected = lit(f"; expected {_expected(column)}")
        if isinstance(column.type, DateType | TimestampType):
            is_of_no_year = times.is_of_another_year(col(text_name(column)))
            expected = iff(is_of_no_year, lit(f"; expected {times.YEARS}"), expected)
        if has_decimals(column):
            has_comma = col(text_name(column)).rlike(WITH_COMMA)
            expected = iff(has_comma, lit(f"; expected {_expected(column)}{_COMMA_IS_SET}"), expected)
        reasons.append(("type", concat(lit(f"{column.payload} is "), kind, lit(" ("), shown, lit(")"), expected)))
    if _is_id(column):
        told = lit("; a spreadsheet has changed this id: export the column as text")
        reasons.append(("by_spreadsheet", concat(lit(f"{column.payload} is "), shown, told)))
    if column.minimum is not None:
        bound = lit(f"; expected at least {column.minimum:g}")
        reasons.append(("below_minimum", concat(lit(f"{column.payload} is "), shown, bound)))
    if column.maximum is not None:
        bound = lit(f"; expected at most {column.maximum:g}")
        reasons.append(("above_maximum", concat(lit(f"{column.payload} is "), shown, bound)))
    return reasons


def _shown(text: Expression) -> Expression:
    return substring(coalesce(text, lit("null")), lit(1), lit(_LONGEST_EXAMPLE))


def text_name(column: Column) -> str:
    """Name the column's value as text; NULL where it counts as missing."""
    return f"text_of_{column.name}"


def kind_name(column: Column) -> str:
    """Name the kind of JSON value that the record has."""
    return f"kind_of_{column.name}"
