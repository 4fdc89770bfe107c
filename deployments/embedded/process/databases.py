"""The databases of a warehouse: one DuckDB file each, made, opened and dropped by name."""

from __future__ import annotations

import logging
import re
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import duckdb

from deployments.embedded.errors import already_exists, does_not_exist, unsupported
from deployments.embedded.names import quote_identifier, quote_literal, quote_path
from deployments.embedded.process.paths import DamagedFileError, WarehousePaths

logger = logging.getLogger("snowcast.embedded")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_$]{0,199}", re.ASCII)
LOG_ENDINGS = (".wal", ".wal.checkpoint", ".wal.recovery")
UNFINISHED = "_unfinished"
STAGE_TABLES = ("_fs_stages", "_stage_options", "_fs_file_formats")
# The names under which the warehouse keeps what is its own.
INTERNAL_CATALOGS = frozenset({"_FS_GLOBAL", "MEMORY", "SYSTEM", "TEMP"})
INTERNAL_SCHEMAS = frozenset({"PG_CATALOG", "MAIN", "_FS_INFORMATION_SCHEMA"})
Furnish = Callable[[duckdb.DuckDBPyConnection, str], None]


def check_database(name: str) -> None:
    """Refuse the names under which the warehouse keeps what is its own.

    Raises:
        ProgrammingError: There is no such database for a client.
    """
    if name.upper() in INTERNAL_CATALOGS | INTERNAL_SCHEMAS:
        raise does_not_exist("Database", name)


class Databases:
    """Every database of the warehouse, by name."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, paths: WarehousePaths, furnish: Furnish) -> None:
        """No database is open yet.

        Args:
            connection: A connection to the warehouse's DuckDB.
            paths: Where the files are.
            furnish: Makes what others keep in each database.
        """
        self._furnish_more = furnish
        self._connection = connection
        self._folder, self._stages = paths.databases, paths.stages
        self._guard = threading.RLock()
        self._reserved: frozenset[str] = frozenset()

    def open_all(self) -> None:
        """Open every file of the folder.

        Raises:
            DamagedFileError: DuckDB cannot read one.
        """
        for ending in ("", *LOG_ENDINGS):
            (self._folder / f"{UNFINISHED}{ending}").unlink(missing_ok=True)
        for file in sorted(self._folder.glob("*.db")):
            if not self._is_name(file.stem):
                logger.warning("%s is left alone: no database has such a name", file)
                continue
            self.attach(file, file.stem)
            self._furnish(file.stem)

    def attach(self, file: Path, name: str) -> None:
        """Open a file under a name.

        Raises:
            DamagedFileError: DuckDB cannot read it.
        """
        try:
            self._connection.execute(f"ATTACH {quote_literal(str(file))} AS {quote_identifier(name)}")
        except duckdb.Error as error:
            if isinstance(error, duckdb.BinderException):
                raise
            reason = str(error).splitlines()[0]
            raise DamagedFileError(
                f"{file} cannot be opened ({reason}). Put back a copy of it, or move it and its .wal file away and "
                "start again: the other databases are not touched, and its tables are loaded and built anew"
            ) from error

    def find(self, name: str) -> str | None:
        """The name of a database as it was written when it was made, whatever the case; None if there is none."""
        found = self._connection.cursor().execute(
            "SELECT database_name FROM duckdb_databases() WHERE NOT internal AND path IS NOT NULL "
            "AND upper(database_name) = upper(?)",
            [name],
        )
        row = found.fetchone()
        return str(row[0]) if row else None

    def create(self, name: str) -> None:
        """Make a database.

        Raises:
            ProgrammingError: it is there, or its name is one that this warehouse cannot give.
        """
        check_database(name)
        if not self._is_name(name):
            raise unsupported(
                f"the database name {quote_identifier(name)}",
                "It takes letters, digits, _ and $, at most 200 of them, and no word that SQL keeps for itself.",
            )
        with self._guard:
            if self.find(name) is not None:
                raise already_exists(name)
            file = self._folder / f"{name}.db"
            self._lay_down(file)
            try:
                self.attach(file, name)
                self._furnish(name)
            except duckdb.Error:
                self.drop(name)
                raise

    def ensure(self, name: str) -> str:
        """The database of a login, made if it is not there; its name as it was written."""
        check_database(name)
        with self._guard:
            found = self.find(name)
            if found is None:
                self.create(name)
            return found or name

    def drop(self, name: str) -> None:
        """Close a database, delete its files and what the catalog knows of it."""
        check_database(name)
        with self._guard:
            self._connection.execute(f"DETACH DATABASE IF EXISTS {quote_identifier(name)}")
            for ending in ("", *LOG_ENDINGS):
                (self._folder / f"{name}.db{ending}").unlink(missing_ok=True)
            for table in STAGE_TABLES:
                self._connection.execute(
                    f"DELETE FROM _fs_global._fs_information_schema.{table} WHERE upper(database_name) = upper(?)",
                    [name],
                )
            self._connection.execute(
                "DELETE FROM _fs_global._fs_information_schema._account_objects WHERE starts_with(name, ?)",
                [f"{name.upper()}."],
            )
            for kind in ("named", "table"):
                shutil.rmtree(self._stages / kind / name, ignore_errors=True)

    def _lay_down(self, file: Path) -> None:
        """Make the file whole or not at all: a server that is killed meanwhile leaves none that cannot be opened."""
        unfinished = file.with_name(UNFINISHED)
        self._connection.execute(f"ATTACH {quote_literal(str(unfinished))} AS {quote_identifier(UNFINISHED)}")
        self._connection.execute(f"DETACH {quote_identifier(UNFINISHED)}")
        unfinished.replace(file)

    def _furnish(self, name: str) -> None:
        for schema in ("_fs_information_schema", "PUBLIC"):
            self._connection.execute(f"CREATE SCHEMA IF NOT EXISTS {quote_path(name, schema)}")
        self._furnish_more(self._connection, name)

    def _is_name(self, name: str) -> bool:
        if not self._reserved:
            words = "SELECT upper(keyword_name) FROM duckdb_keywords() WHERE keyword_category <> 'unreserved'"
            self._reserved = frozenset(word for (word,) in self._connection.execute(words).fetchall())
        return NAME.fullmatch(name) is not None and name.upper() not in self._reserved
