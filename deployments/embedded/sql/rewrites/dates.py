"""Dates, times and their texts."""

from __future__ import annotations

import re

from sqlglot import Expr, exp

from deployments.embedded.errors import unsupported
from deployments.embedded.sql.macros import call
from deployments.embedded.sql.rewrites.trees import Rule, func, is_local_time, is_text_literal, is_variant, literal
from deployments.embedded.sql.rewrites.types import Type, convert, safely, text

_FORMAT_PARTS = {
    "YYYY": "%Y",
    "YY": "%y",
    "MMMM": "%B",
    "MON": "%b",
    "MM": "%m",
    "DD": "%d",
    "DY": "%a",
    "HH24": "%H",
    "HH12": "%I",
    "AM": "%p",
    "PM": "%p",
    "MI": "%M",
    "SS": "%S",
    "FF3": "%g",
    "FF6": "%f",
    "FF9": "%n",
    "FF": "%f",
    "TZHTZM": "%z",
    "TZH:TZM": "%z",
    "TZD": "%Z",
}
_NOT_DONE = ("TZH", "TZM", *(f"FF{digits}" for digits in "0124578"))
_FRACTION = re.compile(r"%f_(one|two|three|four|five|six|seven|eight|nine)|FF[0-9]?")
_PART = re.compile(
    r'"([^"]*)"|' + "|".join(sorted(map(re.escape, (*_FORMAT_PARTS, *_NOT_DONE)), key=len, reverse=True)) + "|.", re.I
)


def duckdb_format(form: str) -> str:
    """A Snowflake date or time format as DuckDB's strftime takes it."""

    def part(match: re.Match[str]) -> str:
        if match[1] is not None:
            return match[1].replace("%", "%%")
        known = _FORMAT_PARTS.get(match[0].upper())
        if match[0].upper() in _NOT_DONE:
            raise unsupported(f"date format '{form}'", f"Its part {match[0]} is not done.")
        return known or match[0].replace("%", "%%")

    return _PART.sub(part, form)


def _is_number_format(form: str) -> bool:
    return bool(re.fullmatch(r"[$BSMI.,G09DXE+-]+|TM[9E]?", form.upper())) and not re.search("[YH]", form.upper())


def to_char(node: exp.ToChar) -> Expr:
    """`TO_CHAR("T", 'YYYY-MM-DD HH24:MI')`, `TO_VARCHAR("V")`."""
    form = node.args.get("format")
    if form is None:
        return text(node.this)
    form = _join_literals(form)
    if not is_text_literal(form):
        return call("sf_format", _moment(node.this), form)
    if form.name.upper() in {"HEX", "UTF-8", "UTF8", "BASE64"}:
        return _binary_text(node.this, form.name.upper())
    if _is_number_format(form.name):
        raise unsupported(f"number format '{form.name}'", "Use TO_VARCHAR without a format, or LPAD.")
    moment = call("sf_timestamp", node.this) if is_text_literal(node.this) or is_variant(node.this) else node.this
    return func("strftime", moment, duckdb_format(form.name))


def _join_literals(form: Expr) -> Expr:
    """`'YYYY' || '-MM'` is as good as a literal."""
    if isinstance(form, exp.Paren):
        return _join_literals(form.this)
    parts = [_join_literals(form.this), _join_literals(form.expression)] if isinstance(form, exp.DPipe) else []
    if parts and all(map(is_text_literal, parts)):
        return exp.Literal.string("".join(part.name for part in parts))
    return form


def _binary_text(value: Expr, form: str) -> Expr:
    if form == "BASE64":
        return func("to_base64", value)
    return func("hex", value) if form == "HEX" else func("decode", value)


def to_date(node: Expr) -> Expr:
    """`TO_DATE("S")`, `TO_DATE("S", 'YYYYMMDD')`, `TRY_TO_DATE`."""
    form = node.args.get("format")
    to = exp.DataType.build("DATE")
    if form is None:
        return safely(node, convert(node.this, to))
    return safely(node, exp.cast(_parse(node.this, form), Type.DATE, copy=False))


def text_to_time(node: exp.StrToTime) -> Expr:
    """`TO_TIMESTAMP("S", 'YYYY-MM-DD HH24:MI:SS')`."""
    return safely(node, _parse(node.this, node.args["format"]))


def _parse(value: Expr, form: Expr) -> Expr:
    """Text read by a format; sqlglot has turned its parts into strftime's, fractions of a second aside."""
    if not is_text_literal(form):
        raise unsupported("a date format that is not a literal")
    known = _FRACTION.sub("%f", form.name)
    return func("strptime", text(value), known.replace('"', "").replace("TZH:TZM", "%z"))


def time_to_text(node: exp.TimeToStr) -> Expr:
    """`TO_CHAR("S" :: TIMESTAMP, 'HH24:MI:SS.FF3')`, whose format sqlglot has turned into strftime's."""
    form = node.args["format"]
    if not is_text_literal(form):
        return to_char(exp.ToChar(this=node.this, format=form))
    fractions = {"three": "%g", "six": "%f", "nine": "%n"}
    known = _FRACTION.sub(lambda match: fractions.get(match[1] or "", "%f"), form.name)
    return func("strftime", node.this, known.replace('"', ""))


def to_time(node: Expr) -> Expr:
    """`TO_TIME("S")`."""
    form = node.args.get("format")
    parsed = _parse(node.this, form) if form is not None else text(node.this)
    return safely(node, exp.cast(parsed, Type.TIME, copy=False))


def unix_to_time(node: exp.UnixToTime) -> Expr:
    """`TO_TIMESTAMP("N", 3)`: whole units of 10^-scale seconds; `TO_TIMESTAMP(1700000000)`."""
    scale = node.args.get("scale")
    if is_text_literal(node.this) and scale is None:
        return call("sf_timestamp", node.this)
    number = exp.cast(node.this, "DECIMAL(28, 6)", copy=False)
    return call("sf_timestamp_number", number, scale or exp.Literal.number(0))


_CONVERSIONS = {
    "TO_TIMESTAMP": Type.TIMESTAMP,
    "TO_TIMESTAMP_NTZ": Type.TIMESTAMP,
    "TO_TIMESTAMP_LTZ": Type.TIMESTAMPTZ,
    "TO_TIMESTAMP_TZ": Type.TIMESTAMPTZ,
    "TO_DATE": Type.DATE,
    "DATE": Type.DATE,
}


def timestamp_function(node: exp.Anonymous) -> Expr | None:
    """`TO_TIMESTAMP("S")`, `TRY_TO_TIMESTAMP_NTZ("S")`, `TO_TIMESTAMP_TZ("S")` and their like."""
    name = node.name.upper()
    safe = name.startswith("TRY_")
    target = _CONVERSIONS.get(name.removeprefix("TRY_"))
    if target is None:
        return None
    value, *form = node.expressions
    if form and is_text_literal(form[0]):
        converted: Expr = func("strptime", text(value), duckdb_format(form[0].name))
    elif form:
        converted = call("sf_timestamp_number", exp.cast(value, "DECIMAL(28, 6)", copy=False), form[0])
    else:
        converted = convert(value, exp.DataType(this=target))
    if form and target != Type.TIMESTAMP:
        converted = exp.cast(converted, target, copy=False)
    return func("try", converted) if safe else converted


def refuse_local_time(left: Expr, right: Expr) -> None:
    """Refuse `CONVERT_TIMEZONE(zone, t)` beside another time: the zone of a TIMESTAMP_TZ is not kept here."""
    is_local = [is_local_time(side) for side in (left, right)]
    if any(is_local) and not all(is_local) and not (is_text_literal(left) or is_text_literal(right)):
        raise unsupported(
            "CONVERT_TIMEZONE with two arguments beside another time",
            "Compare the times without it, or name both zones: CONVERT_TIMEZONE('UTC', zone, t).",
        )


# What takes the time of day of a time in a zone of its own, and what hands it on.
_READ_THE_CLOCK = (
    *(exp.Cast, exp.TsOrDsToDate, exp.TsOrDsToTime, exp.ToChar, exp.TimeToStr, exp.Extract, exp.Dayname, exp.Monthname),
    *(exp.Year, exp.Quarter, exp.Month, exp.Week, exp.WeekOfYear, exp.Day, exp.DayOfMonth, exp.DayOfWeek),
    *(exp.DayOfWeekIso, exp.DayOfYear, exp.Hour, exp.Minute, exp.Second, exp.LastDay, exp.DateDiff, exp.TimestampDiff),
    *(exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE),
)
_HAND_ON = (exp.Paren, exp.DateTrunc, exp.TimestampTrunc, exp.DateAdd, exp.TimestampAdd, exp.Coalesce)


def convert_timezone(node: exp.ConvertTimezone) -> Expr:
    """`CONVERT_TIMEZONE('UTC', t)` is the moment; of another zone only the time of day can be read from it.

    What goes on under a name, into a table or to the client would be a time without its zone, which later statements
    took for one in UTC.
    """
    if node.args.get("source_tz") is not None:
        return node
    zone = node.args["target_tz"]
    if is_text_literal(zone) and zone.name.upper() == "UTC":
        return convert(node.args["timestamp"], exp.DataType(this=Type.TIMESTAMPTZ))
    reader = node.parent
    while isinstance(reader, _HAND_ON):
        reader = reader.parent
    if _reads_the_clock(reader):
        return node
    raise unsupported(
        "a value of CONVERT_TIMEZONE with two arguments, whose zone is not kept",
        "Cast it (::TIMESTAMP_NTZ, ::DATE), or name both zones: CONVERT_TIMEZONE('UTC', zone, t).",
    )


def _reads_the_clock(reader: Expr | None) -> bool:
    if isinstance(reader, exp.Anonymous):
        return reader.name.upper() in {"TO_TIMESTAMP", "TO_TIMESTAMP_NTZ"}
    keeps_zone = isinstance(reader, exp.Cast) and reader.to.this in {Type.TIMESTAMPTZ, Type.TIMESTAMPLTZ}
    return isinstance(reader, _READ_THE_CLOCK) and not keeps_zone


_INTERVALS = {
    "YEAR": "to_years",
    "QUARTER": "to_quarters",
    "MONTH": "to_months",
    "WEEK": "to_weeks",
    "DAY": "to_days",
    "HOUR": "to_hours",
    "MINUTE": "to_minutes",
    "SECOND": "to_seconds",
    "MILLISECOND": "to_milliseconds",
    "MICROSECOND": "to_microseconds",
}
_DATE_UNITS = {"YEAR", "QUARTER", "MONTH", "WEEK", "DAY"}


def date_add(node: exp.DateAdd) -> Expr:
    """`DATEADD(day, "N", "D")`: a DATE stays a DATE where the unit is a day or longer."""
    unit = (node.unit.name if node.unit else "DAY").upper()
    make = _INTERVALS.get(unit)
    if make is None:
        raise unsupported(f"DATEADD by {unit}")
    amount = node.expression
    if isinstance(amount, exp.Interval):
        amount = amount.this
    if is_text_literal(amount):
        amount = exp.Literal.number(amount.name)
    size = exp.cast(amount, Type.BIGINT if unit not in _DATE_UNITS else Type.INT, copy=False)
    moment, interval = _moment(node.this), func(make, size)
    if unit in _DATE_UNITS:
        return call("sf_add_interval", moment, interval)
    return exp.Paren(this=exp.Add(this=exp.Paren(this=moment), expression=interval))


def _moment(node: Expr) -> Expr:
    """Text and VARIANT as TIMESTAMP, anything else as it is."""
    return call("sf_timestamp", node) if is_text_literal(node) or is_variant(node) else node


def date_diff(node: Expr) -> Expr:
    """`DATEDIFF(day, "A", "B")` counts the boundaries between the two."""
    unit = (node.args["unit"].name if node.args.get("unit") else "DAY").lower()
    left, right = node.expression, node.this
    refuse_local_time(left, right)
    if unit == "week":
        return call("sf_weeks", _moment(left), _moment(right))
    return func("date_diff", unit, _moment(left), _moment(right))


def date_trunc(node: Expr) -> Expr:
    """`DATE_TRUNC('month', "D")`: a DATE stays a DATE."""
    return call("sf_date_trunc", literal(node.args["unit"].name.lower()), _moment(node.this))


RULES: dict[type[Expr], Rule] = {
    exp.CurrentDate: lambda node: exp.cast(func("now"), Type.DATE),  # DuckDB takes the bare word for a column
    exp.CurrentTime: lambda node: exp.cast(exp.cast(func("now"), Type.TIMESTAMP), Type.TIME),
    exp.ToChar: to_char,
    exp.TimeToStr: time_to_text,
    exp.TsOrDsToDate: to_date,
    exp.TsOrDsToTime: to_time,
    exp.StrToTime: text_to_time,
    exp.UnixToTime: unix_to_time,
    exp.DateAdd: date_add,
    exp.TimestampAdd: date_add,
    exp.DateDiff: date_diff,
    exp.TimestampDiff: date_diff,
    exp.DateTrunc: date_trunc,
    exp.TimestampTrunc: date_trunc,
    exp.ConvertTimezone: convert_timezone,
}
