"""How a time is spelled: told by the text alone, before the warehouse casts anything.

A warehouse's own cast takes more than it should: it drops words behind a time, reads day numbers of a spreadsheet as
seconds, gives plain days the account's zone and has `infinity`. So a text is a time only if it matches one of the
patterns below; it is then taken apart, and only a plain `YYYY-MM-DD HH:MM:SS` reaches the cast. Digits behind the
sixth of a fraction are cut off: not every warehouse holds them.
"""

from __future__ import annotations

from datetime import datetime
from functools import reduce

from transforms.contract import INTEGER, TEXT, TIMESTAMP
from transforms.formulas.frames import null_of
from transforms.functions import (
    Expression,
    coalesce,
    concat,
    dateadd,
    iff,
    length,
    lit,
    replace,
    substring,
    try_cast,
    when,
)

FIRST_YEAR, LAST_YEAR = 1990, 2100
YEARS = f"a year from {FIRST_YEAR} to {LAST_YEAR}"
_YEAR = r"(199[0-9]|20[0-9]{2}|2100)"
_ANY_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,9})?)?"
_OFFSET = r"[+-](0[0-9]|1[0-4]):?[0-5][0-9]"
DAY = rf"^{_YEAR}-[0-9]{{2}}-[0-9]{{2}}$"
SPELLED = rf"^{_ANY_DAY}([T ]{_CLOCK}( ?(Z|UTC|{_OFFSET}))?)?$"
_UNIX = r"^[1-9][0-9]{9}([0-9]{3}|[0-9]{6})?$"  # seconds, milliseconds or microseconds
_WITH_OFFSET = rf"^.*:[0-9.]* ?{_OFFSET}$"
_WITH_SECONDS = r"^.{16}:.*$"
_WITH_FRACTION = r"^.{19}\..*$"
_MIDNIGHT, _NO_FRACTION = "00:00:00", "000000"
_SECONDS_DIGITS, _FRACTION_DIGITS = 10, 6

PARTS = ("whole", "micros", "offset")


def parse_parts(text: Expression) -> dict[str, Expression]:
    """Return the time to the second, what is behind it in microseconds, and its offset from UTC in minutes.

    All are NULL where the text spells no time.
    """
    is_spelled, is_unix = text.rlike(SPELLED), text.rlike(_UNIX)
    clock = when(length(text) == lit(len("2026-03-04")), lit(_MIDNIGHT)).when(
        text.rlike(_WITH_SECONDS), substring(text, lit(12), lit(8))
    )
    plain = concat(
        substring(text, lit(1), lit(10)),
        lit(" "),
        clock.otherwise(concat(substring(text, lit(12), lit(5)), lit(":00"))),
    )
    seconds = try_cast(iff(is_unix, substring(text, lit(1), lit(_SECONDS_DIGITS)), _no_text()), INTEGER)
    at_second = dateadd("second", seconds, lit(datetime(1970, 1, 1)).cast(TIMESTAMP))
    behind = iff(is_unix, substring(text, lit(_SECONDS_DIGITS + 1), lit(_FRACTION_DIGITS)), _fraction(text))
    micros = substring(concat(behind, lit(_NO_FRACTION)), lit(1), lit(_FRACTION_DIGITS))
    return {
        "whole": coalesce(try_cast(iff(is_spelled, plain, _no_text()), TIMESTAMP), at_second),
        "micros": try_cast(iff(is_spelled | is_unix, micros, _no_text()), INTEGER),
        "offset": iff(is_spelled, _offset_minutes(text), lit(0)),
    }


def build_timestamp(whole: Expression, micros: Expression, offset: Expression) -> Expression:
    """Build the time in UTC of its parts; NULL where there are none, or where its year cannot be right."""
    moment = dateadd("microsecond", micros, dateadd("minute", lit(0) - offset, whole))
    first, after = (lit(datetime(year, 1, 1)).cast(TIMESTAMP) for year in (FIRST_YEAR, LAST_YEAR + 1))
    return iff((moment >= first) & (moment < after), moment, null_of(TIMESTAMP))


def is_of_another_year(text: Expression) -> Expression:
    """Return the condition that a day or time is spelled as it must be, and of a year that cannot be right."""
    return text.rlike(SPELLED) & ~text.rlike(rf"^{_YEAR}-.*$")


def _fraction(text: Expression) -> Expression:
    digits = _digits(text)
    behind_point = length(digits) - lit(17) - iff(text.rlike(_WITH_OFFSET), lit(5), lit(0))
    return iff(text.rlike(_WITH_FRACTION), substring(digits, lit(18), behind_point), lit(""))


def _offset_minutes(text: Expression) -> Expression:
    """`+05:30` and `+0530` at the text's end as 330; nothing else there is 0."""
    digits, has_offset = _digits(text), text.rlike(_WITH_OFFSET)
    offset = substring(digits, length(digits) - lit(4), lit(5))

    def number(start: int) -> Expression:
        return try_cast(iff(has_offset, substring(offset, lit(start), lit(2)), _no_text()), INTEGER)

    minutes = number(2) * lit(60) + number(4)
    is_behind = substring(offset, lit(1), lit(1)) == lit("-")
    return coalesce(iff(is_behind, lit(0) - minutes, minutes), lit(0))


def _digits(text: Expression) -> Expression:
    """Return a spelled time as `2020-12-28052900.123+0530`: only what stands between its numbers is left out."""
    return reduce(lambda left, mark: replace(left, lit(mark), lit("")), ("UTC", ":", " ", "T", "Z"), text)


def _no_text() -> Expression:
    return null_of(TEXT)
