"""Statements about stages, their files and file formats, by the words they begin with.

They are read by the scanner, not by the SQL parser: their grammar is words, names, texts and options.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import pyarrow as pa

from deployments.embedded.errors import already_exists, unsupported
from deployments.embedded.names import split_name
from deployments.embedded.scanner import Scanner, with_params
from deployments.embedded.stages import put_get, stage
from deployments.embedded.stages.copy import load, unload
from deployments.embedded.stages.files import named_formats
from deployments.embedded.stages.stage import Location, locate
from deployments.embedded.wire.results import status_table

if TYPE_CHECKING:
    from deployments.embedded.context import StatementContext

Result: TypeAlias = "pa.Table | dict[str, Any]"
# What CREATE makes: the module that keeps it, and what its status calls it.
_KINDS: dict[str, tuple[Any, str]] = {
    "STAGE": (stage, "Stage area"),
    "FILE FORMAT": (named_formats, "File format"),
}


def copy_into(sql: str, context: StatementContext) -> Result:
    """`COPY INTO RAW.T FROM @RAW.LANDING …`, which loads, and `COPY INTO @STAGE/out FROM T …`, which unloads."""
    sql = with_params(sql, context.params)
    scanner = Scanner(sql)
    scanner.expect("COPY", "INTO")
    target = scanner.peek()
    is_unload = target is not None and target.kind in ("stage", "string")
    return unload.unload(sql, context) if is_unload else load.load(sql, context)


def create(sql: str, context: StatementContext) -> Result:
    """`CREATE SCOPED TEMPORARY STAGE IF NOT EXISTS "DB"."S"."X" FILE_FORMAT = (TYPE = PARQUET)`, FILE FORMAT alike."""
    scanner, kind, words = _start(sql, context)
    store, called = _KINDS[kind]
    if_not_exists = scanner.take("IF", "NOT", "EXISTS")
    name = scanner.name()
    options = scanner.options()
    scanner.at_end()
    key = split_name(name, context.database, context.schema)
    temporary = bool(words & {"TEMP", "TEMPORARY"})
    if store.create(context, key, options, temporary=temporary, replace="REPLACE" in words):
        return status_table(f"{called} {key[2]} successfully created.")
    if if_not_exists:
        return status_table(f"{key[2]} already exists, statement succeeded.")
    raise already_exists(".".join(key))


def drop(sql: str, context: StatementContext) -> Result:
    """`DROP STAGE IF EXISTS RAW.LANDING`, with its files; `DROP FILE FORMAT F`."""
    scanner, kind, _ = _start(sql, context)
    store, _ = _KINDS[kind]
    if_exists = scanner.take("IF", "EXISTS")
    key = split_name(scanner.name(), context.database, context.schema)
    scanner.at_end()
    if store.drop(context, key):
        return status_table(f"{key[2]} successfully dropped.")
    if if_exists:
        return status_table(f"Drop statement executed successfully ({key[2]} already dropped).")
    raise store.not_found(key)


def describe(sql: str, context: StatementContext) -> Result:
    """`DESCRIBE STAGE RAW.LANDING`, which Snowpark asks before it infers a schema by pattern; FILE FORMAT alike."""
    scanner, kind, _ = _start(sql, context)
    name = scanner.name()
    scanner.at_end()
    if kind == "FILE FORMAT":
        options = named_formats.named_options(name, context)
        rows = [(property_, "String", _text_of(value)) for property_, value in options.items()]
        return _texts(("property", "property_type", "property_value"), rows)
    chosen = locate(f"@{name}", context).stage.options.get("FILE_FORMAT")
    described = [("STAGE_LOCATION", "URL", "String", "", "")]
    if isinstance(chosen, dict):
        described += [("STAGE_FILE_FORMAT", option, "String", str(value), "") for option, value in chosen.items()]
    return _texts(("parent_property", "property", "property_type", "property_value", "property_default"), described)


def list_files(sql: str, context: StatementContext) -> Result:
    """`LIST @RAW.LANDING/twitch PATTERN = '.*[.]gz'`."""
    location, pattern = _files(sql, context)
    files = location.files(pattern)
    return pa.table(
        {
            "name": pa.array([file.shown_name for file in files], pa.string()),
            "size": pa.array([file.size for file in files], pa.int64()),
            "md5": pa.array([file.md5 for file in files], pa.string()),
            "last_modified": pa.array([f"{file.modified:%a, %d %b %Y %H:%M:%S GMT}" for file in files], pa.string()),
        }
    )


def remove_files(sql: str, context: StatementContext) -> Result:
    """`REMOVE @RAW.LANDING/twitch PATTERN = '.*'`."""
    location, pattern = _files(sql, context)
    files = location.files(pattern)
    for file in files:
        file.path.unlink(missing_ok=True)
    return _texts(("name", "result"), [(file.shown_name, "removed") for file in files])


def put(sql: str, context: StatementContext) -> Result:
    """`PUT 'file:///tmp/a.csv' @~/in AUTO_COMPRESS = FALSE`."""
    return put_get.put(Scanner(with_params(sql, context.params)), context, is_bound=bool(context.params))


def get(sql: str, context: StatementContext) -> Result:
    """`GET @~/in 'file:///tmp/out/'`."""
    return put_get.get(Scanner(with_params(sql, context.params)), context)


def refuse(sql: str, context: StatementContext) -> Result:
    """`ALTER STAGE`, `ALTER FILE FORMAT` and `COPY FILES` are not done."""
    words = sql.split()[:3]
    raise unsupported(" ".join(words[: 3 if words[1].upper() == "FILE" else 2]).upper(), "Create it anew.")


def _start(sql: str, context: StatementContext) -> tuple[Scanner, str, set[str]]:
    """The statement behind its first words: a scanner, STAGE or FILE FORMAT, and the words before that."""
    scanner = Scanner(with_params(sql, context.params))
    words: set[str] = set()
    while True:
        for kind in _KINDS:
            if scanner.take(*kind.split()):
                return scanner, kind, words
        words.add(scanner.next().text.upper())


def _files(sql: str, context: StatementContext) -> tuple[Location, str | None]:
    """What LIST and REMOVE name: a location, and a pattern of its files."""
    scanner = Scanner(with_params(sql, context.params))
    scanner.next()
    location = locate(scanner.reference(), context)
    options = scanner.options()
    scanner.at_end()
    pattern = options.pop("PATTERN", None)
    return location, None if pattern is None else str(pattern)


def _text_of(value: object) -> str:
    return json.dumps(value) if isinstance(value, list | dict) else str(value)


def _texts(names: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> pa.Table:
    return pa.table({name: pa.array([row[at] for row in rows], pa.string()) for at, name in enumerate(names)})


STATEMENTS: dict[str, Callable[[str, StatementContext], Result]] = {
    "COPY INTO": copy_into,
    "COPY FILES": refuse,
    "PUT": put,
    "GET": get,
    **dict.fromkeys(("LIST", "LS"), list_files),
    **dict.fromkeys(("REMOVE", "RM"), remove_files),
    **dict.fromkeys(("CREATE STAGE", "CREATE FILE"), create),
    **dict.fromkeys(("DROP STAGE", "DROP FILE"), drop),
    **dict.fromkeys(("DESC STAGE", "DESCRIBE STAGE", "DESC FILE", "DESCRIBE FILE"), describe),
    **dict.fromkeys(("ALTER STAGE", "ALTER FILE"), refuse),
}
