"""The peer of a cycle: the dbt project of dbt_cycle/ on DuckDB, fed with our landing files by plain DuckDB.

dbt runs in the environment that history_dbt.py installs from requirements-bench.lock. Its project stands for the same
tables by dbt's own means: incremental models with a high-water mark, snapshots with the check strategy, a test per
promise. It keeps no ledger, quarantines nothing, and takes a late file for one that it has read.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import duckdb

from tests.bench.history_dbt import installed

_PROJECT = Path(__file__).parent / "dbt_cycle"
ENTITIES = ("streams", "users", "games")
_SNAPSHOT = "strptime(regexp_extract(filename, '_([0-9]{8}T[0-9]{6})[0-9]{3}Z_', 1), '%Y%m%dT%H%M%S')"


class DbtProject:
    """A copy of the project and its DuckDB file.

    Args:
        folder: Where both go.
        landing: The landing root whose files are loaded.
        threads: Models that dbt builds at a time.
    """

    def __init__(self, folder: Path, landing: Path, threads: int = 4) -> None:
        self.dbt, self.landing = installed(), landing
        self.file, self.project = folder / "dbt.duckdb", folder / "project"
        shutil.copytree(_PROJECT, self.project)
        output = {"type": "duckdb", "path": str(self.file), "threads": threads}
        self.use({"bench_cycle": output})
        with duckdb.connect(str(self.file)) as duck:
            duck.execute("CREATE SCHEMA raw")
            for entity in ENTITIES:
                duck.execute(
                    f"CREATE TABLE raw.{entity} "
                    "(record JSON, snapshot_at TIMESTAMP, source_file VARCHAR, source_row BIGINT)"
                )

    def use(self, outputs: dict[str, dict[str, Any]]) -> None:
        """Write the profile; its first output is used."""
        profile = {"bench": {"target": next(iter(outputs)), "outputs": outputs}}
        (self.project / "profiles.yml").write_text(json.dumps(profile), encoding="utf-8")

    def load(self) -> float:
        """Load the landing files that are not loaded; seconds."""
        began = time.perf_counter()
        with duckdb.connect(str(self.file)) as duck:
            for entity in ENTITIES:
                loaded = duck.execute(f"SELECT DISTINCT source_file FROM raw.{entity}").fetchall()
                known = {name for (name,) in loaded}
                files = [str(path) for path in self.landing.glob(f"twitch/{entity}/**/*.ndjson.gz")]
                if new := sorted(set(files) - known):
                    duck.execute(
                        f"INSERT INTO raw.{entity} SELECT json, {_SNAPSHOT}, filename, row_number() OVER () "
                        "FROM read_ndjson_objects(?, filename = true)",
                        [new],
                    )
        return time.perf_counter() - began

    def build(self) -> float:
        """Build and test everything; seconds of the command."""
        command = [str(self.dbt), "build", "--quiet", "--project-dir", ".", "--profiles-dir", "."]
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("DBT_", "PYTHON"))}
        began = time.perf_counter()
        done = subprocess.run(command, cwd=self.project, capture_output=True, text=True, check=False, env=kept)
        seconds = time.perf_counter() - began
        if done.returncode:
            sys.exit(f"bench: dbt failed:\n{done.stdout[-4000:]}{done.stderr[-2000:]}")
        return seconds

    def node_count(self) -> int:
        """Nodes of the newest build: models, snapshots and tests."""
        results = json.loads((self.project / "target" / "run_results.json").read_text(encoding="utf-8"))
        return len(results["results"])

    def answers(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        with duckdb.connect(str(self.file), read_only=True) as duck:
            return duck.execute(query).fetchall()
