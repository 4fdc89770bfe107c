"""CREATE, DROP and DESCRIBE FILE FORMAT."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pyarrow as pa

from deployments.embedded.errors import snowflake_error, unsupported
from deployments.embedded.stages.files import named_formats as catalogue
from deployments.embedded.stages.scanner import Scanner, split_name, with_params

if TYPE_CHECKING:
    from deployments.embedded.context import StatementContext

_FORMAT = re.compile(
    r"\s*(?:--[^\n]*\n\s*|/\*.*?\*/\s*)*(CREATE|DROP|DESC|DESCRIBE|ALTER)\s+(OR\s+REPLACE\s+)?"
    r"((?:SCOPED\s+)?TEMP(?:ORARY)?\s+)?FILE\s+FORMAT\b",
    re.IGNORECASE | re.DOTALL,
)


def file_formats(statement: str, context: StatementContext) -> pa.Table | None:
    """`CREATE SCOPED TEMPORARY FILE FORMAT IF NOT EXISTS F TYPE = JSON`, `DROP FILE FORMAT IF EXISTS F`."""
    if not (match := _FORMAT.match(statement)):
        return None
    scanner = Scanner(with_params(statement, context.params))
    while not scanner.take("FILE", "FORMAT"):
        scanner.next()
    match match[1].upper():
        case "CREATE":
            return _create(scanner, context, temporary=match[3] is not None, replace=match[2] is not None)
        case "DROP":
            return _drop(scanner, context)
        case "ALTER":
            raise unsupported("ALTER FILE FORMAT", "Use CREATE OR REPLACE FILE FORMAT.")
    return _describe(scanner, context)


def _create(scanner: Scanner, context: StatementContext, *, temporary: bool, replace: bool) -> pa.Table:
    if_not_exists = scanner.take("IF", "NOT", "EXISTS")
    name = scanner.name()
    options = scanner.options()
    scanner.at_end()
    key = split_name(name, context.database, context.schema)
    if catalogue.create(context, name, options, temporary=temporary, replace=replace):
        return _said(f"File format {key[2]} successfully created.")
    if if_not_exists:
        return _said(f"{key[2]} already exists, statement succeeded.")
    raise snowflake_error(f"SQL compilation error:\nObject '{'.'.join(key)}' already exists.", 2002, "42710")


def _drop(scanner: Scanner, context: StatementContext) -> pa.Table:
    if_exists = scanner.take("IF", "EXISTS")
    name = scanner.name()
    scanner.at_end()
    key = split_name(name, context.database, context.schema)
    if catalogue.drop(context, name):
        return _said(f"{key[2]} successfully dropped.")
    if if_exists:
        return _said(f"Drop statement executed successfully ({key[2]} already dropped).")
    raise catalogue.not_found(key)


def _describe(scanner: Scanner, context: StatementContext) -> pa.Table:
    options = catalogue.named_options(scanner.name(), context)
    text = pa.string()
    return pa.table(
        {
            "property": pa.array(list(options), text),
            "property_type": pa.array(["String"] * len(options), text),
            "property_value": pa.array([_shown(value) for value in options.values()], text),
        }
    )


def _shown(value: object) -> str:
    return json.dumps(value) if isinstance(value, list | dict) else str(value)


def _said(text: str) -> pa.Table:
    return pa.table({"status": [text]})
