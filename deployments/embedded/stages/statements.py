"""CREATE STAGE, DROP STAGE, PUT, GET, LIST and REMOVE."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from deployments.embedded.errors import unsupported
from deployments.embedded.stages import put_get as transfer
from deployments.embedded.stages import stage as stages
from deployments.embedded.stages.scanner import Scanner, identifier, split_name, with_params
from deployments.embedded.stages.stage import locate

if TYPE_CHECKING:
    from deployments.embedded.context import StatementContext

_LEADING = r"\s*(?:--[^\n]*\n\s*|/\*.*?\*/\s*)*"
_CREATE = re.compile(
    _LEADING + r"CREATE\s+(OR\s+REPLACE\s+)?((?:SCOPED\s+)?TEMP(?:ORARY)?\s+)?STAGE\b", re.IGNORECASE | re.DOTALL
)
_DROP = re.compile(_LEADING + r"DROP\s+STAGE\b", re.IGNORECASE | re.DOTALL)
_LIST = re.compile(_LEADING + r"(LIST|LS)\s+['@]", re.IGNORECASE | re.DOTALL)
_REMOVE = re.compile(_LEADING + r"(REMOVE|RM)\s+['@]", re.IGNORECASE | re.DOTALL)
_TRANSFER = re.compile(
    _LEADING + r"(PUT|GET)\s+(?:/\*.*?\*/\s*)?['@?]|" + _LEADING + r"(PUT)\s", re.IGNORECASE | re.DOTALL
)
_NAMESPACE = re.compile(_LEADING + r"(?:DROP|CREATE\s+OR\s+REPLACE)\s+(SCHEMA|DATABASE)\s", re.IGNORECASE | re.DOTALL)
_DESCRIBE = re.compile(_LEADING + r"DESC(?:RIBE)?\s+STAGE\b", re.IGNORECASE | re.DOTALL)
_OTHER = re.compile(_LEADING + r"(ALTER\s+STAGE|COPY\s+FILES)\b", re.IGNORECASE | re.DOTALL)


def create_stage(statement: str, context: StatementContext) -> pa.Table | None:
    """`CREATE SCOPED TEMPORARY STAGE IF NOT EXISTS "DB"."S"."X" FILE_FORMAT = (TYPE = PARQUET)`."""
    if not (match := _CREATE.match(statement)):
        return None
    scanner = Scanner(with_params(statement, context.params))
    while not scanner.take("STAGE"):
        scanner.next()
    if_not_exists = scanner.take("IF", "NOT", "EXISTS")
    name = scanner.name()
    options = scanner.options()
    scanner.at_end()
    key = split_name(name, context.database, context.schema)
    made = stages.create(context, name, options, temporary=match[2] is not None, replace=match[1] is not None)
    if made:
        return _said(f"Stage area {key[2]} successfully created.")
    if if_not_exists:
        return _said(f"{key[2]} already exists, statement succeeded.")
    raise stages.exists(key)


def drop_stage(statement: str, context: StatementContext) -> pa.Table | None:
    """`DROP STAGE IF EXISTS RAW.LANDING`, with its files."""
    if not _DROP.match(statement):
        return None
    scanner = Scanner(with_params(statement, context.params))
    scanner.expect("DROP", "STAGE")
    if_exists = scanner.take("IF", "EXISTS")
    name = scanner.name()
    scanner.at_end()
    key = split_name(name, context.database, context.schema)
    if stages.drop(context, name):
        return _said(f"{key[2]} successfully dropped.")
    if if_exists:
        return _said(f"Drop statement executed successfully ({key[2]} already dropped).")
    raise stages.not_found(key)


def list_files(statement: str, context: StatementContext) -> pa.Table | None:
    """`LIST @RAW.LANDING/twitch PATTERN = '.*[.]gz'`."""
    if not _LIST.match(statement):
        return None
    scanner = Scanner(with_params(statement, context.params))
    scanner.next()
    location = locate(scanner.reference(), context)
    files = location.files(_pattern(scanner))
    return pa.table(
        {
            "name": pa.array([file.shown_name for file in files], pa.string()),
            "size": pa.array([file.size for file in files], pa.int64()),
            "md5": pa.array([file.md5 for file in files], pa.string()),
            "last_modified": pa.array([f"{file.modified:%a, %d %b %Y %H:%M:%S GMT}" for file in files], pa.string()),
        }
    )


def remove_files(statement: str, context: StatementContext) -> pa.Table | None:
    """`REMOVE @RAW.LANDING/twitch PATTERN = '.*'`."""
    if not _REMOVE.match(statement):
        return None
    scanner = Scanner(with_params(statement, context.params))
    scanner.next()
    location = locate(scanner.reference(), context)
    files = location.files(_pattern(scanner))
    for file in files:
        file.path.unlink(missing_ok=True)
    return pa.table(
        {
            "name": pa.array([file.shown_name for file in files], pa.string()),
            "result": pa.array(["removed"] * len(files), pa.string()),
        }
    )


def transfer_files(statement: str, context: StatementContext) -> pa.Table | dict[str, Any] | None:
    """`PUT 'file:///tmp/a.csv' @~/in AUTO_COMPRESS = FALSE` and `GET @~/in 'file:///tmp/out/'`."""
    if not (match := _TRANSFER.match(statement)):
        return None
    is_bound = bool(context.params)
    scanner = Scanner(with_params(statement, context.params))
    if (match[1] or match[2]).upper() == "GET":
        return transfer.get(scanner, context)
    return transfer.put(scanner, context, is_bound=is_bound)


def describe_stage(statement: str, context: StatementContext) -> pa.Table | None:
    """`DESCRIBE STAGE RAW.LANDING`, which Snowpark asks before it infers a schema by pattern."""
    if not _DESCRIBE.match(statement):
        return None
    scanner = Scanner(with_params(statement, context.params))
    scanner.next()
    scanner.expect("STAGE")
    location = locate(f"@{scanner.name()}", context)
    scanner.at_end()
    rows = [("STAGE_LOCATION", "URL", "String", "", "")]
    chosen = location.stage.options.get("FILE_FORMAT")
    if isinstance(chosen, dict):
        rows += [("STAGE_FILE_FORMAT", name, "String", str(value), "") for name, value in chosen.items()]
    names = ("parent_property", "property", "property_type", "property_value", "property_default")
    return pa.table({name: pa.array([row[at] for row in rows], pa.string()) for at, name in enumerate(names)})


def refuse_other_stage_statements(statement: str, context: StatementContext) -> None:
    """`ALTER STAGE` and `COPY FILES` are not done."""
    if match := _OTHER.match(statement):
        raise unsupported(" ".join(match[1].upper().split()))


def _pattern(scanner: Scanner) -> str | None:
    options = scanner.options()
    scanner.at_end()
    pattern = options.pop("PATTERN", None)
    return None if pattern is None else str(pattern)


def _said(text: str) -> pa.Table:
    return pa.table({"status": [text]})


def forget_namespace(statement: str, context: StatementContext) -> None:
    """`DROP SCHEMA S`, `CREATE OR REPLACE SCHEMA S`, `DROP DATABASE D`: their stages go with them."""
    if not (match := _NAMESPACE.match(statement)):
        return
    scanner = Scanner(with_params(statement, context.params))
    while scanner.next().text.upper() not in ("SCHEMA", "DATABASE"):
        continue
    scanner.take("IF", "EXISTS")
    name = scanner.name()
    if match[1].upper() == "DATABASE":
        stages.drop_namespace(context, identifier(name), None)
    else:
        database, schema, _ = split_name(f"{name}.X", context.database, context.schema)
        stages.drop_namespace(context, database, schema)
