"""Stages: which there are, where their files lie, and which files a reference such as `@RAW.LANDING/twitch` means."""

from __future__ import annotations

import json
import re
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from deployments.embedded.context import StatementContext
from deployments.embedded.errors import does_not_exist, snowflake_error, unsupported
from deployments.embedded.kept.statements import Head, Kind
from deployments.embedded.kept.tables import KeptTable
from deployments.embedded.names import Key, normalise_name, split_name
from deployments.embedded.scanner import Options, is_true
from deployments.embedded.stages import integrations
from deployments.embedded.stages.access import open_storage
from deployments.embedded.stages.session_files import ObjectName, file_session
from deployments.embedded.stages.staged_file import Stage, StagedFile, check_path, make_matcher

_KEPT, _KEPT_OPTIONS = KeptTable("_fs_stages"), KeptTable("_stage_options")
_CLOUDS = {"s3": "AWS", "azure": "AZURE"}
_REFERENCE = re.compile(r'@((?:"(?:[^"]|"")*"|[^/"])*)/?(.*)', re.DOTALL)


@dataclass(frozen=True)
class Location:
    """A stage and a path prefix in it."""

    stage: Stage
    prefix: str

    def files(self, pattern: str | None = None) -> list[StagedFile]:
        """The files whose path starts with the prefix and, as a whole, matches the pattern."""
        return list(self.list_files(pattern))

    def list_files(self, pattern: str | None = None) -> Iterator[StagedFile]:
        """List those files; of storage outside, a page of them is in memory."""
        matches = make_matcher(pattern)
        return (file for file in self.stage.files(self.prefix) if matches(file))

    def file(self, name: str) -> StagedFile | None:
        """The file of that path relative to the prefix, or None."""
        joined = f"{self.prefix.rstrip('/')}/{name}" if self.prefix else name
        candidates = dict.fromkeys((joined, self.prefix + name))
        return next((file for candidate in candidates if (file := self.stage.file(candidate))), None)


def locate(reference: str, context: StatementContext) -> Location:
    """Find the stage a reference names.

    Args:
        reference: `@name/path`, `@~/path` (the user's stage) or `@%table/path` (a table's).
        context: The statement's surroundings.

    Raises:
        ProgrammingError: no such stage (2003), a path that leaves the stage, or no stage reference at all.
    """
    if not (match := _REFERENCE.fullmatch(reference.strip())):
        raise snowflake_error(f"SQL compilation error:\ninvalid URL prefix found in: '{reference}'", 1011, "42601")
    session = file_session(context)
    session.settle()
    name, prefix = match.groups()
    check_path(prefix)
    return Location(_stage(name, context), prefix)


def _stage(name: str, context: StatementContext) -> Stage:
    if name == "~":
        return Stage("~", "", context.stages / "user", {})
    *namespace, last = re.findall(r'%?"(?:[^"]|"")*"|[^."]+', name) or [""]
    if last.startswith(("%", '"%')):
        return _table_stage(".".join([*namespace, last.replace("%", "", 1)]), context)
    key = split_name(name, context.database, context.schema)
    session = file_session(context)
    if key in session.stages:
        return Stage(".".join(key), f"{key[2].lower()}/", _folder(session.folder, key), session.stages[key])
    options = read_stored_options(context, key)
    if options is None:
        raise does_not_exist("Stage", ".".join(key))
    if options.get("URL"):
        storage = open_storage(str(options["URL"]))
        return Stage(".".join(key), storage.place.url, session.folder / "fetched", options, storage)
    return Stage(".".join(key), f"{key[2].lower()}/", _folder(context.stages / "named", key), options)


def _table_stage(name: str, context: StatementContext) -> Stage:
    key = split_name(name, context.database, context.schema)
    sql = """SELECT temporary FROM duckdb_tables() WHERE table_name = $name
             AND ((database_name = $database AND schema_name = $schema) OR temporary) ORDER BY temporary DESC"""
    wanted = {"database": key[0], "schema": key[1], "name": key[2]}
    found = context.duck_conn.execute(sql, wanted).fetchall()
    if not found:
        raise does_not_exist("Stage", f'{key[0]}.{key[1]}."%{key[2]}"')
    root = file_session(context).folder if found[0][0] else context.stages
    return Stage(f"{key[0]}.{key[1]}.%{key[2]}", "", _folder(root / "table", key), {})


def _check(head: Head, options: Options, context: StatementContext) -> None:
    """Refuse a stage of no schema, or one outside that may not be read; write its URL as storage spells it."""
    sql = "SELECT 1 FROM duckdb_schemas() WHERE database_name = ? AND schema_name = ?"
    if not context.duck_conn.execute(sql, list(head.key[:2])).fetchall():
        raise does_not_exist("Schema", ".".join(head.key[:2]))
    if not options.get("URL"):
        return
    if "CREDENTIALS" in options or head.is_temporary:
        raise unsupported(
            "temporary external stage" if head.is_temporary else "CREDENTIALS of an external stage",
            "Use a lasting stage with STORAGE_INTEGRATION: no statement needs to hold a secret.",
        )
    options["URL"] = open_storage(str(options["URL"])).place.url
    if (integration := _integration(options)) is not None:
        integrations.require_allowed(context, integration, options["URL"])


def _row(options: Options) -> dict[str, Any]:
    url = str(options.get("URL", ""))
    return {
        "created_on": datetime.now(UTC),
        "url": url,
        "has_credentials": "N",
        "has_encryption_key": "N",
        "owner": "SYSADMIN",
        "comment": str(options.get("COMMENT", "")),
        "owner_role_type": "ROLE",
        "directory_enabled": "Y" if _directory(options) else "N",
        "type": "EXTERNAL" if url else "INTERNAL",
        "cloud": _CLOUDS.get(open_storage(url).place.kind) if url else None,
        "storage_integration": _integration(options) if url else None,
    }


def _clear(head: Head, options: Options | None, context: StatementContext) -> None:
    """Remove the files of a stage that is dropped or made anew; keep what CREATE says of a lasting one."""
    root = file_session(context).folder if head.is_temporary else context.stages / "named"
    shutil.rmtree(_folder(root, head.key), ignore_errors=True)
    if not head.is_temporary:
        _KEPT_OPTIONS.remove(context, **head.place)
        if options is not None:
            _KEPT_OPTIONS.put(context, {**head.place, "options": json.dumps(options)})


KIND = Kind(
    called="Stage",
    made="Stage area",
    table=_KEPT,
    check=_check,
    row=_row,
    prepare=_clear,
    temporary=lambda context: file_session(context).stages,
)


def drop_schema(context: StatementContext, database: str, schema: str) -> None:
    """Drop the stages and stage files of a schema."""
    for kept in (_KEPT, _KEPT_OPTIONS):
        kept.remove(context, database_name=database, schema_name=schema)
    for kind in ("named", "table"):
        shutil.rmtree(context.stages / kind / _encode(database) / _encode(schema), ignore_errors=True)


def drop_table_stage(context: StatementContext, key: Key) -> None:
    """Remove the files of a table's stage."""
    shutil.rmtree(_folder(context.stages / "table", key), ignore_errors=True)


def read_stored_options(context: StatementContext, key: ObjectName) -> Options | None:
    """Read what CREATE STAGE said of a lasting stage, or None if there is no such stage."""
    if _KEPT.read(context, *key) is None:
        return None
    kept = _KEPT_OPTIONS.read(context, *key)
    return dict(json.loads(kept["options"])) if kept else {}


def incoming_path(stages: Path) -> Path:
    """A new path for a file that is being written; what a killed server leaves there goes when it starts again."""
    folder = stages / "incoming"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / uuid.uuid4().hex


def _integration(options: Options) -> str | None:
    named = options.get("STORAGE_INTEGRATION")
    return None if named is None else normalise_name(str(named))


def _directory(options: Options) -> bool:
    directory = options.get("DIRECTORY")
    return isinstance(directory, dict) and is_true(directory.get("ENABLE"))


def _encode(name: str) -> str:
    return quote(name, safe=" $").replace(".", "%2E")


def _folder(root: Path, key: ObjectName) -> Path:
    return root.joinpath(*(_encode(part) for part in key))
