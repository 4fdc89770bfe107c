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
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from deployments.embedded.context import StatementContext
from deployments.embedded.errors import does_not_exist, snowflake_error, unsupported
from deployments.embedded.names import Key, normalise_name, split_name
from deployments.embedded.scanner import Options, is_true
from deployments.embedded.stages import integrations
from deployments.embedded.stages.access import open_storage
from deployments.embedded.stages.session_files import file_session
from deployments.embedded.stages.staged_file import Stage, StagedFile, check_path, make_matcher

if TYPE_CHECKING:
    import duckdb

_CATALOG = "_fs_global._fs_information_schema"
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
        raise not_found(key)
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
        raise not_found((key[0], key[1], f'"%{key[2]}"'))
    root = file_session(context).folder if found[0][0] else context.stages
    return Stage(f"{key[0]}.{key[1]}.%{key[2]}", "", _folder(root / "table", key), {})


def not_found(key: Key) -> Exception:
    """Snowflake's error for a stage that is not there."""
    return does_not_exist("Stage", ".".join(key))


def create(context: StatementContext, key: Key, options: Options, *, temporary: bool, replace: bool) -> bool:
    """Create a stage.

    Returns:
        False if it is there already and was left alone.
    """
    _require_schema(context, key)
    external = _check_external(context, options, temporary=temporary)
    session = file_session(context)
    there = key in session.stages if temporary else read_stored_options(context, key) is not None
    if there and not replace:
        return False
    if temporary:
        shutil.rmtree(_folder(session.folder, key), ignore_errors=True)
        session.stages[key] = options
        return True
    shutil.rmtree(_folder(context.stages / "named", key), ignore_errors=True)
    with context.duck_conn.cursor() as catalog:
        _forget(catalog, key)
        now = datetime.now(UTC)
        catalog.execute(
            f"""INSERT INTO {_CATALOG}._fs_stages (created_on, name, database_name, schema_name, url,
                has_credentials, has_encryption_key, owner, comment, owner_role_type, directory_enabled, type, cloud,
                storage_integration)
                VALUES (?, ?, ?, ?, ?, 'N', 'N', 'SYSADMIN', ?, 'ROLE', ?, ?, ?, ?)""",
            [
                *(now, key[2], key[0], key[1], str(options.get("URL", "")), str(options.get("COMMENT", ""))),
                *("Y" if _directory(options) else "N", *external),
            ],
        )
        catalog.execute(f"INSERT INTO {_CATALOG}._stage_options VALUES (?, ?, ?, ?)", [*key, json.dumps(options)])
    return True


def drop(context: StatementContext, key: Key) -> bool:
    """Drop a stage and its files; False if there is none."""
    session = file_session(context)
    if session.stages.pop(key, None) is not None:
        shutil.rmtree(_folder(session.folder, key), ignore_errors=True)
        return True
    if read_stored_options(context, key) is None:
        return False
    with context.duck_conn.cursor() as catalog:
        _forget(catalog, key)
    shutil.rmtree(_folder(context.stages / "named", key), ignore_errors=True)
    return True


def drop_schema(context: StatementContext, database: str, schema: str) -> None:
    """Drop the stages and stage files of a schema."""
    with context.duck_conn.cursor() as catalog:
        for table in ("_fs_stages", "_stage_options"):
            catalog.execute(
                f"DELETE FROM {_CATALOG}.{table} WHERE database_name = ? AND schema_name = ?", [database, schema]
            )
    for kind in ("named", "table"):
        shutil.rmtree(context.stages / kind / _encode(database) / _encode(schema), ignore_errors=True)


def drop_table_stage(context: StatementContext, key: Key) -> None:
    """Remove the files of a table's stage."""
    shutil.rmtree(_folder(context.stages / "table", key), ignore_errors=True)


def read_stored_options(context: StatementContext, key: Key) -> Options | None:
    """Read what CREATE STAGE said of a lasting stage, or None if there is no such stage."""
    with context.duck_conn.cursor() as catalog:
        rows = catalog.execute(
            f"""SELECT coalesce(options, '{{}}') FROM {_CATALOG}._fs_stages
                LEFT JOIN {_CATALOG}._stage_options USING (database_name, schema_name, name)
                WHERE database_name = ? AND schema_name = ? AND name = ?""",
            list(key),
        ).fetchall()
    return dict(json.loads(rows[0][0])) if rows else None


def incoming_path(stages: Path) -> Path:
    """A new path for a file that is being written; what a killed server leaves there goes when it starts again."""
    folder = stages / "incoming"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / uuid.uuid4().hex


def _check_external(
    context: StatementContext, options: Options, *, temporary: bool
) -> tuple[str, str | None, str | None]:
    """What SHOW STAGES tells of a stage's type, cloud and integration, once it is known that it may be."""
    if not options.get("URL"):
        return "INTERNAL", None, None
    if "CREDENTIALS" in options or temporary:
        raise unsupported(
            "temporary external stage" if temporary else "CREDENTIALS of an external stage",
            "Use a lasting stage with STORAGE_INTEGRATION: no statement needs to hold a secret.",
        )
    storage = open_storage(str(options["URL"]))
    integration = options.get("STORAGE_INTEGRATION")
    if integration is not None:
        integrations.require_allowed(context, normalise_name(str(integration)), storage.place.url)
    options["URL"] = storage.place.url
    cloud = {"s3": "AWS", "azure": "AZURE"}.get(storage.place.kind)
    return "EXTERNAL", cloud, None if integration is None else normalise_name(str(integration))


def _require_schema(context: StatementContext, key: Key) -> None:
    sql = "SELECT 1 FROM duckdb_schemas() WHERE database_name = ? AND schema_name = ?"
    if not context.duck_conn.execute(sql, list(key[:2])).fetchall():
        raise does_not_exist("Schema", ".".join(key[:2]))


def _forget(catalog: duckdb.DuckDBPyConnection, key: Any) -> None:
    for table in ("_fs_stages", "_stage_options"):
        catalog.execute(
            f"DELETE FROM {_CATALOG}.{table} WHERE database_name = ? AND schema_name = ? AND name = ?", list(key)
        )


def _directory(options: Options) -> bool:
    directory = options.get("DIRECTORY")
    return isinstance(directory, dict) and is_true(directory.get("ENABLE"))


def _encode(name: str) -> str:
    return quote(name, safe=" $").replace(".", "%2E")


def _folder(root: Path, key: Key) -> Path:
    return root.joinpath(*(_encode(part) for part in key))
