"""The databases of a warehouse: one DuckDB file each, made, opened and dropped by name."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable
from pathlib import Path

import duckdb
from fakesnow import info_schema, macros

from deployments.embedded.errors import snowflake_error, unsupported
from deployments.embedded.process.paths import DamagedFileError

logger = logging.getLogger("snowcast.embedded")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_$]{0,199}", re.ASCII)
LOG_ENDINGS = (".wal", ".wal.checkpoint", ".wal.recovery")
UNFINISHED = "_unfinished"
BOOKKEEPING = (
    ("_fs_tables_ext", "ext_table_catalog"),
    ("_fs_columns_ext", "ext_table_catalog"),
    ("_fs_stages", "database_name"),
    ("_fs_file_formats", "database_name"),
)


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
        message = f"SQL compilation error:\nDatabase '{name}' does not exist or not authorized."
        raise snowflake_error(message, 2003, "02000")


class Databases:
    """Every database of the warehouse, by name."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, folder: Path, furnish: Furnish) -> None:
        """No database is open yet.

        Args:
            connection: A connection to the warehouse's DuckDB.
            folder: Where the files are.
            furnish: Makes what others keep in each database.
        """
        self._furnish_more = furnish
        self._connection = connection
        self._folder = folder
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
            self._connection.execute(f"ATTACH {literal(str(file))} AS {identifier(name)}")
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
                f"the database name {identifier(name)}",
                "It takes letters, digits, _ and $, at most 200 of them, and no word that SQL keeps for itself.",
            )
        with self._guard:
            if self.find(name) is not None:
                raise snowflake_error(f"SQL compilation error:\nObject '{name}' already exists.", 2002, "42710")
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
        """Close a database, delete its files and what the catalogue knows of it."""
        check_database(name)
        with self._guard:
            self._connection.execute(f"DETACH DATABASE IF EXISTS {identifier(name)}")
            for ending in ("", *LOG_ENDINGS):
                (self._folder / f"{name}.db{ending}").unlink(missing_ok=True)
            for table, column in BOOKKEEPING:
                self._connection.execute(
                    f"DELETE FROM _fs_global._fs_information_schema.{table} WHERE upper({column}) = upper(?)", [name]
                )

    def _lay_down(self, file: Path) -> None:
        """Make the file whole or not at all: a server that is killed meanwhile leaves none that cannot be opened."""
        unfinished = file.with_name(UNFINISHED)
        self._connection.execute(f"ATTACH {literal(str(unfinished))} AS {identifier(UNFINISHED)}")
        self._connection.execute(f"DETACH {identifier(UNFINISHED)}")
        unfinished.replace(file)

    def _furnish(self, name: str) -> None:
        self._connection.execute(info_schema.per_db_creation_sql(name))
        self._connection.execute(macros.creation_sql(name))
        self._connection.execute(f'CREATE SCHEMA IF NOT EXISTS {identifier(name)}."PUBLIC"')
        self._furnish_more(self._connection, name)

    def _is_name(self, name: str) -> bool:
        if not self._reserved:
            words = "SELECT upper(keyword_name) FROM duckdb_keywords() WHERE keyword_category <> 'unreserved'"
            self._reserved = frozenset(word for (word,) in self._connection.execute(words).fetchall())
        return NAME.fullmatch(name) is not None and name.upper() not in self._reserved


def literal(text: str) -> str:
    """A text as DuckDB reads it."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """A name as DuckDB reads it."""
    return '"' + name.replace('"', '""') + '"'
