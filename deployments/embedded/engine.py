"""The one DuckDB instance behind the endpoint: fakesnow's, with everything it keeps on disk."""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path
from typing import Any

import duckdb
from fakesnow import info_schema, macros
from fakesnow.instance import GLOBAL_DATABASE_NAME, FakeSnow
from fakesnow.transforms import show

from deployments.embedded.copying.history import create_history
from deployments.embedded.locks import TableLocks
from deployments.embedded.paths import WarehousePaths

RESULTS_KEPT_BYTES = 256 * 1024 * 1024
RESULTS_KEPT = 1000


class ResultsCache(OrderedDict[str, tuple[Any, ...]]):
    """Results for RESULT_SCAN by query id; the oldest go when there are too many or they are too large."""

    def __init__(self) -> None:
        super().__init__()
        self._guard = threading.RLock()
        self._bytes = 0

    def __setitem__(self, query_id: str, value: tuple[Any, ...]) -> None:
        with self._guard:
            if query_id in self:
                del self[query_id]
            super().__setitem__(query_id, value)
            self._bytes += _size(value)
            while len(self) > 1 and (self._bytes > RESULTS_KEPT_BYTES or len(self) > RESULTS_KEPT):
                del self[next(iter(self))]

    def __delitem__(self, query_id: str) -> None:
        with self._guard:
            self._bytes -= _size(self[query_id])
            super().__delitem__(query_id)


def _size(value: tuple[Any, ...]) -> int:
    table = value[0]
    return int(table.nbytes) if table is not None else 0


class Engine(FakeSnow):
    """FakeSnow whose databases and catalogue are files of one home, so that a restarted server sees them.

    Attributes:
        paths: The files of the home.
        locks: Locks of tables, shared by all sessions.
        login: Held while a session opens, because each may create its database.
    """

    def __init__(self, paths: WarehousePaths) -> None:
        """Open every database file of the home.

        Args:
            paths: The files of the home; its folders exist.
        """
        self.paths = paths
        self.create_database_on_connect = True
        self.create_schema_on_connect = True
        self.db_path = str(paths.databases)
        self.nop_regexes = None
        self.results_cache = ResultsCache()
        self.locks = TableLocks()
        self.login = threading.Lock()
        self.duck_conn = duckdb.connect(":memory:", config={"lambda_syntax": "ENABLE_SINGLE_ARROW"})
        self.duck_conn.execute("SET GLOBAL TimeZone = 'UTC'")
        self._attach(paths.catalogue, GLOBAL_DATABASE_NAME)
        self.duck_conn.execute(info_schema.fs_global_creation_sql())
        self.duck_conn.execute(show.fs_global_creation_sql())
        for file in sorted(paths.databases.glob("*.db")):
            self._open_database(file)

    def close(self) -> None:
        """Write every database's log into its file, and close."""
        for (name,) in self.duck_conn.execute(
            "SELECT database_name FROM duckdb_databases() WHERE NOT internal AND path IS NOT NULL"
        ).fetchall():
            self.duck_conn.execute(f'CHECKPOINT "{name}"')
        self.duck_conn.close()

    def _open_database(self, file: Path) -> None:
        self._attach(file, file.stem)
        self.duck_conn.execute(info_schema.per_db_creation_sql(file.stem))
        self.duck_conn.execute(macros.creation_sql(file.stem))
        create_history(self.duck_conn, file.stem)

    def _attach(self, file: Path, name: str) -> None:
        self.duck_conn.execute(f"""ATTACH '{str(file).replace("'", "''")}' AS "{name}\"""")
