"""Stages: which there are, where their files lie, and which files a reference such as `@RAW.LANDING/twitch` means."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from deployments.embedded.errors import does_not_exist, snowflake_error, unsupported
from deployments.embedded.names import Key, split_name
from deployments.embedded.scanner import Options, is_true
from deployments.embedded.stages.session_files import file_session

if TYPE_CHECKING:
    import duckdb

    from deployments.embedded.context import StatementContext

_CATALOG = "_fs_global._fs_information_schema"
_REFERENCE = re.compile(r'@((?:"(?:[^"]|"")*"|[^/"])*)/?(.*)', re.DOTALL)


@dataclass(frozen=True)
class Stage:
    """A place for files.

    Attributes:
        label: Its full name, as load history and errors show it.
        shown_as: What stands before a file's path in LIST and COPY results.
        folder: Where the files are.
        options: What CREATE STAGE said (FILE_FORMAT, ON_ERROR, …).
    """

    label: str
    shown_as: str
    folder: Path
    options: Options


@dataclass(frozen=True)
class StagedFile:
    """One file of a stage; `name` is its path within the stage."""

    stage: Stage
    name: str
    path: Path
    size: int
    modified_ns: int

    @property
    def md5(self) -> str:
        """Digest of the file as it is stored."""
        return _md5(self.path, self.size, self.modified_ns)

    @property
    def shown_name(self) -> str:
        """The name as LIST and COPY show it."""
        return self.stage.shown_as + self.name

    @property
    def modified(self) -> datetime:
        """When it was uploaded."""
        return datetime.fromtimestamp(self.modified_ns / 1e9, tz=UTC)


@dataclass(frozen=True)
class Location:
    """A stage and a path prefix in it."""

    stage: Stage
    prefix: str

    def files(self, pattern: str | None = None) -> list[StagedFile]:
        """The files whose path starts with the prefix and, as a whole, matches the pattern."""
        matches = _matcher(pattern)
        return [file for file in _walk(self.stage, self.prefix) if matches(file)]

    def file(self, name: str) -> StagedFile | None:
        """The file of that path relative to the prefix, or None."""
        joined = f"{self.prefix.rstrip('/')}/{name}" if self.prefix else name
        for candidate in (joined, self.prefix + name):
            path = self.stage.folder / checked_path(candidate)
            if path.is_file():
                return _staged(self.stage, path)
        return None


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
    checked_path(prefix)
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
    options = stored_options(context, key)
    if options is None:
        raise not_found(key)
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
    if options.get("URL"):
        raise unsupported("external stage (URL = …)", "Use an internal stage and PUT the files.")
    session = file_session(context)
    there = key in session.stages if temporary else stored_options(context, key) is not None
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
                has_credentials, has_encryption_key, owner, comment, type, owner_role_type, directory_enabled)
                VALUES (?, ?, ?, ?, '', 'N', 'N', 'SYSADMIN', ?, 'INTERNAL', 'ROLE', ?)""",
            [now, key[2], key[0], key[1], str(options.get("COMMENT", "")), "Y" if _directory(options) else "N"],
        )
        catalog.execute(f"INSERT INTO {_CATALOG}._stage_options VALUES (?, ?, ?, ?)", [*key, json.dumps(options)])
    return True


def drop(context: StatementContext, key: Key) -> bool:
    """Drop a stage and its files; False if there is none."""
    session = file_session(context)
    if session.stages.pop(key, None) is not None:
        shutil.rmtree(_folder(session.folder, key), ignore_errors=True)
        return True
    if stored_options(context, key) is None:
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
        shutil.rmtree(context.stages / kind / _encoded(database) / _encoded(schema), ignore_errors=True)


def drop_table_stage(context: StatementContext, key: Key) -> None:
    """Remove the files of a table's stage."""
    shutil.rmtree(_folder(context.stages / "table", key), ignore_errors=True)


def stored_options(context: StatementContext, key: Key) -> Options | None:
    """What CREATE STAGE said of a lasting stage, or None if there is no such stage."""
    with context.duck_conn.cursor() as catalog:
        rows = catalog.execute(
            f"""SELECT coalesce(options, '{{}}') FROM {_CATALOG}._fs_stages
                LEFT JOIN {_CATALOG}._stage_options USING (database_name, schema_name, name)
                WHERE database_name = ? AND schema_name = ? AND name = ?""",
            list(key),
        ).fetchall()
    return dict(json.loads(rows[0][0])) if rows else None


def checked_path(path: str) -> str:
    """The path, if it stays inside its stage.

    Raises:
        ProgrammingError: it does not.
    """
    if "\0" in path or path.startswith("/") or ".." in PurePosixPath(path).parts:
        raise snowflake_error(
            f"SQL compilation error:\nInvalid file path '{path}': it leaves the stage.", 1011, "42601"
        )
    return path


def incoming_path(stages: Path) -> Path:
    """A new path for a file that is being written; what a killed server leaves there goes when it starts again."""
    folder = stages / "incoming"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / uuid.uuid4().hex


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


def _encoded(name: str) -> str:
    return quote(name, safe=" $").replace(".", "%2E")


def _folder(root: Path, key: Key) -> Path:
    return root.joinpath(*(_encoded(part) for part in key))


def _walk(stage: Stage, prefix: str) -> list[StagedFile]:
    base = stage.folder / prefix.rpartition("/")[0]
    found = [_staged(stage, path) for path in (base.rglob("*") if base.is_dir() else []) if path.is_file()]
    return sorted((file for file in found if file.name.startswith(prefix)), key=lambda file: file.name)


def _staged(stage: Stage, path: Path) -> StagedFile:
    status = path.stat()
    return StagedFile(stage, path.relative_to(stage.folder).as_posix(), path, status.st_size, status.st_mtime_ns)


def _matcher(pattern: str | None) -> Any:
    if pattern is None:
        return lambda _file: True
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise snowflake_error(f"Invalid regular expression: '{pattern}', {error}", 100048, "2201B") from error
    return lambda file: compiled.fullmatch(file.name) or compiled.fullmatch(file.shown_name)


@lru_cache(maxsize=100_000)
def _md5(path: Path, size: int, modified_ns: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest()
