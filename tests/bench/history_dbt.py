"""dbt-duckdb's snapshots of the same deliveries, in an environment of their own under .bench/.

dbt reads a delivery as its source, and is told the time of an observation (`updated_at` of both strategies). Its time
is that of the snapshot's node, which leaves out the start of dbt and the reading of its project; its statements are
all of the command.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb

from tests.bench.history_data import TRACKED, Batch

_ROOT = Path(__file__).resolve().parents[2]
_LOCK = _ROOT / "requirements-bench.lock"
_COUNTED = "SELECT range AS i FROM range({count})"
_SNAPSHOTS = f"""
sources: [{{name: delivered, schema: main, tables: [{{name: batch}}]}}]
snapshots:
  - name: items_snapshot_at
    relation: source('delivered', 'batch')
    config: {{unique_key: item_key, strategy: check, check_cols: [{", ".join(TRACKED)}], updated_at: snapshot_at}}
  - name: items_updated_at
    relation: source('delivered', 'batch')
    config: {{unique_key: item_key, strategy: timestamp, updated_at: updated_at}}
"""


def installed() -> Path:
    """The dbt of .bench/, installed from its lock if it is not there or the lock has changed."""
    home = _ROOT / ".bench"
    environment, done = home / "dbt", home / "dbt" / "locked"
    if done.exists() and done.read_text(encoding="utf-8") == _LOCK.read_text(encoding="utf-8"):
        return environment / "bin" / "dbt"
    shutil.rmtree(environment, ignore_errors=True)
    python = str(environment / "bin" / "python")
    if uv := shutil.which("uv"):
        commands = [
            [uv, "venv", "--quiet", "--python", sys.executable, str(environment)],
            [uv, "pip", "install", "--quiet", "--python", python, "--require-hashes", "--no-deps", "-r", str(_LOCK)],
        ]
    else:
        commands = [
            [sys.executable, "-m", "venv", str(environment)],
            [python, "-m", "pip", "install", "--quiet", "--require-hashes", "--no-deps", "-r", str(_LOCK)],
        ]
    for command in commands:
        subprocess.run(command, check=True)
    done.write_text(_LOCK.read_text(encoding="utf-8"), encoding="utf-8")
    return environment / "bin" / "dbt"


class DbtHistory:
    """A dbt project with a snapshot per strategy, and the DuckDB file that both are in.

    Args:
        folder: Where project and file go.
        keys: How many keys there are.
    """

    def __init__(self, folder: Path, keys: int) -> None:
        self.keys = keys
        self.dbt = installed()
        self.file = folder / "dbt.duckdb"
        self.project = folder / "project"
        (self.project / "snapshots").mkdir(parents=True)
        (self.project / "snapshots" / "items.yml").write_text(_SNAPSHOTS, encoding="utf-8")
        files = {
            "dbt_project.yml": {"name": "bench", "version": "1.0", "profile": "bench"},
            "profiles.yml": {
                "bench": {"target": "dev", "outputs": {"dev": {"type": "duckdb", "path": str(self.file), "threads": 1}}}
            },
        }
        for name, content in files.items():
            (self.project / name).write_text(json.dumps(content), encoding="utf-8")

    def stage(self, batch: Batch) -> None:
        """Make a delivery the source; not timed."""
        with duckdb.connect(str(self.file)) as duck:
            duck.execute("SET enable_progress_bar = false")
            duck.execute(f"CREATE OR REPLACE TABLE batch AS {batch.query(self.keys, _COUNTED)}")

    def write(self, effective_at: str) -> tuple[float, int]:
        """Run the snapshot of a strategy; seconds and statements."""
        log = self.project / "logs" / "dbt.log"
        log.unlink(missing_ok=True)
        shutil.rmtree(self.project / "target" / "run", ignore_errors=True)
        command = [str(self.dbt), "--no-use-colors", "--no-send-anonymous-usage-stats", "snapshot"]
        options = ["--select", f"items_{effective_at}", "--project-dir", ".", "--profiles-dir", "."]
        done = subprocess.run(
            [*command, *options], cwd=self.project, capture_output=True, text=True, check=False, env=_environment()
        )
        if done.returncode:
            sys.exit(f"bench: dbt failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        result = json.loads((self.project / "target" / "run_results.json").read_text(encoding="utf-8"))
        text = log.read_text(encoding="utf-8")
        (node,) = result["results"]
        return node["execution_time"], text.count("Using duckdb connection")

    def summary(self, effective_at: str) -> tuple[int, int, int]:
        """Versions, keys with another number of open versions than one, versions that end before they begin."""
        with duckdb.connect(str(self.file), read_only=True) as duck:
            (found,) = duck.execute(
                "SELECT sum(versions), count(*) FILTER (open <> 1), sum(negative) FROM (SELECT count(*) AS versions, "
                "count(*) FILTER (dbt_valid_to IS NULL) AS open, count(*) FILTER (dbt_valid_to <= dbt_valid_from) "
                f"AS negative FROM items_{effective_at} GROUP BY item_key)"
            ).fetchall()
        return int(found[0]), int(found[1]), int(found[2])


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("DBT_", "PYTHON"))}
