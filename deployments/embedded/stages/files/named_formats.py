"""Named file formats: lasting ones in the warehouse's catalog, temporary ones in the session."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from deployments.embedded.context import StatementContext
from deployments.embedded.errors import does_not_exist
from deployments.embedded.kept.statements import Kind
from deployments.embedded.kept.tables import KeptTable
from deployments.embedded.names import split_name
from deployments.embedded.scanner import Options, Scanner
from deployments.embedded.stages.files.file_format import FileFormat, file_format
from deployments.embedded.stages.session_files import ObjectName, file_session
from deployments.embedded.stages.staged_file import Stage

_KEPT = KeptTable("_fs_file_formats")


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
    if (options := _find(key, context)) is None:
        raise does_not_exist("File format", ".".join(key))
    return options


def _find(key: ObjectName, context: StatementContext) -> Options | None:
    """The options of the format of that full name, the session's temporary one first."""
    temporary = file_session(context).formats
    if key in temporary:
        return temporary[key]
    row = _KEPT.read(context, *key)
    return dict(json.loads(row["options"])) if row else None


def _row(options: Options) -> dict[str, Any]:
    return {
        "created_on": datetime.now(UTC),
        "type": str(options["TYPE"]).upper(),
        "options": json.dumps(options),
        "comment": str(options.get("COMMENT", "")),
    }


KIND = Kind(
    called="File format",
    table=_KEPT,
    read=lambda scanner, _: {"TYPE": "CSV", **scanner.options()},
    check=lambda head, options, _: file_format(options),
    row=_row,
    temporary=lambda context: file_session(context).formats,
)
