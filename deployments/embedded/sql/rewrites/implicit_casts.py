"""Text where Snowflake reads it as a number or a time: SUM of a text, `'5' + 1`, `YEAR('2026-01-01')`.

DuckDB refuses them when it binds. Only a statement that it has refused is written once more with these conversions, so
that the others pay nothing for them.
"""

from __future__ import annotations

import re

import duckdb
from sqlglot import Expr, exp

from deployments.embedded.context import StatementContext
from deployments.embedded.sql.macros import call
from deployments.embedded.sql.rewrites.trees import gives_text, is_text_literal

_REFUSED = re.compile(r"(?:No function matches|best candidate function).*\((?:.*, )?(?:VARCHAR|STRING_LITERAL|JSON)\b")
_AGGREGATES = (exp.Sum, exp.Avg, exp.Median, exp.Stddev, exp.Variance)
_ARITHMETIC = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod)
_NUMBERS = (exp.Neg, exp.Abs, exp.Round, exp.Floor, exp.Ceil, exp.Sqrt, exp.Sign)
_TIMES = (
    *(exp.Year, exp.Quarter, exp.Month, exp.Week, exp.WeekOfYear, exp.Day, exp.DayOfMonth, exp.DayOfWeek),
    *(exp.DayOfYear, exp.Hour, exp.Minute, exp.Second, exp.Dayname, exp.Monthname, exp.LastDay, exp.Extract),
    *(exp.ToChar, exp.DateDiff, exp.TimestampDiff, exp.DateTrunc, exp.TimestampTrunc, exp.DateAdd, exp.TimestampAdd),
)
_DIFFERENCES = (exp.DateDiff, exp.TimestampDiff)


def is_refused_text(error: duckdb.Error) -> bool:
    """Whether DuckDB refused a statement because a function got a text."""
    return isinstance(error, duckdb.BinderException) and _REFUSED.search(str(error).split("\n")[0]) is not None


def convert_texts(tree: Expr, context: StatementContext) -> Expr:
    """Convert what may be a text where a number or a time is asked for."""
    if not context.converts_texts:
        return tree
    for node in list(tree.walk()):
        if isinstance(node, _AGGREGATES):
            _wrap(node, "this", "sf_as_float")
        elif isinstance(node, _NUMBERS):
            _wrap(node, "this", "sf_as_number")
        elif isinstance(node, _ARITHMETIC) and not node.find(exp.Interval):
            _wrap(node, "this", "sf_as_number")
            _wrap(node, "expression", "sf_as_number")
        elif isinstance(node, _TIMES):
            _wrap(node, "expression" if isinstance(node, exp.Extract) else "this", "sf_as_time")
            if isinstance(node, _DIFFERENCES):
                _wrap(node, "expression", "sf_as_time")
    return tree


def _wrap(node: Expr, argument: str, macro: str) -> None:
    """Convert an argument that may be a text. A macro inside of it would hide its type, so only these are looked at."""
    value = node.args.get(argument)
    if not isinstance(value, Expr) or not (isinstance(value, exp.Column) or gives_text(value)):
        return
    if is_text_literal(value) and macro != "sf_as_time" and re.fullmatch(r"\d+(\.\d+)?", value.name):
        node.set(argument, exp.Literal.number(value.name))
    else:
        node.set(argument, call(macro, value))
