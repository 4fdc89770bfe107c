"""dbt-snowflake as it is.

It runs in a virtual environment of its own, because what it requires does not go with what Prefect requires:
`pip install "dbt-core>=1.11,<1.12" "dbt-snowflake>=1.10,<1.12"`, and FIDELITY_DBT names its program.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.embedded.answers import rows

DBT = os.environ.get("FIDELITY_DBT", "")
pytestmark = [
    pytest.mark.fidelity,
    pytest.mark.skipif(not DBT, reason="FIDELITY_DBT names the dbt program of an environment that has dbt-snowflake"),
]
INCREMENTAL = """{{{{ config(materialized='incremental', incremental_strategy='{strategy}', unique_key='id') }}}}
select id, name from {{{{ ref('v') }}}} {{% if is_incremental() %}} where id >= 2 {{% endif %}}"""
FILES = {
    "dbt_project.yml": """
        {"name": "p", "version": "1.0", "profile": "p", "flags": {"send_anonymous_usage_stats": false},
         "models": {"p": {"+persist_docs": {"relation": true, "columns": true}}}}""",
    "seeds/raw.csv": "id,name,at\n1,ada,2026-01-01 10:00:00\n2,bob,2026-01-02 10:00:00\n",
    "models/v.sql": "{{ config(materialized='view') }} select id, name, at from {{ ref('raw') }}",
    "models/t.sql": "{{ config(materialized='table') }} select id, upper(name) as name from {{ ref('v') }}",
    "models/merged.sql": INCREMENTAL.format(strategy="merge"),
    "models/deleted.sql": INCREMENTAL.format(strategy="delete+insert"),
    "models/appended.sql": INCREMENTAL.format(strategy="append"),
    "snapshots/s.sql": """{% snapshot s %}{{ config(target_schema='SNAPSHOTS', unique_key='id', strategy='check',
        check_cols='all') }} select id, name from {{ ref('raw') }}{% endsnapshot %}""",
    "models/schema.yml": """
        {"version": 2, "models": [
            {"name": "v", "description": "the view's words", "columns": [
                {"name": "id", "description": "an id", "data_tests": ["unique", "not_null"]},
                {"name": "name", "description": "it's a name"}]},
            {"name": "t", "description": "a table", "columns": [
                {"name": "id", "description": "x"}, {"name": "name", "description": "y", "data_tests": [
                    {"accepted_values": {"arguments": {"values": ["ADA", "BOB"]}}}]}]}]}""",
}


@pytest.fixture
def project(tmp_path: Path, connection_parameters: dict[str, Any]) -> Path:
    """A dbt project with every kind of model that takes another way to Snowflake."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    names = ("account", "user", "password", "host", "port", "protocol", "database", "schema", "warehouse", "role")
    login = {"type": "snowflake", "threads": 2, **{name: connection_parameters[name] for name in names}}
    (tmp_path / "profiles.yml").write_text(json.dumps({"p": {"target": "t", "outputs": {"t": login}}}))
    return tmp_path


def dbt(project: Path, *command: str) -> str:
    """Run dbt in the project, and return what it says."""
    run = subprocess.run(
        [DBT, *command, "--profiles-dir", "."],
        cwd=project,
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"], "HOME": str(project)},
        check=False,
    )
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-1000:]
    return run.stdout


@pytest.mark.supports(
    "dbt-snowflake 1.11: seed, views, tables, incremental (merge, delete+insert, append), tests, again"
)
def test_models(project: Path, connection: Any) -> None:
    dbt(project, "seed")
    for _ in range(2):
        assert "ERROR=0" in dbt(project, "run")
    assert "PASS=3" in dbt(project, "test")
    assert rows(connection, "SELECT id, name FROM t ORDER BY id") == [(1, "ADA"), (2, "BOB")]
    for table, expected in (("merged", [1, 2]), ("deleted", [1, 2]), ("appended", [1, 2, 2])):
        assert [row[0] for row in rows(connection, f"SELECT id FROM {table} ORDER BY id")] == expected


@pytest.mark.supports("dbt-snowflake 1.11: snapshots; persist_docs of tables, views and columns; docs generate")
def test_snapshots_and_docs(project: Path, connection: Any) -> None:
    dbt(project, "seed")
    dbt(project, "snapshot")
    connection.cursor().execute("UPDATE raw SET name = 'eve' WHERE id = 1")
    dbt(project, "snapshot")
    versions = "SELECT name, dbt_valid_to IS NULL FROM SNAPSHOTS.s WHERE id = 1 ORDER BY dbt_valid_from"
    assert rows(connection, versions) == [("ada", False), ("eve", True)]
    dbt(project, "run")
    assert [row[9] for row in rows(connection, "DESCRIBE TABLE t")] == ["x", "y"]
    assert [row[9] for row in rows(connection, "DESCRIBE VIEW v")][:2] == ["an id", "it's a name"]
    dbt(project, "docs", "generate")
    assert (project / "target" / "catalog.json").is_file()
