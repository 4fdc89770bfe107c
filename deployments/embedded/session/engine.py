"""The one DuckDB instance behind the endpoint, with everything it keeps on disk."""

from __future__ import annotations

import threading
from collections import OrderedDict

import duckdb
import pyarrow as pa

from deployments.embedded.catalog import views
from deployments.embedded.names import quote_identifier, quote_literal
from deployments.embedded.process.databases import LOG_ENDINGS, Databases
from deployments.embedded.process.paths import WarehousePaths
from deployments.embedded.session.locks import TableLocks
from deployments.embedded.sql import macros
from deployments.embedded.sql.macros_by_type import BY_TYPE
from deployments.embedded.sql.rewrites.column_families import column_families
from deployments.embedded.sql.rewrites.letter_case import lower_names
from deployments.embedded.sql.rewrites.whole_variants import variant_names
from deployments.embedded.stages.copy.load_history import create_history

RESULTS_KEPT_BYTES = 256 * 1024 * 1024
RESULTS_KEPT = 1000


class Results(OrderedDict[str, pa.Table]):
    """Results for RESULT_SCAN by query id; the oldest go when there are too many or they are too large."""

    def __init__(self) -> None:
        super().__init__()
        self._guard = threading.Lock()
        self._bytes = 0

    def __setitem__(self, query_id: str, table: pa.Table) -> None:
        with self._guard:
            super().__setitem__(query_id, table)
            self._bytes += table.nbytes
            while len(self) > 1 and (self._bytes > RESULTS_KEPT_BYTES or len(self) > RESULTS_KEPT):
                self._bytes -= self.popitem(last=False)[1].nbytes


class Engine:
    """One DuckDB instance whose databases and catalog are files of one home, so that a restarted server sees them.

    Attributes:
        paths: The files of the home.
        locks: Locks of tables, shared by all sessions.
        databases: Its databases.
        results: What statements gave last.
        has_lower_names: Whether a table or column may have a name with letters in lower case.
        has_lower_tables: Whether a table may.
        variant_names: The names that VARIANT columns have anywhere.
        column_families: The families of types that columns have anywhere, by name.
    """

    def __init__(self, paths: WarehousePaths, threads: int | None = None, spills_over: int | None = None) -> None:
        """Open every database file of the home.

        Args:
            paths: The files of the home; its folders exist.
            threads: Threads of a statement; None for one per core.
            spills_over: Bytes that statements take together; what needs more goes to the home's disk, as far as it
                can, else it ends in an error. None: most of the machine's.
        """
        self.paths = paths
        self.results = Results()
        self.locks = TableLocks()
        self.duck_conn = duckdb.connect(":memory:", config={"lambda_syntax": "ENABLE_SINGLE_ARROW"})
        self.duck_conn.execute("SET GLOBAL TimeZone = 'UTC'")
        # It packs the keys of a join into numbers on their way from the scan, which then does not know what is looked
        # for: a thousand streams among ten million rows read them all instead of a few row groups.
        self.duck_conn.execute("SET GLOBAL disabled_optimizers = 'compressed_materialization'")
        if spills_over is not None:
            self.duck_conn.execute(f"SET GLOBAL memory_limit = '{spills_over // 2**10}KiB'")
        if threads is not None:
            self.duck_conn.execute(f"SET GLOBAL threads = {threads}")
        self._lock_up()
        self.databases = Databases(self.duck_conn, paths, create_history)
        self.databases.attach(paths.catalog, macros.GLOBAL)
        self.duck_conn.execute(views.CREATE)
        macros.install(self.duck_conn, macros.SCALARS | views.SCALARS, BY_TYPE, macros.TABLES | views.TABLES)
        self.databases.open_all()
        self.has_lower_names, self.has_lower_tables = lower_names(self.duck_conn)
        self.variant_names = variant_names(self.duck_conn)
        self.column_families = column_families(self.duck_conn)

    def close(self) -> None:
        """Write every database's log into its file, and close."""
        for (name,) in self.duck_conn.execute(
            "SELECT database_name FROM duckdb_databases() WHERE NOT internal AND path IS NOT NULL"
        ).fetchall():
            self.duck_conn.execute(f"CHECKPOINT {quote_identifier(name)}")
        self.duck_conn.close()

    def _lock_up(self) -> None:
        """Leave DuckDB the warehouse's own folders and nothing else: no other file, extension, variable or setting."""
        file = self.paths.catalog
        files = [file, *(file.with_name(file.name + ending) for ending in LOG_ENDINGS)]
        folders = (self.paths.databases, self.paths.stages, self.paths.spilled)
        allowed = ", ".join(quote_literal(f"{folder}/") for folder in folders)
        for setting, value in (
            ("allowed_directories", f"[{allowed}]"),
            ("allowed_paths", f"[{', '.join(quote_literal(str(path)) for path in files)}]"),
            ("temp_directory", quote_literal(str(self.paths.spilled))),
            ("python_enable_replacements", "false"),
            ("autoload_known_extensions", "false"),
            ("autoinstall_known_extensions", "false"),
            ("allow_community_extensions", "false"),
            ("enable_external_access", "false"),
            ("lock_configuration", "true"),
        ):
            self.duck_conn.execute(f"SET GLOBAL {setting} = {value}")
