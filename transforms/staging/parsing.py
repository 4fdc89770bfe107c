"""Source records to typed columns, by the contract: what does not fit is named, not dropped.

Every value is read as text and cast by one rule per type, so JSON records and the CSV of the same columns give the
same row. Each record carries the first rule it breaks (`_rule`) and why (`_reason`); both are NULL for a good one.
"""

from __future__ import annotations

from functools import reduce
from operator import add

from transforms.contract import INTEGER, TEXT, Column, Table
from transforms.formulas.frames import null_of
from transforms.formulas.keys import hash_key
from transforms.functions import (
    DataFrame,
    Expression,
    coalesce,
    col,
    concat,
    iff,
    lit,
    lower,
    parse_json,
    replace,
    substring,
    to_variant,
    trim,
    try_cast,
    typeof,
    upper,
    when,
)
from transforms.staging import times
from transforms.staging.refusals import (
    WITH_COMMA,
    explain_rule,
    find_broken_rule,
    find_broken_value,
    has_decimals,
    kind_name,
    text_name,
)
from transforms.types import DateType, DecimalType, DoubleType, LongType, StringType, TimestampType, VariantType

# A point is the decimal point, whatever stands around it: `1.000` is 1 and `.99` is 0.99. Nothing parts thousands.
_WHOLE_NUMBER = r"^[+-]?[0-9]{1,18}$"
_FINITE = r"([0-9]{1,30}(\.[0-9]{0,30})?|\.[0-9]{1,30})"  # neither NaN nor infinity is a number
_NUMBER = rf"^[+-]?{_FINITE}([eE][+-]?[0-9]{{1,2}})?$"
_WITH_POINT = r"^[+-]?[0-9]*\.[0-9]*$"
_JSON_TEXTS = (
    r'^\[ *("([^"\\[:cntrl:]]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*"( *, *"([^"\\[:cntrl:]]|\\["\\/bfnrt]'
    r'|\\u[0-9a-fA-F]{4})*")*)? *\]$'
)
_PYTHON_TEXTS = r"^\[('[^'\"\\]*'(, '[^'\"\\]*')*)?\]$"
_LONGEST_CURRENCY = 40
_LINEAGE_NAMES = ("_record", "snapshot_at", "_source_file", "_source_row", "_load_id")


def parse(raw: DataFrame, table: Table, *, decimal_comma: bool = False) -> DataFrame:
    """Read the table's payload columns, typed, with lineage, `snapshot_at`, `_record`, `_rule` and `_reason`.

    Args:
        raw: Rows of a raw table.
        table: The staging contract; columns with a payload are read from RECORD.
        decimal_comma: Numbers that are text have a comma before their decimals, and no point.
    """
    read = [column for column in table.columns if column.payload is not None]
    texts = raw.select(
        col("record").alias("_record"),
        col("_snapshot_at").alias("snapshot_at"),
        col("_source_file"),
        col("_source_row"),
        col("_load_id"),
        typeof(col("record")).alias("kind_of_record"),
        *[_value(column, "record").cast(TEXT).alias(f"spelled_{column.name}") for column in read],
        *[typeof(_value(column, "record")).alias(kind_name(column)) for column in read],
    )
    given = texts.select("*", *[_read_given(column, decimal_comma).alias(text_name(column)) for column in read])
    timed = _find_moments(given, read)
    typed = timed.select("*", *[_cast_text(column).alias(column.name) for column in read])
    judged = typed.select("*", find_broken_rule(read).alias("_rule"))
    told = judged.select("*", *find_broken_value(read))
    names = [column.name for column in read]
    return told.select(*_LINEAGE_NAMES, *names, "_rule", explain_rule(read).alias("_reason"))


def replace_values(parsed: DataFrame, table: Table, **values: Expression) -> DataFrame:
    """Put other values into some columns of the parsed rows.

    Args:
        parsed: What `parse` gave for the table.
        table: The staging contract.
        values: The new value of each column that gets one.
    """
    names = [*_LINEAGE_NAMES, *[c.name for c in table.columns if c.payload is not None], "_rule", "_reason"]
    return parsed.select(*[values[name].alias(name) if name in values else col(name) for name in names])


def refuse_also(parsed: DataFrame, table: Table, rule: str, condition: Expression, reason: Expression) -> DataFrame:
    """Name the parsed rows that break one more rule; a record that breaks an earlier one keeps that.

    Args:
        parsed: What `parse` or `recomputed` gave for the table.
        table: The staging contract.
        rule: Its name.
        condition: True where a record breaks it; NULL is no breach.
        reason: Why, in words a person understands.
    """
    names = [*_LINEAGE_NAMES, *[c.name for c in table.columns if c.payload is not None]]
    is_broken = col("_rule").is_null() & coalesce(condition, lit(False))
    return parsed.select(
        *names,
        iff(is_broken, lit(rule), col("_rule")).alias("_rule"),
        iff(is_broken, reason, col("_reason")).alias("_reason"),
    )


def refuse_other_currencies(parsed: DataFrame, table: Table, currency: str | None) -> DataFrame:
    """Return the parsed rows; a record whose field `currency` names another one breaks a rule.

    Args:
        parsed: What `parse` or `replace_values` gave for the table.
        table: The staging contract.
        currency: The warehouse's, e.g. USD; amounts of several cannot be added up. A record that names none is in it.
            None takes all.
    """
    if currency is None:
        return parsed
    named = upper(trim(col("_record")["currency"].cast(TEXT)))
    reason = concat(
        lit("currency is "),
        substring(named, lit(1), lit(_LONGEST_CURRENCY)),
        lit(f"; this warehouse keeps {currency} (SNOWCAST_CURRENCY), and amounts are never converted"),
    )
    is_another = (named != lit(currency)) & (named != lit(""))
    return refuse_also(parsed, table, "currency_other", is_another, reason)


def name_owners(parsed: DataFrame, table: Table, platform: str, **keys: str) -> DataFrame:
    """Return the table's rows: the parsed ones with `platform`, the keys of whose they are, and `filled_fields`.

    Args:
        parsed: What `parse` or the functions behind it gave for the table.
        table: The staging contract.
        platform: Id space that the ids live in.
        keys: Column of the id by the column of its key, the hash of platform and id.
    """
    named = parsed.select("*", lit(platform).alias("platform"))
    hashed = [hash_key("platform", name).alias(key) for key, name in keys.items()]
    filled = [count_filled_fields(table)] if "filled_fields" in table.column_names else []
    return table.select(named.select("*", *hashed, *filled))


def count_filled_fields(table: Table) -> Expression:
    """Count how many of the declared payload columns have a value, as `filled_fields`."""
    read = [column for column in table.columns if column.payload is not None]
    filled = [iff(col(column.name).is_null(), lit(0), lit(1)) for column in read]
    return reduce(add, filled).cast(INTEGER).alias("filled_fields")


def tidy_text(name: str) -> Expression:
    """Return the text in lower case without spaces around; NULL where nothing is left."""
    text = lower(trim(col(name)))
    return iff(text == lit(""), null_of(TEXT), text)


def _value(column: Column, record: str) -> Expression:
    value = col(record)[column.payload or column.name]
    return coalesce(value, *[col(record)[name] for name in column.formerly]) if column.formerly else value


def _read_given(column: Column, decimal_comma: bool) -> Expression:
    text = col(f"spelled_{column.name}")
    if decimal_comma and has_decimals(column):
        is_text = col(kind_name(column)) == lit("VARCHAR")
        with_point = concat(text, lit(" with a point"))
        spelled = when(text.rlike(WITH_COMMA), replace(text, lit(","), lit("."))).when(
            text.rlike(_WITH_POINT), with_point
        )
        text = iff(is_text, spelled.otherwise(text), text)
    empty_is_null = column.empty_is_null or not isinstance(column.type, StringType)
    return iff(text == lit(""), null_of(TEXT), text) if empty_is_null else text


def _find_moments(given: DataFrame, read: list[Column]) -> DataFrame:
    """Add `moment_of_*`, the time that a text spells, and `json_of_*`, the JSON of a list that a text spells."""
    lists = [_spell_as_json(column).alias(f"json_of_{column.name}") for column in read if _is_variant(column)]
    names = [column.name for column in read if _is_time(column)]
    marks = [
        mark.alias(f"{what}_of_{name}")
        for name in names
        for what, mark in times.mark_spelling(col(f"text_of_{name}")).items()
    ]
    marked = given.select("*", *marks, *lists)
    if not names:
        return marked
    told = {name: [col(f"{mark}_of_{name}") for mark in ("text", *times.MARKS)] for name in names}
    return marked.select("*", *[times.find_moment(*told[name]).alias(f"moment_of_{name}") for name in names])


def _cast_text(column: Column) -> Expression:
    text = col(text_name(column))
    if isinstance(column.type, StringType):
        return text
    spelling = _spelling(column)
    if spelling is not None:
        return iff(text.rlike(spelling), try_cast(text, column.type), null_of(column.type))
    if _is_time(column):
        return times.keep_plausible(col(f"moment_of_{column.name}"))
    if _is_variant(column):
        return _keep_or_read(column)
    return try_cast(text, column.type)


def _spelling(column: Column) -> str | None:
    """Return what a text must look like to be cast at all: the cast alone would round, or take what is no number."""
    if isinstance(column.type, DecimalType):  # zeros behind the last decimal change nothing
        whole, decimals = column.type.precision - column.type.scale, column.type.scale
        behind = rf"[0-9]{{1,{decimals}}}0*"
        return rf"^[+-]?([0-9]{{1,{whole}}}(\.({behind})?)?|\.{behind})$"
    return {LongType: _WHOLE_NUMBER, DoubleType: _NUMBER, DateType: times.DAY}.get(type(column.type))


def _is_time(column: Column) -> bool:
    return isinstance(column.type, TimestampType)


def _is_variant(column: Column) -> bool:
    return isinstance(column.type, VariantType)


def _spell_as_json(column: Column) -> Expression:
    """Return the text of a CSV's list, which is JSON's or Python's (`['a', 'b']`), as JSON; NULL for what is none."""
    text = col(text_name(column))
    as_json = when(text.rlike(_PYTHON_TEXTS), replace(text, lit("'"), lit('"'))).when(text.rlike(_JSON_TEXTS), text)
    is_text = col(kind_name(column)) == lit("VARCHAR")
    return iff(is_text, as_json.otherwise(null_of(TEXT)), null_of(TEXT))


def _keep_or_read(column: Column) -> Expression:
    """Keep lists and objects; read what a text spells as a list."""
    kept = to_variant(_value(column, "_record"))
    spelled = parse_json(col(f"json_of_{column.name}"))
    return iff(col(text_name(column)).is_null(), null_of(VariantType()), coalesce(spelled, kept))
