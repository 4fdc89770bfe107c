"""Reads the statements that name stages and files, whose grammar is words, names, strings and options.

`PUT 'file:///tmp/a.csv' @RAW.LANDING/twitch AUTO_COMPRESS=FALSE`
`CREATE SCOPED TEMPORARY FILE FORMAT IF NOT EXISTS F TYPE = JSON STRIP_OUTER_ARRAY = TRUE`
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from deployments.embedded.errors import snowflake_error

_TOKEN = re.compile(
    r"""
      (?P<space>\s+|--[^\n]*|/\*.*?\*/)
    | (?P<string>'(?:[^'\\]|''|\\.)*'|\$\$.*?\$\$)
    | (?P<file>file://[^\s;]+)
    | (?P<stage>@(?:"(?:[^"]|"")*"|[^\s"(),;'])+)
    | (?P<quoted>"(?:[^"]|"")*")
    | (?P<number>-?\d+(?:\.\d+)?(?![\w$]))
    | (?P<word>[A-Za-z0-9_$%]+)
    | (?P<arrow>=>)
    | (?P<mark>.)
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_BOUND_NAME = re.compile(r"\bIDENTIFIER\s*\(\s*\?", re.IGNORECASE)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "0": "\0"}
_ESCAPE = re.compile(r"''|\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|(.))", re.DOTALL)

Options = dict[str, Any]


@dataclass(frozen=True)
class Token:
    """One token of a statement: its kind (a group name of the pattern), its text and where it stands."""

    kind: str
    text: str
    start: int
    end: int


def tokenize(sql: str) -> list[Token]:
    """The statement's tokens without spaces and comments; a closing semicolon is dropped."""
    tokens = [
        Token(str(match.lastgroup), match.group(), match.start(), match.end())
        for match in _TOKEN.finditer(sql)
        if match.lastgroup != "space"
    ]
    while tokens and tokens[-1].text == ";":
        tokens.pop()
    return tokens


def split_statements(sql: str) -> list[str]:
    """The statements of a text, without the semicolons between them."""
    parts: list[str] = []
    start = 0
    for token in [*tokenize(sql), Token("mark", ";", len(sql), len(sql))]:
        if token.text == ";":
            parts.append(sql[start : token.start])
            start = token.end
    return [part.strip() for part in parts if tokenize(part)]


def unquote(literal: str) -> str:
    """The value of a string literal, with Snowflake's escapes resolved."""
    if literal.startswith("$$"):
        return literal[2:-2]

    def resolve(match: re.Match[str]) -> str:
        hexadecimal, unicode, other = match.groups()
        if hexadecimal or unicode:
            return chr(int(hexadecimal or unicode, 16))
        return _ESCAPES.get(other, other) if other else "'"

    return _ESCAPE.sub(resolve, literal[1:-1])


def with_params(sql: str, params: Sequence[Any] | dict[str, Any] | None) -> str:
    """The statement with the values of its `?` written in, as Snowflake's bindings allow in any statement."""
    if not isinstance(params, list | tuple) or not params:
        return sql
    values = list(params)
    parts: list[str] = []
    at = 0
    for token in tokenize(sql):
        if token.text == "?" and values:
            parts += [sql[at : token.start], _literal(values.pop(0))]
            at = token.end
    return "".join([*parts, sql[at:]])


def with_named_objects(sql: str, params: Any) -> tuple[str, Any]:
    """Write bound names in place of `IDENTIFIER(?)`, and give the statement with the parameters that are left.

    `DROP TABLE IF EXISTS identifier(?)` of `write_pandas`.
    """
    if not isinstance(params, list) or not _BOUND_NAME.search(sql):
        return sql, params
    tokens = tokenize(sql)
    left: list[Any] = []
    parts: list[str] = []
    at = 0
    values = iter(params)
    for place, token in enumerate(tokens):
        if token.text != "?":
            continue
        value = next(values, None)
        if place < 2 or [before.text.upper() for before in tokens[place - 2 : place]] != ["IDENTIFIER", "("]:
            left.append(value)
            continue
        parts += [sql[at : tokens[place - 2].start], str(value)]
        at = tokens[place + 1].end
    return "".join([*parts, sql[at:]]), left or None


def _literal(value: Any) -> str:
    if value is None or isinstance(value, bool | int | float):
        return "NULL" if value is None else str(value).upper()
    escaped = str(value).replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"


def syntax_error(sql: str, token: Token | None) -> Exception:
    """Snowflake's error for a statement that does not parse."""
    found = f"unexpected '{token.text}'" if token else "unexpected end of statement"
    position = token.start if token else len(sql)
    return snowflake_error(
        f"SQL compilation error:\nsyntax error line 1 at position {position} {found}.", 1003, "42000"
    )


class Scanner:
    """Walks over the tokens of one statement."""

    def __init__(self, sql: str) -> None:
        """Start before the first token of a statement."""
        self.sql = sql
        self.tokens = tokenize(sql)
        self.at = 0

    def peek(self, ahead: int = 0) -> Token | None:
        """The token that comes next, or None at the end."""
        at = self.at + ahead
        return self.tokens[at] if at < len(self.tokens) else None

    def next(self) -> Token:
        """The next token.

        Raises:
            ProgrammingError: the statement ends here.
        """
        token = self.peek()
        if token is None:
            raise syntax_error(self.sql, None)
        self.at += 1
        return token

    def take(self, *words: str) -> bool:
        """Pass over these words if they come next, in this order."""
        for ahead, word in enumerate(words):
            token = self.peek(ahead)
            if token is None or token.text.upper() != word:
                return False
        self.at += len(words)
        return True

    def expect(self, *words: str) -> None:
        """Pass over these words, or fail with a syntax error."""
        if not self.take(*words):
            raise syntax_error(self.sql, self.peek())

    def at_end(self) -> None:
        """Fail with a syntax error if anything is left."""
        if (token := self.peek()) is not None:
            raise syntax_error(self.sql, token)

    def name(self) -> str:
        """An object name as SQL text, also as `identifier('…')`."""
        if self.take("IDENTIFIER", "("):
            text = unquote(self.next().text)
            self.expect(")")
            return text
        parts = [self.next()]
        if parts[0].kind not in ("word", "quoted"):
            raise syntax_error(self.sql, parts[0])
        while (dot := self.peek()) and dot.text == "." and dot.start == parts[-1].end:
            parts += [self.next(), self.next()]
        return "".join(part.text for part in parts)

    def reference(self) -> str:
        """A stage reference (`@…`), a local file (`file://…`) or a quoted form of either."""
        token = self.next()
        if token.kind == "string":
            return unquote(token.text)
        if token.kind not in ("stage", "file"):
            raise syntax_error(self.sql, token)
        return token.text

    def group_text(self) -> str:
        """Pass over the parenthesis that comes next and all up to the one that closes it; the text between them."""
        begun, depth = self.next(), 1
        while depth:
            token = self.next()
            depth += {"(": 1, ")": -1}.get(token.text, 0)
        return self.sql[begun.end : token.start]

    def options(self) -> Options:
        """All `NAME = value` that follow, names in upper case."""
        found: Options = {}
        while (token := self.peek()) and token.text != ")":
            if token.text == ",":
                self.next()
                continue
            if token.kind != "word":
                raise syntax_error(self.sql, token)
            key = self.next().text.upper()
            if (sign := self.peek()) and sign.text in ("=", "=>"):
                self.next()
            found[key] = self._value()
        return found

    def set_option(self, found: Options) -> None:
        """Put the option that follows among those found: `NAME = value` or `NAME = ('a', 'b')`, the sign is needed."""
        token = self.next()
        if token.kind != "word":
            raise syntax_error(self.sql, token)
        self.expect("=")
        found[token.text.upper()] = self._value()

    def text_until(self, word: str | None = None) -> str:
        """The text up to a word that stands outside brackets, or to the end."""
        begun = self.peek()
        if begun is None:
            raise syntax_error(self.sql, None)
        end, depth = begun.start, 0
        while (token := self.peek()) is not None and not (depth == 0 and token.text.upper() == word):
            depth += (token.text == "(") - (token.text == ")")
            end = self.next().end
        return self.sql[begun.start : end]

    def _value(self) -> Any:
        token = self.peek()
        if token is not None and token.text == "(":
            return self._group()
        if token is not None and token.kind in ("word", "quoted"):
            return self.name()
        token = self.next()
        if token.kind == "string":
            return unquote(token.text)
        if token.kind in ("number", "stage", "file"):
            return token.text
        raise syntax_error(self.sql, token)

    def _group(self) -> Any:
        self.expect("(")
        sign = self.peek(1)
        if (first := self.peek()) and first.kind == "word" and sign and sign.text in ("=", "=>"):
            options = self.options()
            self.expect(")")
            return options
        values = []
        while not self.take(")"):
            if not self.take(","):
                values.append(self._value())
        return values


def is_true(value: Any) -> bool:
    """Whether an option's value says yes."""
    return str(value).upper() in ("TRUE", "1", "YES", "ON")
