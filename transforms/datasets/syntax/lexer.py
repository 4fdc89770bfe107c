"""The words of a question in text form, each with its place, and a reader that takes them one by one."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from transforms.datasets.syntax.errors import QueryError, Word

NAME, QUOTED_NAME, TEXT, DAY, NUMBER, SIGN, END = "name", "quoted name", "text", "day", "number", "sign", "end"
_PATTERNS = (
    (NAME, r"[A-Za-z_][A-Za-z0-9_]*"),
    (QUOTED_NAME, r'"(?:[^"]|"")+"'),
    (TEXT, r"'(?:[^']|'')*'"),
    (DAY, r"\d{4}-\d{2}-\d{2}(?![\d-])"),
    (NUMBER, r"\d+(?:\.\d+)?"),
    (SIGN, r"<=|>=|!=|<>|==|=>|=<|[=<>(),.+*/-]"),
)
_TOKEN = re.compile("|".join(f"(?P<k{place}>{pattern})" for place, (_, pattern) in enumerate(_PATTERNS)))
_SPACE = re.compile(r"\s*")
_HINTS = {
    "'\"": "a quote is not closed",
    "‘’‚“”„«»`´": "texts stand in straight single quotes: 'text'",
    ";": "leave it out",
    "%": "% stands in texts",
}
_DEEPEST = 50


@dataclass(frozen=True)
class Token:
    """One word: what kind it is and what it says, without quotes."""

    kind: str
    word: Word


def tokens_of(text: str) -> list[Token]:
    """The words of a text and an end behind them.

    Raises:
        QueryError: A character begins no word.
    """
    found: list[Token] = []
    place = _skip(text, 0)
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None or match.lastgroup is None:
            raise QueryError(f"{text[place]!r} is not expected{_hint(text[place])}", Word(text[place], place))
        kind = _PATTERNS[int(match.lastgroup[1:])][0]
        found.append(Token(kind, Word(_unquote(kind, match.group()), place, len(match.group()))))
        place = _skip(text, match.end())
    return [*found, Token(END, Word("", len(text.rstrip()), 1))]


def _hint(sign: str) -> str:
    if sign.isalpha():
        return '; a name with other letters than a to z stands in double quotes: "name"'
    return next((f"; {hint}" for signs, hint in _HINTS.items() if sign in signs), "")


def _skip(text: str, place: int) -> int:
    match = _SPACE.match(text, place)
    return match.end() if match else place


def _unquote(kind: str, said: str) -> str:
    if kind not in (TEXT, QUOTED_NAME):
        return said
    quote = said[0]
    return said[1:-1].replace(quote * 2, quote)


class Reader:
    """Takes the words of a text in order."""

    def __init__(self, text: str) -> None:
        self._tokens = tokens_of(text)
        self._place = 0
        self._depth = 0

    @contextmanager
    def enter_parentheses(self) -> Iterator[None]:
        """Enter parentheses, to read what stands in them.

        Raises:
            QueryError: There are too many around it.
        """
        if self._depth == _DEEPEST:
            raise QueryError(f"parentheses are nested at most {_DEEPEST} deep", self.next.word)
        self._depth += 1
        yield
        self._depth -= 1

    @property
    def next(self) -> Token:
        """The word that comes next."""
        return self._tokens[self._place]

    def comes(self, *words: str) -> bool:
        """Whether one of these keywords or signs comes next."""
        token = self.next
        return token.kind in (NAME, SIGN) and token.word.lower() in words

    def comes_before(self, word: str) -> bool:
        """Whether the word after the next one is this keyword or sign."""
        return self._place + 1 < len(self._tokens) and self._tokens[self._place + 1].word == word

    def number_follows(self) -> bool:
        """Whether the word after the next one is a number that stands right behind it."""
        following = self._tokens[min(self._place + 1, len(self._tokens) - 1)]
        return following.kind == NUMBER and following.word.start == self.next.word.start + self.next.word.length

    def take_signed_number(self, what: str) -> Token:
        """Take a number that may have a minus right before it.

        Raises:
            QueryError: It is something else.
        """
        if not (self.comes("-") and self.number_follows()):
            return self.of_kind(NUMBER, what=what)
        sign, number = self.take().word, self.take().word
        return Token(NUMBER, Word(f"-{number}", sign.start, number.length + 1))

    def take(self) -> Token:
        """The next word, which is then behind."""
        token = self.next
        self._place += token.kind != END
        return token

    def take_if(self, *words: str) -> bool:
        """Take the next word if it is one of these."""
        if self.comes(*words):
            self.take()
            return True
        return False

    def one_of(self, words: Iterable[str], what: str) -> Word:
        """Take a keyword or sign that must be one of these.

        Raises:
            QueryError: It is another word.
        """
        known = list(words)
        if self.comes(*known):
            token = self.take()
            return Word(token.word.lower(), token.word.start, token.word.length)
        near = difflib.get_close_matches(self.next.word.lower(), known, n=1)
        guess = f"did you mean {near[0]}? " if near and self.next.kind == NAME else ""
        raise self.unexpected(what, f"{guess}known: {' '.join(known)}" if len(known) > 1 else "")

    def of_kind(self, *kinds: str, what: str) -> Token:
        """Take a word that must be of one of these kinds.

        Raises:
            QueryError: It is of another.
        """
        if self.next.kind not in kinds:
            raise self.unexpected(what)
        return self.take()

    def name(self, what: str) -> Word:
        """Take a name, plain or in double quotes.

        Raises:
            QueryError: Something else comes.
        """
        return self.of_kind(NAME, QUOTED_NAME, what=what).word

    def unexpected(self, what: str, hint: str = "") -> QueryError:
        """The error of the next word where something else was expected."""
        found = "the question ends" if self.next.kind == END else f"found {str(self.next.word)!r}"
        return QueryError(f"expected {what}, {found}{'; ' + hint if hint else ''}", self.next.word)
