"""Named file formats: lasting ones in the warehouse's catalog, temporary ones in the session."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from deployments.embedded.context import StatementContext
from deployments.embedded.errors import does_not_exist
from deployments.embedded.names import Key, split_name
from deployments.embedded.scanner import Options, Scanner
from deployments.embedded.stages.files.file_format import FileFormat, file_format
from deployments.embedded.stages.session_files import file_session
from deployments.embedded.stages.staged_file import Stage

_TABLE = "_fs_global._fs_information_schema._fs_file_formats"


def resolve_format(spec: Any, context: StatementContext, stage: Stage | None = None) -> FileFormat:
    """The file format that a statement means.

    Args:
        spec: A name, options, or None for the stage's own.
        context: The statement's surroundings.
        stage: The stage that is read.

    Raises:
        ProgrammingError: no such format (2003), or one that cannot be read.
    """
    if spec is None:
        spec = stage.options.get("FILE_FORMAT", {}) if stage else {}
    if not isinstance(spec, dict):
        spec = {"FORMAT_NAME": spec}
    options = dict(spec)
    if (name := options.pop("FORMAT_NAME", None)) is not None:
        options = {**find_options(str(name), context), **options}
    return file_format(options)


def find_options(name: str, context: StatementContext) -> Options:
    """Find the options of a named format."""
    key = split_name(Scanner(name).name(), context.database, context.schema)
    if (options := find(key, context)) is None:
        raise not_found(key)
    return options


def find(key: Key, context: StatementContext) -> Options | None:
    """The options of the format of that full name, the session's temporary one first."""
    session = file_session(context)
    if key in session.formats:
        return session.formats[key]
    with context.duck_conn.cursor() as catalog:
        rows = catalog.execute(
            f"SELECT options FROM {_TABLE} WHERE database_name = ? AND schema_name = ? AND name = ?", list(key)
        ).fetchall()
    return dict(json.loads(rows[0][0])) if rows else None


def create(context: StatementContext, key: Key, options: Options, *, temporary: bool, replace: bool) -> bool:
    """Create a file format; False if it is there already and was left alone."""
    file_format(options)
    session = file_session(context)
    there = key in session.formats if temporary else find(key, context) is not None
    if there and not replace:
        return False
    options = {"TYPE": "CSV", **options}
    if temporary:
        session.formats[key] = options
        return True
    with context.duck_conn.cursor() as catalog:
        _forget(catalog, key)
        catalog.execute(
            f"""INSERT INTO {_TABLE} (created_on, name, database_name, schema_name, type, options, comment)
                VALUES (?, ?, ?, ?, ?, ?, ?)""",
            [
                datetime.now(UTC),
                key[2],
                key[0],
                key[1],
                str(options["TYPE"]).upper(),
                json.dumps(options),
                str(options.get("COMMENT", "")),
            ],
        )
    return True


def drop(context: StatementContext, key: Key) -> bool:
    """Drop a file format; False if there is none."""
    if file_session(context).formats.pop(key, None) is not None:
        return True
    if find(key, context) is None:
        return False
    with context.duck_conn.cursor() as catalog:
        _forget(catalog, key)
    return True


def not_found(key: Key) -> Exception:
    """Snowflake's error for a file format that is not there."""
    return does_not_exist("File format", ".".join(key))


def _forget(catalog: Any, key: Key) -> None:
    catalog.execute(f"DELETE FROM {_TABLE} WHERE database_name = ? AND schema_name = ? AND name = ?", list(key))
