"""Questions about activities as text: `first stream_started append first gift_received after within 7 days`.

The grammar is in QUERIES.md; every function here reads the construct of its name. Names are checked when the question
is planned (../analysis/plan.py), so a text of any activities can be read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TypeVar

from transforms.datasets.syntax.condition_parser import condition, list_order, operand, operand_or_condition
from transforms.datasets.syntax.conditions import Operand
from transforms.datasets.syntax.errors import QueryError, Word, unknown_append
from transforms.datasets.syntax.keywords import CLAUSES
from transforms.datasets.syntax.lexer import DAY, END, NAME, NUMBER, QUOTED_NAME, TEXT, Reader
from transforms.datasets.syntax.query import (
    Aggregation,
    Append,
    Function,
    Output,
    Period,
    Pick,
    Query,
    Relation,
    Selection,
    Spine,
)

_UNITS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400, "week": 604_800}
_PICKS = (Pick.FIRST, Pick.LAST, Pick.NTH)
_Taker = TypeVar("_Taker", Selection, Append)
_LONGEST_COUNT = 9  # digits
_FARTHEST_DAYS = 100_000
_YEARS = (1990, 2100)


def parse_query(text: str) -> Query:
    """The question that a text asks.

    Raises:
        QueryError: The text is none; the error's word has its place.
    """
    reader = Reader(text)
    cohort = _spine(reader) if reader.comes("every") else _cohort(reader)
    appends: list[Append] = []
    while reader.take_if("append"):
        appends.append(_append(reader, [one.selection.name for one in appends if one.selection.name]))
    if reader.next.kind != END:
        raise reader.unexpected("append or the end")
    return Query(cohort, tuple(appends))


def _spine(reader: Reader) -> Spine:
    reader.take()
    period = Period(reader.one_of(Period, "a period"))
    reader.one_of(("of",), "of")
    spine = Spine(period, _activities(reader))
    if reader.take_if("where"):
        spine = spine.where(condition(reader))
    start = _day(reader) if reader.take_if("from") else None
    end = _day(reader) if reader.take_if("until") else None
    return replace(spine, start=start, end=end)


def _cohort(reader: Reader) -> Selection:
    selection = _selection(reader, (*_PICKS, Pick.ALL, "every"))
    while reader.comes("where", "take"):
        if reader.take_if("where"):
            selection = selection.where(condition(reader))
        elif reader.take_if("take"):
            selection = _take(reader, selection)
    return selection


def _append(reader: Reader, earlier: Sequence[str]) -> Append:
    selection = _selection(reader, (*_PICKS, Pick.AGGREGATE))
    if reader.take_if("as"):
        selection = selection.named(reader.name("a name for the append"))
    relation = Relation(reader.one_of(Relation, "a relation"))
    on_or_after = relation is Relation.IN_BETWEEN and reader.take_if("on_or_after")
    append = Append(selection, relation, on_or_after, anchor=_anchor(reader, earlier))
    while reader.comes("where", "on", "within", "take"):
        if reader.take_if("where"):
            append = append.where(condition(reader))
        elif reader.take_if("on"):
            append = append.on(condition(reader))
        elif reader.take_if("within"):
            append = append.within(_distance(reader))
        elif reader.take_if("take"):
            append = _take(reader, append)
    return append


def _anchor(reader: Reader, earlier: Sequence[str]) -> Word | None:
    """The earlier append that stands in the place of the cohort's row."""
    is_name = reader.next.kind == QUOTED_NAME or (reader.next.kind == NAME and not reader.comes(*CLAUSES))
    if not is_name:
        return None
    if reader.next.word not in earlier:
        raise unknown_append(reader.next.word, earlier)
    return reader.take().word


def _selection(reader: Reader, picks: Iterable[str]) -> Selection:
    word = reader.one_of(picks, "which occurrences")
    number = _count(reader) if str(word) == Pick.NTH else None
    return Selection(Pick(word), _activities(reader), number)


def _count(reader: Reader) -> int:
    word = reader.of_kind(NUMBER, what="a number").word
    if not word.isdigit() or int(word) < 1:
        raise QueryError(f"nth counts from 1; found {word}", word)
    if len(word) > _LONGEST_COUNT:
        raise QueryError(f"nth takes a number of {_LONGEST_COUNT} digits at most; found {word}", word)
    return int(word)


def _activities(reader: Reader) -> tuple[str, ...]:
    names = [reader.name("an activity")]
    while reader.take_if("or"):
        names.append(reader.name("an activity"))
    return tuple(names)


def _take(reader: Reader, taker: _Taker) -> _Taker:
    outputs = [_output(reader)]
    while reader.take_if(","):
        outputs.append(_output(reader))
    return taker.take(*outputs)


def _output(reader: Reader) -> Output:
    is_function = reader.next.kind in (NAME, QUOTED_NAME) and reader.comes_before("(")
    of = _aggregation(reader) if is_function else _value(reader)
    return Output(of, reader.name("a name for the column") if reader.take_if("as") else None)


def _value(reader: Reader) -> Operand:
    token = reader.next
    of = operand(reader, "a feature or a function")
    if not isinstance(of, Operand):
        raise QueryError(f"expected a feature or a function, found {str(token.word)!r}", token.word)
    return of


def _aggregation(reader: Reader) -> Aggregation:
    word = reader.take().word
    if word.lower() not in set(Function):
        raise QueryError(f"{str(word)!r} is no function; known: {', '.join(Function)}", word)
    found = Aggregation(Function(word.lower()), word=word)
    reader.one_of(("(",), "(")
    if reader.comes("*"):
        raise QueryError(
            f"leave the * out: {word}() counts every event, {word}(feature) those with a value", reader.next.word
        )
    if reader.take_if(")"):
        return found
    found = replace(found, of=operand_or_condition(reader, "a feature"))
    if reader.take_if(","):
        found = replace(found, separator=str(reader.of_kind(TEXT, what="a 'text' to stand between").word))
    if reader.take_if("order"):
        found = replace(found, order=list_order(reader))
    reader.one_of((")",), ")")
    return found


def _distance(reader: Reader) -> timedelta:
    word = reader.take_signed_number("a number").word
    units = {spelled: seconds for unit, seconds in _UNITS.items() for spelled in (unit, f"{unit}s")}
    unit = reader.one_of(units, "a unit of time")
    if word.startswith("-"):
        raise QueryError(f"within takes a positive length of time; found {word}", word)
    seconds = Decimal(word) * units[unit]
    if seconds > _FARTHEST_DAYS * _UNITS["day"]:
        raise QueryError(f"within takes {_FARTHEST_DAYS:,} days at most; found {word} {unit}", word)
    return timedelta(microseconds=int(seconds * 1_000_000))


def _day(reader: Reader) -> date:
    word: Word = reader.of_kind(DAY, TEXT, what="a day such as 2024-01-31").word
    try:
        day = date.fromisoformat(word)
    except ValueError:
        raise QueryError(f"{str(word)!r} is no day; expected one such as 2024-01-31", word) from None
    if not _YEARS[0] <= day.year <= _YEARS[1]:
        raise QueryError(f"{str(word)!r} is outside the years {_YEARS[0]} to {_YEARS[1]}", word)
    return day
