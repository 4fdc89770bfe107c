"""CREATE, ALTER and DROP of what is kept beside the databases: they begin and end alike for every kind of object.

`CREATE [OR REPLACE] [TEMPORARY] STAGE [IF NOT EXISTS] RAW.LANDING …`, `ALTER PIPE [IF EXISTS] P …`,
`DROP ROLE [IF EXISTS] R`
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa

from deployments.embedded.context import StatementContext
from deployments.embedded.errors import already_exists, does_not_exist, snowflake_error, unsupported
from deployments.embedded.kept.tables import KeptTable
from deployments.embedded.names import like_pattern, normalise_name, split_name
from deployments.embedded.scanner import Options, Scanner, syntax_error, unquote, with_params
from deployments.embedded.wire.results import status_table, text_table


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of object, and what is done with it.

    Attributes:
        called: how errors name it.
        made: how the answer to CREATE names it, if not as errors do.
        table: where its objects are kept.
        read: reads what CREATE says behind the name.
        check: refuses options that such an object cannot have.
        row: what is kept of the options.
        shown: what SHOW tells behind the name, made of the full name and the kept options.
        prepare: does what else is to be done before one is kept, with its options, or dropped, with None.
        alter: does what ALTER says behind the name of one that is there.
        temporary: the session's own objects with their options, for a kind that may have some.
        built_in: what is there without having been made.
        is_dated: SHOW has a column for when an object was made, which nobody keeps.
        is_in_schema: its name begins with a database and a schema.
        is_told_in_full: so it does where an answer says that one is there already, or is not.
        has_arguments: DROP names their types.
    """

    called: str
    made: str = ""
    table: KeptTable
    read: Callable[[Scanner, StatementContext], Options] = lambda scanner, _: scanner.options()
    check: Callable[[Head, Options, StatementContext], object] = lambda head, options, context: None
    row: Callable[[Options], dict[str, Any]] = lambda options: {"options": json.dumps(options)}
    shown: Callable[[str, Options], dict[str, str | None]] = lambda name, options: {}
    prepare: Callable[[Head, Options | None, StatementContext], None] = lambda head, options, context: None
    alter: Callable[[Head, StatementContext], pa.Table] | None = None
    temporary: Callable[[StatementContext], dict[tuple[str, ...], Options]] | None = None
    built_in: Mapping[str, Options] = field(default_factory=dict)
    is_dated: bool = True
    is_in_schema: bool = True
    is_told_in_full: bool = False
    has_arguments: bool = False

    def list_options(self, word: str, context: StatementContext) -> dict[str, Options]:
        """The options of the objects that statements call so, by full name."""
        rows = self.table.find(context, **({"kind": word} if "kind" in self.table.key else {}))
        return {**self.built_in, **{row["name"]: json.loads(row["options"]) for row in rows}}


@dataclass(frozen=True)
class Head:
    """What a statement about one object begins with; the scanner stands behind it.

    Attributes:
        scanner: reads what follows.
        word: how statements name the kind.
        kind: the kind.
        key: the object's name in parts: database, schema and name, or the name alone.
        is_lenient: IF [NOT] EXISTS was said.
        replaces: OR REPLACE or OR ALTER was.
        is_temporary: TEMPORARY was.
    """

    scanner: Scanner
    word: str
    kind: Kind
    key: tuple[str, ...]
    is_lenient: bool
    replaces: bool
    is_temporary: bool

    @property
    def name(self) -> str:
        """The full name."""
        return ".".join(self.key)

    @property
    def told(self) -> str:
        """How an answer names an object that is there already, or is not."""
        return self.name if self.kind.is_told_in_full else self.key[-1]

    @property
    def place(self) -> dict[str, str]:
        """The columns by which the object's row is found."""
        if "kind" in self.kind.table.key:
            return {"kind": self.word, "name": self.name}
        return dict(zip(self.kind.table.key, self.key, strict=True))

    def is_there(self, context: StatementContext) -> bool:
        """Whether there is such an object: the session's own, if the statement is about one of those."""
        own = self._own_objects(context)
        if own is not None:
            return self.key in own
        return self.name in self.kind.built_in or bool(self.kind.table.find(context, **self.place))

    def keep(self, options: Options | None, context: StatementContext) -> None:
        """Keep a new object in the place of what has its name; None: drop it."""
        self.kind.prepare(self, options, context)
        own = self._own_objects(context)
        if own is not None:
            own.pop(self.key, None)
            own.update({} if options is None else {self.key: options})
        elif options is None:
            self.kind.table.remove(context, **self.place)
        else:
            self.kind.table.put(context, {**self.place, **self.kind.row(options)})

    def _own_objects(self, context: StatementContext) -> dict[tuple[str, ...], Options] | None:
        return self.kind.temporary(context) if self.is_temporary and self.kind.temporary is not None else None


def begin(kinds: Mapping[str, Kind], sql: str, context: StatementContext) -> Head:
    """Read a statement up to the name of its object.

    Raises:
        ProgrammingError: It is about none of these kinds, or has no name.
    """
    scanner = Scanner(with_params(sql, context.params))
    verb = scanner.next().text.upper()
    replaces = scanner.take("OR", "REPLACE") or scanner.take("OR", "ALTER")
    at, token = scanner.at, scanner.peek()
    scanner.take("SCOPED")
    is_temporary = scanner.take("TEMPORARY") or scanner.take("TEMP")
    is_plain = scanner.at == at
    word = next((word for word in kinds if scanner.take(*word.split())), None)
    if word is None or not (is_plain or kinds[word].temporary):
        raise syntax_error(scanner.sql, token)
    kind = kinds[word]
    is_lenient = scanner.take("IF", "NOT", "EXISTS") if verb == "CREATE" else scanner.take("IF", "EXISTS")
    name = scanner.name()
    key = split_name(name, context.database, context.schema) if kind.is_in_schema else (normalise_name(name),)
    return Head(scanner, word, kind, key, is_lenient, replaces, is_temporary)


def create(kinds: Mapping[str, Kind], sql: str, context: StatementContext) -> pa.Table:
    """`CREATE [OR REPLACE | OR ALTER] WAREHOUSE [IF NOT EXISTS] W [WITH] WAREHOUSE_SIZE = XSMALL …`."""
    head = begin(kinds, sql, context)
    options = head.kind.read(head.scanner, context)
    head.scanner.at_end()
    head.kind.check(head, options, context)
    if not head.replaces and head.is_there(context):
        if head.is_lenient:
            return status_table(f"{head.told} already exists, statement succeeded.")
        raise already_exists(head.name)
    head.keep(options, context)
    return status_table(f"{head.kind.made or head.kind.called} {head.key[-1]} successfully created.")


def alter(kinds: Mapping[str, Kind], sql: str, context: StatementContext) -> pa.Table:
    """`ALTER WAREHOUSE [IF EXISTS] W SET AUTO_SUSPEND = 60`, `ALTER TASK T RESUME`."""
    head = begin(kinds, sql, context)
    if head.kind.alter is None:
        raise unsupported(f"ALTER {head.word}", "Create it anew.")
    if head.is_there(context):
        return head.kind.alter(head, context)
    if head.is_lenient:
        return status_table()
    raise does_not_exist(head.kind.called, head.name)


def drop(kinds: Mapping[str, Kind], sql: str, context: StatementContext) -> pa.Table:
    """`DROP ROLE [IF EXISTS] R`; what was there from the start stays."""
    head = begin(kinds, sql, context)
    if not head.kind.has_arguments:
        head.scanner.at_end()
    if head.name in head.kind.built_in:
        message = f"SQL access control error:\nInsufficient privileges to drop '{head.name}'."
        raise snowflake_error(message, 3001, "42501")
    own = replace(head, is_temporary=True)
    if found := next((one for one in (own, head) if one.is_there(context)), None):
        found.keep(None, context)
        return status_table(f"{head.key[-1]} successfully dropped.")
    if head.is_lenient:
        return status_table(f"Drop statement executed successfully ({head.told} already dropped).")
    raise does_not_exist(head.kind.called, head.name)


def show(kinds: Mapping[str, Kind], sql: str, context: StatementContext) -> pa.Table:
    """`SHOW ROLES LIKE 'SNOWCAST%'`, `SHOW TASKS [LIKE '…'] [IN DATABASE d | IN SCHEMA d.s]`."""
    scanner = Scanner(sql)
    scanner.expect("SHOW")
    word = next((word for word in kinds if scanner.take(*f"{word}S".split())), None)
    if word is None:
        raise syntax_error(scanner.sql, scanner.peek())
    kind = kinds[word]
    like = unquote(scanner.next().text) if scanner.take("LIKE") else "%"
    place = f"{context.database}." if kind.is_in_schema else ""
    if scanner.take("IN") and not scanner.take("ACCOUNT"):
        scanner.take("SCHEMA") or scanner.take("DATABASE")
        place = ".".join(normalise_name(part) for part in scanner.name().split(".")) + "."
    scanner.at_end()
    first = (None,) if kind.is_dated else ()
    rows = [
        (*first, own, *kind.shown(name, options).values())
        for name, options in sorted(kind.list_options(word, context).items())
        if name.startswith(place)
        and like_pattern(like).fullmatch(own := name.rpartition(".")[2] if kind.is_in_schema else name)
    ]
    return text_table([*("created_on" for _ in first), "name", *kind.shown("..", {})], rows)
