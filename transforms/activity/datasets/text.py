"""Questions about activities as text: `first stream_started append count gift_received after within 7 days`.

The grammar is in QUERIES.md; every function here reads the construct of its name. Names are checked when the question
is planned (planning.py), so a text of any activities can be read.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import TypeVar

from transforms.activity.datasets.conditions import Absence, Comparison, Condition, Constant, Membership, Value
from transforms.activity.datasets.errors import QueryError, Word
from transforms.activity.datasets.words import DAY, END, NAME, NUMBER, QUOTED_NAME, TEXT, Reader
from transforms.activity.query import (
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
_OPERATORS = ("=", "!=", "<>", "<", "<=", ">", ">=")
_COHORT = "cohort"
_PICKS = (Pick.FIRST, Pick.LAST, Pick.NTH)
_Taker = TypeVar("_Taker", Selection, Append)


def parse_query(text: str) -> Query:
    """The question that a text asks.

    Raises:
        QueryError: The text is none; the error's word has its place.
    """
    reader = Reader(text)
    cohort = _spine(reader) if reader.comes("every") else _cohort(reader)
    appends = []
    while reader.taken("append"):
        appends.append(_append(reader))
    if reader.next.kind != END:
        raise reader.unexpected("append or the end")
    return Query(cohort, tuple(appends))


def _spine(reader: Reader) -> Spine:
    reader.take()
    period = Period(reader.one_of(Period, "a period"))
    reader.one_of(("of",), "of")
    spine = Spine(period, reader.name("an activity"))
    if reader.taken("where"):
        spine = spine.where(_condition(reader))
    start = _day(reader) if reader.taken("from") else None
    end = _day(reader) if reader.taken("until") else None
    return Spine(spine.period, spine.activity, spine.condition, start, end)


def _cohort(reader: Reader) -> Selection:
    selection = _selection(reader, (*_PICKS, Pick.ALL, "every"))
    while reader.comes("where", "take"):
        if reader.taken("where"):
            selection = selection.where(_condition(reader))
        elif reader.taken("take"):
            selection = _taken(reader, selection)
    return selection


def _append(reader: Reader) -> Append:
    selection = _selection(reader, (*_PICKS, Pick.AGGREGATE))
    relation = Relation(reader.one_of(Relation, "a relation"))
    on_or_after = relation is Relation.IN_BETWEEN and reader.taken("on_or_after")
    append = Append(selection, relation, on_or_after)
    while reader.comes("where", "on", "within", "take"):
        if reader.taken("where"):
            append = append.where(_condition(reader))
        elif reader.taken("on"):
            append = append.on(_condition(reader))
        elif reader.taken("within"):
            append = append.within(_distance(reader))
        elif reader.taken("take"):
            append = _taken(reader, append)
    return append


def _selection(reader: Reader, picks: Iterable[str]) -> Selection:
    word = reader.one_of(picks, "which occurrences")
    number = None
    if str(word) == Pick.NTH:
        token = reader.of_kind(NUMBER, what="a number")
        if not token.word.isdigit() or int(token.word) < 1:
            raise QueryError(f"nth counts from 1; found {token.word}", token.word)
        number = int(token.word)
    return Selection(Pick(word), reader.name("an activity"), number)


def _taken(reader: Reader, taker: _Taker) -> _Taker:
    outputs = [_output(reader)]
    while reader.taken(","):
        outputs.append(_output(reader))
    return taker.take(*outputs)


def _output(reader: Reader) -> Output:
    name = reader.name("a feature or a function")
    of: Value | Aggregation = Value(name)
    if reader.taken("("):
        if name.lower() not in set(Function):
            raise QueryError(f"{str(name)!r} is no function; known: {', '.join(Function)}", name)
        of = _aggregation(reader, name)
    return Output(of, reader.name("a name for the column") if reader.taken("as") else None)


def _aggregation(reader: Reader, word: Word) -> Aggregation:
    function = Function(word.lower())
    if reader.taken(")"):
        return Aggregation(function, word=word)
    of: Value | Condition = Value(reader.name("a feature")) if reader.comes_before(")") else _condition(reader)
    reader.one_of((")",), ")")
    return Aggregation(function, of, word)


def _condition(reader: Reader) -> Condition:
    found = _conjunction(reader)
    while reader.taken("or"):
        found = found | _conjunction(reader)
    return found


def _conjunction(reader: Reader) -> Condition:
    found = _negation(reader)
    while reader.taken("and"):
        found = found & _negation(reader)
    return found


def _negation(reader: Reader) -> Condition:
    if reader.taken("not"):
        return ~_negation(reader)
    if reader.taken("("):
        found = _condition(reader)
        reader.one_of((")",), ")")
        return found
    return _comparison(reader)


def _comparison(reader: Reader) -> Condition:
    value = _value(reader)
    if reader.taken("is"):
        is_negated = reader.taken("not")
        reader.one_of(("null",), "null")
        return ~Absence(value) if is_negated else Absence(value)
    if reader.comes("not", "in"):
        is_negated = reader.taken("not")
        reader.one_of(("in",), "in")
        found = Membership(value, _options(reader))
        return ~found if is_negated else found
    if not reader.comes(*_OPERATORS):
        return Comparison(value, "=", right=True)
    operator = reader.one_of(_OPERATORS, "a comparison")
    is_value = reader.next.kind == QUOTED_NAME or (reader.next.kind == NAME and not reader.comes("true", "false"))
    return Comparison(value, "!=" if operator == "<>" else operator, _value(reader) if is_value else _constant(reader))


def _value(reader: Reader) -> Value:
    name = reader.name("a feature")
    if name.lower() == _COHORT and reader.taken("."):
        return Value(reader.name("a feature of the cohort"), of_cohort=True)
    return Value(name)


def _options(reader: Reader) -> tuple[Constant, ...]:
    reader.one_of(("(",), "(")
    options = [_constant(reader)]
    while reader.taken(","):
        options.append(_constant(reader))
    reader.one_of((")",), ")")
    return tuple(options)


def _constant(reader: Reader) -> Constant:
    if reader.comes("true", "false"):
        return reader.take().word.lower() == "true"
    token = reader.of_kind(NUMBER, TEXT, DAY, what="a number, a 'text', a day, true or false")
    if token.kind == NUMBER:
        return Decimal(token.word) if "." in token.word else int(token.word)
    return token.word


def _distance(reader: Reader) -> timedelta:
    word = reader.of_kind(NUMBER, what="a number").word
    units = {spelled: seconds for unit, seconds in _UNITS.items() for spelled in (unit, f"{unit}s")}
    unit = reader.one_of(units, "a unit of time")
    if word.startswith("-"):
        raise QueryError(f"within takes a positive length of time; found {word}", word)
    return timedelta(microseconds=int(Decimal(word) * units[unit] * 1_000_000))


def _day(reader: Reader) -> date:
    word: Word = reader.of_kind(DAY, TEXT, what="a day such as 2024-01-31").word
    try:
        return date.fromisoformat(word)
    except ValueError:
        raise QueryError(f"{str(word)!r} is no day; expected one such as 2024-01-31", word) from None
