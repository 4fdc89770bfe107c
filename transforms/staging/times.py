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

MARKS = ("is_spelled", "is_unix", "has_offset", "digits", "plain")


def mark_spelling(text: Expression) -> dict[str, Expression]:
    """Return how a text spells a time, as `find_moment` asks for it by these names, since it asks more than once.

    `digits` is a spelled time as `2020-12-28052900.123+0530`: only what stands between its numbers is left out. `plain`
    is its day and its clock to the second, `2020-12-28 05:29:00`.
    """
    digits = reduce(lambda left, mark: replace(left, lit(mark), lit("")), ("UTC", ":", " ", "T", "Z"), text)
    clock = when(length(text) == lit(len("2026-03-04")), lit(_MIDNIGHT)).when(
        text.rlike(_WITH_SECONDS), substring(text, lit(12), lit(8))
    )
    plain = concat(
        substring(text, lit(1), lit(10)),
        lit(" "),
        clock.otherwise(concat(substring(text, lit(12), lit(5)), lit(":00"))),
    )
    marks = (text.rlike(SPELLED), text.rlike(_UNIX), text.rlike(_WITH_OFFSET), digits, plain)
    return dict(zip(MARKS, marks, strict=True))


def find_moment(
    text: Expression,
    is_spelled: Expression,
    is_unix: Expression,
    has_offset: Expression,
    digits: Expression,
    plain: Expression,
) -> Expression:
    """Return the time in UTC that a text spells; NULL where it spells none."""
    seconds = try_cast(iff(is_unix, substring(text, lit(1), lit(_SECONDS_DIGITS)), null_of(TEXT)), INTEGER)
    at_second = dateadd("second", seconds, lit(datetime(1970, 1, 1)).cast(TIMESTAMP))
    whole = coalesce(try_cast(iff(is_spelled, plain, null_of(TEXT)), TIMESTAMP), at_second)
    behind_seconds = length(digits) - lit(17) - iff(has_offset, lit(5), lit(0))
    fraction = iff(text.rlike(_WITH_FRACTION), substring(digits, lit(18), behind_seconds), lit(""))
    behind = iff(is_unix, substring(text, lit(_SECONDS_DIGITS + 1), lit(_FRACTION_DIGITS)), fraction)
    six_digits = substring(concat(behind, lit(_NO_FRACTION)), lit(1), lit(_FRACTION_DIGITS))
    micros = try_cast(iff(is_spelled | is_unix, six_digits, null_of(TEXT)), INTEGER)
    offset = iff(is_spelled & has_offset, _offset_minutes(digits), lit(0))
    return dateadd("microsecond", micros, dateadd("minute", lit(0) - offset, whole))


def keep_plausible(moment: Expression) -> Expression:
    """Return the time, or NULL where its year cannot be right."""
    first, after = (lit(datetime(year, 1, 1)).cast(TIMESTAMP) for year in (FIRST_YEAR, LAST_YEAR + 1))
    return iff((moment >= first) & (moment < after), moment, null_of(TIMESTAMP))


def is_of_another_year(text: Expression) -> Expression:
    """Return the condition that a day or time is spelled as it must be, and of a year that cannot be right."""
    return text.rlike(SPELLED) & ~text.rlike(rf"^{_YEAR}-.*$")


def _offset_minutes(digits: Expression) -> Expression:
    """`+0530` at the end is 530 as a number and 5 hours: 40 less for each of those are its 330 minutes."""

    def number(length_of_it: int) -> Expression:
        return coalesce(try_cast(substring(digits, length(digits) - lit(4), lit(length_of_it)), INTEGER), lit(0))

    return number(5) - number(3) * lit(40)
