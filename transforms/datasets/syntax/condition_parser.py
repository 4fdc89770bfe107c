"""Conditions and computed values of questions in text form; a reader of each level of precedence.

From loose to tight: `or`, `and`, `not`, comparisons, `+ -`, `* /`, a sign; then names, constants and parentheses.
"""

from __future__ import annotations

from decimal import Decimal

from transforms.datasets.syntax.conditions import (
    COHORT,
    Absence,
    Arithmetic,
    Case,
    Comparison,
    Condition,
    Constant,
    Likeness,
    Membership,
    Operand,
    Value,
    combine,
)
from transforms.datasets.syntax.errors import QueryError, Word, quote
from transforms.datasets.syntax.keywords import CLAUSES, CONNECTING, LONGEST_NUMBER
from transforms.datasets.syntax.lexer import DAY, NAME, NUMBER, QUOTED_NAME, TEXT, Reader, Token
from transforms.datasets.syntax.query import Order

_COMPARISONS = ("=", "!=", "<>", "<", "<=", ">", ">=")
_MISWRITTEN = {"==": "=", "=>": ">=", "=<": "<="}
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_CONSTANT = "a number, a 'text', a day, true or false"
_Given = Operand | Condition | Constant


def condition(reader: Reader) -> Condition:
    """Take a condition.

    Raises:
        QueryError: Something else comes.
    """
    token = reader.next
    return _as_condition(_chain(reader, "a feature"), token)


def operand(reader: Reader, what: str) -> Operand | Constant:
    """Take a value, what is computed of values, or a constant.

    Raises:
        QueryError: Something else comes.
    """
    token = reader.next
    return _as_operand(_sum(reader, what), token, what)


def operand_or_condition(reader: Reader, what: str) -> Operand | Condition:
    """Take what a function can be of.

    Raises:
        QueryError: Something else comes, such as a constant alone.
    """
    token = reader.next
    given = _chain(reader, what)
    if not isinstance(given, Operand | Condition):
        raise QueryError(f"expected {what}, found {str(token.word)!r}", token.word)
    return given


def list_order(reader: Reader) -> Order:
    """Take what a list is ordered by: `by points desc`, behind `order`."""
    reader.one_of(("by",), "by")
    token = reader.next
    by = operand(reader, "a feature")
    if not isinstance(by, Operand):
        raise QueryError(f"expected a feature, found {str(token.word)!r}", token.word)
    is_descending = reader.take_if("desc")
    if not is_descending:
        reader.take_if("asc")
    return Order(by, is_descending)


def _chain(reader: Reader, what: str, word: str = "or") -> _Given:
    """Conditions with `or` between them, each of conditions with `and` between them."""
    token = reader.next
    given = _chain(reader, what, "and") if word == "or" else _negation(reader, what)
    if not reader.comes(word):
        return given
    parts = [_as_condition(given, token)]
    while reader.take_if(word):
        token = reader.next
        part = _chain(reader, "a feature", "and") if word == "or" else _negation(reader, "a feature")
        parts.append(_as_condition(part, token))
    return combine(word, parts)


def _negation(reader: Reader, what: str) -> _Given:
    if not reader.comes("not"):
        return _comparison(reader, what)
    is_negated = False
    while reader.take_if("not"):
        is_negated = not is_negated
    token = reader.next
    given = _as_condition(_comparison(reader, "a feature"), token)
    return ~given if is_negated else given


def _comparison(reader: Reader, what: str) -> _Given:
    token = reader.next
    given = _sum(reader, what)
    if reader.comes(*_MISWRITTEN):
        raise QueryError(f"say {_MISWRITTEN[reader.next.word]}", reader.next.word)
    if reader.comes(*_COMPARISONS):
        return _compare(reader, _as_operand(given, token, what), token)
    if reader.take_if("is"):
        is_negated = reader.take_if("not")
        reader.one_of(("null",), "null")
        absence = Absence(_as_value(given, token))
        return ~absence if is_negated else absence
    if not reader.comes("not", "in", "like", "between"):
        return given
    is_negated = reader.take_if("not")
    found = _read_test(reader, _as_value(given, token))
    return ~found if is_negated else found


def _compare(reader: Reader, left: Operand | Constant, token: Token) -> Condition:
    operator = str(reader.one_of(_COMPARISONS, "a comparison"))
    operator = "!=" if operator == "<>" else operator
    other = reader.next
    right = _as_operand(_sum(reader, _CONSTANT), other, _CONSTANT)
    if isinstance(left, Operand):
        return Comparison(left, operator, right)
    if isinstance(right, Operand):
        return Comparison(right, _MIRRORED.get(operator, operator), left)
    raise QueryError("a comparison names a feature on one side", token.word)


def _read_test(reader: Reader, value: Operand) -> Condition:
    word = reader.one_of(("in", "like", "between"), "in, like or between")
    if word == "in":
        return Membership(value, _options(reader))
    if word == "like":
        return Likeness(value, str(reader.of_kind(TEXT, what="a 'pattern' with % and _").word))
    low = operand(reader, _CONSTANT)
    reader.one_of(("and",), "and")
    return value.between(low, operand(reader, _CONSTANT))


def _options(reader: Reader) -> tuple[Constant, ...]:
    reader.one_of(("(",), "(")
    options = [_constant(reader)]
    while reader.take_if(","):
        options.append(_constant(reader))
    reader.one_of((")",), ")")
    return tuple(options)


def _constant(reader: Reader) -> Constant:
    token = reader.next
    given = _sum(reader, _CONSTANT)
    if isinstance(given, Operand | Condition):
        raise QueryError(f"expected {_CONSTANT}, found {str(token.word)!r}{_hint_at_quotes(given)}", token.word)
    return given


def _hint_at_quotes(given: Operand | Condition) -> str:
    is_name = isinstance(given, Value) and given.of is None
    return f"; a text is written in single quotes: {quote(given.name)}" if is_name and isinstance(given, Value) else ""


def _sum(reader: Reader, what: str, operators: tuple[str, ...] = ("+", "-")) -> _Given:
    """Products with `+` or `-` between them, each of factors with `*` or `/` between them."""
    is_sum = "+" in operators
    token = reader.next
    given = _sum(reader, what, ("*", "/")) if is_sum else _factor(reader, what)
    while reader.comes(*operators):
        left = _as_operand(given, token, what)
        operator = str(reader.take().word)
        other = reader.next
        right = _sum(reader, "a number", ("*", "/")) if is_sum else _factor(reader, "a number")
        given = _arithmetic(left, operator, _as_operand(right, other, "a number"), token)
    return given


def _arithmetic(left: Operand | Constant, operator: str, right: Operand | Constant, token: Token) -> Operand:
    if not isinstance(left, Operand) and not isinstance(right, Operand):
        raise QueryError("two constants are computed by hand: name a feature on one side", token.word)
    return Arithmetic(left, operator, right)


def _factor(reader: Reader, what: str) -> _Given:
    if reader.take_if("-"):
        token = reader.next
        with reader.enter_parentheses():
            given = _factor(reader, "a number")
            if isinstance(given, int | Decimal) and not isinstance(given, bool):
                return -given
            return -_as_value(given, token)
    if reader.comes("("):
        with reader.enter_parentheses():
            reader.take()
            given = _chain(reader, what)
            reader.one_of((")",), ")")
            return given
    if reader.take_if("case"):
        with reader.enter_parentheses():
            return _case(reader)
    return _word(reader, what)


def _word(reader: Reader, what: str) -> _Given:
    """A name, or a constant."""
    if reader.comes("true", "false"):
        return reader.take().word.lower() == "true"
    if reader.comes("null"):
        raise QueryError("nothing equals null: say `is null` or `is not null`", reader.next.word)
    if reader.next.kind == NUMBER:
        return _number(reader.take().word)
    if reader.next.kind in (TEXT, DAY):
        return reader.take().word
    if reader.next.kind not in (NAME, QUOTED_NAME) or reader.comes(*CLAUSES, *CONNECTING):
        raise reader.unexpected(what)
    if reader.comes_before("("):
        raise QueryError(
            f"{str(reader.next.word)!r} is a function, which stands by itself: aggregate … take sum(points), say",
            reader.next.word,
        )
    name = reader.take().word
    if not reader.take_if("."):
        return Value(name)
    of = COHORT if name.lower() == COHORT else name
    return Value(reader.name(f"a feature of {'the cohort' if of == COHORT else name}"), of)


def _number(word: Word) -> Constant:
    if len(word.lstrip("-").replace(".", "")) > LONGEST_NUMBER:
        raise QueryError(f"{word} is too long: numbers have at most {LONGEST_NUMBER} digits", word)
    return Decimal(word) if "." in word else int(word)


def _case(reader: Reader) -> Case:
    branches: list[tuple[Condition, Operand | Constant | None]] = []
    reader.one_of(("when",), "when")
    while not branches or reader.take_if("when"):
        holds = condition(reader)
        reader.one_of(("then",), "then")
        branches.append((holds, _result(reader)))
    otherwise = _result(reader) if reader.take_if("else") else None
    reader.one_of(("end",), "end")
    return Case(tuple(branches), otherwise)


def _result(reader: Reader) -> Operand | Constant | None:
    return None if reader.take_if("null") else operand(reader, f"a feature or {_CONSTANT}")


def _as_condition(given: _Given, token: Token) -> Condition:
    if isinstance(given, Condition):
        return given
    if isinstance(given, Operand):
        return Comparison(given, "=", right=True)
    raise QueryError(f"{str(token.word)!r} alone is no condition: compare it with a feature", token.word)


def _as_operand(given: _Given, token: Token, what: str) -> Operand | Constant:
    if isinstance(given, Condition):
        raise QueryError(f"expected {what}, found a condition", token.word)
    return given


def _as_value(given: _Given, token: Token) -> Operand:
    if not isinstance(given, Operand):
        raise QueryError(f"expected a feature, found {str(token.word)!r}", token.word)
    return given
