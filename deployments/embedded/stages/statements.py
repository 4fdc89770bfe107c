"""Statements about stages, their files and file formats, by the words they begin with.

They are read by the scanner, not by the SQL parser: their grammar is words, names, texts and options.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

import pyarrow as pa

from deployments.embedded.context import StatementContext
from deployments.embedded.errors import unsupported
from deployments.embedded.kept.statements import alter, begin, create, drop, show
from deployments.embedded.names import normalise_name, quote_path
from deployments.embedded.scanner import Scanner, with_params
from deployments.embedded.stages import integrations, put_get, stage
from deployments.embedded.stages.copy import load, pipes, unload
from deployments.embedded.stages.files import named_formats
from deployments.embedded.stages.stage import Location, locate
from deployments.embedded.wire.results import text_table

Result: TypeAlias = "pa.Table | dict[str, Any]"
_WRITTEN = "%a, %d %b %Y %H:%M:%S GMT"
_LISTED = pa.schema([("name", pa.string()), ("size", pa.int64()), ("md5", pa.string()), ("last_modified", pa.string())])
_PAGE = 10_000
_KINDS = {
    "STAGE": stage.KIND,
    "FILE FORMAT": named_formats.KIND,
    "PIPE": pipes.KIND,
    "STORAGE INTEGRATION": integrations.KIND,
    "INTEGRATION": integrations.KIND,
}


def copy_into(sql: str, context: StatementContext) -> Result:
    """`COPY INTO RAW.T FROM @RAW.LANDING …`, which loads, and `COPY INTO @STAGE/out FROM T …`, which unloads."""
    sql = with_params(sql, context.params)
    scanner = Scanner(sql)
    scanner.expect("COPY", "INTO")
    target = scanner.peek()
    is_unload = target is not None and target.kind in ("stage", "string")
    return unload.unload(sql, context) if is_unload else load.load(sql, context)


def describe(sql: str, context: StatementContext) -> Result:
    """`DESCRIBE STAGE RAW.LANDING`, which Snowpark asks before it infers a schema by pattern; FILE FORMAT alike."""
    head = begin(_KINDS, sql, context)
    head.scanner.at_end()
    if head.kind is named_formats.KIND:
        options = named_formats.find_options(quote_path(*head.key), context)
        rows = [(property_, "String", _text_of(value)) for property_, value in options.items()]
        return text_table(("property", "property_type", "property_value"), rows)
    if head.kind is integrations.KIND:
        told = integrations.describe(context, head.name)
        return text_table(("property", "property_type", "property_value", "property_default"), told)
    options = locate(f"@{quote_path(*head.key)}", context).stage.options
    chosen = options.get("FILE_FORMAT")
    url = json.dumps([options["URL"]]) if options.get("URL") else ""
    described = [("STAGE_LOCATION", "URL", "String", url, "")]
    if options.get("STORAGE_INTEGRATION"):
        integration = normalise_name(str(options["STORAGE_INTEGRATION"]))
        described.append(("STAGE_INTEGRATION", "STORAGE_INTEGRATION", "String", integration, ""))
    if isinstance(chosen, dict):
        described += [("STAGE_FILE_FORMAT", option, "String", str(value), "") for option, value in chosen.items()]
    return text_table(("parent_property", "property", "property_type", "property_value", "property_default"), described)


def list_files(sql: str, context: StatementContext) -> Result:
    """`LIST @RAW.LANDING/twitch PATTERN = '.*[.]gz'`."""
    location, pattern = _files(sql, context)
    rows = (
        {"name": file.shown_name, "size": file.size, "md5": file.md5, "last_modified": f"{file.modified:{_WRITTEN}}"}
        for file in location.list_files(pattern)
    )
    # Page by page, so that no more than the answer's own columns is held.
    pages = []
    while page := list(itertools.islice(rows, _PAGE)):
        pages.append(pa.RecordBatch.from_pylist(page, _LISTED))
    return pa.Table.from_batches(pages, _LISTED)


def remove_files(sql: str, context: StatementContext) -> Result:
    """`REMOVE @RAW.LANDING/twitch PATTERN = '.*'`."""
    location, pattern = _files(sql, context)
    files = location.files(pattern)
    for file in files:
        file.remove()
    return text_table(("name", "result"), [(file.shown_name, "removed") for file in files])


def put(sql: str, context: StatementContext) -> Result:
    """`PUT 'file:///tmp/a.csv' @~/in AUTO_COMPRESS = FALSE`."""
    return put_get.put(Scanner(with_params(sql, context.params)), context, is_bound=bool(context.params))


def get(sql: str, context: StatementContext) -> Result:
    """`GET @~/in 'file:///tmp/out/'`."""
    return put_get.get(Scanner(with_params(sql, context.params)), context)


def refuse(sql: str, context: StatementContext) -> Result:
    """`COPY FILES` is not done."""
    raise unsupported("COPY FILES", "Create it anew.")


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


STATEMENTS: dict[str, Callable[[str, StatementContext], Result]] = {
    "COPY INTO": copy_into,
    "COPY FILES": refuse,
    "PUT": put,
    "GET": get,
    **dict.fromkeys(("LIST", "LS"), list_files),
    **dict.fromkeys(("REMOVE", "RM"), remove_files),
    **{f"CREATE {word}": partial(create, _KINDS) for word in ("STAGE", "FILE", "PIPE", "STORAGE")},
    **{f"DROP {word}": partial(drop, _KINDS) for word in ("STAGE", "FILE", "PIPE", "STORAGE", "INTEGRATION")},
    **{f"ALTER {word}": partial(alter, _KINDS) for word in ("STAGE", "FILE", "PIPE", "STORAGE")},
    **{
        f"{word} {kind}": describe
        for word in ("DESC", "DESCRIBE")
        for kind in ("STAGE", "FILE", "STORAGE", "INTEGRATION")
    },
    **dict.fromkeys(("SHOW STORAGE", "SHOW INTEGRATIONS"), partial(show, _KINDS)),
}
