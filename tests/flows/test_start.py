"""What a command imports before it works: those that read load neither Prefect nor Great Expectations nor Snowpark."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
HEAVY = ("prefect", "great_expectations", "snowflake.snowpark", "snowflake.connector", "pandas", "duckdb", "fakesnow")
PROGRAM = f"""
import json, sys
from flows.cli import run
told = {{}}
for arguments in json.loads(sys.argv[2]):
    code = run(arguments)
    told[" ".join(arguments)] = [code, [name for name in {HEAVY!r} if name in sys.modules]]
with open(sys.argv[1], "w") as file:
    json.dump(told, file)
"""
CONNECTOR = {"snowflake.connector", "pandas"}  # the connector imports pandas


def imported(report: Path, *commands: list[str]) -> dict[str, set[str]]:
    """The heavy libraries that a process of its own has loaded when each of the commands is done, one after another."""
    command = [sys.executable, "-c", PROGRAM, str(report), json.dumps(commands)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=300)
    told = json.loads(report.read_text(encoding="utf-8"))
    assert {code for code, _ in told.values()} == {0}, done.stderr
    return {name: set(loaded) for name, (_, loaded) in told.items()}


def test_a_command_that_asks_no_warehouse_loads_no_heavy_library(tmp_path, monkeypatch):
    monkeypatch.setenv("SNOWCAST_HOME", str(tmp_path))
    commands = (["--help"], ["run", "--help"], ["--version"], ["tables"])
    loaded = imported(tmp_path / "report.json", *commands)
    assert loaded == {" ".join(command): set() for command in commands}


def test_a_command_that_reads_needs_the_connector_alone(snowcast, home, tmp_path):
    assert snowcast("status").code == 0  # makes the tables, which takes Snowpark once
    commands = (
        *(["sql", "SELECT 1"], ["status"], ["status", "--json"], ["report"], ["quarantine", "list"]),
        *(["activity", "list"], ["activity", "describe", "gift_sent"]),
    )
    loaded = imported(tmp_path / "report.json", *commands)
    assert loaded == {" ".join(command): CONNECTOR for command in commands}


def test_a_read_of_an_unprepared_warehouse_makes_its_tables_once(snowcast, home):
    snowcast("sql", "DROP TABLE MARTS.FACT_GIFTS")
    counted = snowcast("sql", "SELECT COUNT(*) AS N FROM MARTS.FACT_GIFTS", "--format", "json")
    assert (counted.code, json.loads(counted.out)) == (0, [{"N": 0}])
    missing = snowcast("sql", "SELECT * FROM MARTS.NO_SUCH_TABLE")
    assert missing.code == 2
    assert "NO_SUCH_TABLE" in missing.err


def test_a_command_is_handed_over_before_it_loads_what_it_would_need_itself():
    program = "import sys, flows.cli, flows.services.resident; print({'pydantic', 'typer', 'rich'} & set(sys.modules))"
    command = [sys.executable, "-c", program]
    assert subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout == "set()\n"


def test_a_build_with_nothing_to_check_does_not_load_the_rule_engine(snowcast, home, tmp_path):
    (loaded,) = imported(tmp_path / "report.json", ["build", "--select", "raw_twitch_games"]).values()
    assert "prefect" in loaded
    assert "great_expectations" not in loaded
