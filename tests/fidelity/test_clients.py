"""Other clients as they are: ibis, dlt, the snow command line.

They run in a virtual environment of their own (`make fidelity` makes it, of the extra `fidelity`), because what they
require does not go with what Prefect and dbt require; FIDELITY_CLIENTS names its folder of programs. SQLMesh is not
among them: its connection takes host and port and no protocol, and the embedded warehouse speaks HTTP without TLS.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

CLIENTS = os.environ.get("FIDELITY_CLIENTS", "")
pytestmark = [
    pytest.mark.fidelity,
    pytest.mark.skipif(
        not CLIENTS, reason="FIDELITY_CLIENTS names the programs of an environment of the extra fidelity"
    ),
]
IBIS = """
import json, sys, ibis, pandas
p = json.load(open("login.json"))
names = ("user", "password", "account", "database", "schema", "warehouse", "role", "host", "port", "protocol")
con = ibis.snowflake.connect(**{name: p[name] for name in names}, create_object_udfs=False)
t = con.create_table("people", pandas.DataFrame({"id": [1, 2, 3], "name": ["a", "b", None], "score": [1.5, 2.5, 3.5]}))
v = con.create_view("v", t.filter(t.id < 3))
con.insert("people", pandas.DataFrame({"id": [4], "name": ["d"], "score": [4.5]}))
ranked = t.mutate(place=ibis.row_number().over(order_by=t.score.desc())).order_by("id").execute()
grouped = t.group_by("name").agg(n=t.count(), total=t.score.sum()).order_by(ibis.desc("total")).execute()
joined = t.join(v, "id").select("id", other=v.name).order_by("id").execute()
con.drop_view("v")
json.dump({"places": list(map(int, ranked.place)), "totals": list(grouped.total), "joined": list(joined.other),
           "schema": {k: str(d) for k, d in t.schema().items()}}, sys.stdout)
"""
DLT = """
import json, os, sys, dlt
p = json.load(open("login.json"))
query = "&".join(f"{name}={p[name]}" for name in ("warehouse", "role", "host", "port", "protocol"))
url = f"snowflake://{p['user']}:{p['password']}@{p['account']}/{p['database']}?{query}"
there = dlt.destinations.snowflake(credentials=url)
pipe = dlt.pipeline("t", destination=there, dataset_name="loaded", pipelines_dir="p")
def run(rows, name, how, **keys):
    pipe.run(dlt.resource(rows, name=name, write_disposition=how, **keys))
first = [{"id": 1, "name": "a", "tags": [{"t": "x"}, {"t": "y"}]}, {"id": 2, "name": "b"}]
run(first, "people", "merge", primary_key="id")
run([{"id": 2, "name": "B"}, {"id": 3, "name": "c", "more": {"k": 1}}], "people", "merge", primary_key="id")
upsert, scd2 = ({"disposition": "merge", "strategy": strategy} for strategy in ("upsert", "scd2"))
for rows in ([{"id": 1, "v": "a"}], [{"id": 1, "v": "b"}, {"id": 2, "v": "c"}]):
    run(rows, "kept", upsert, primary_key="id")
    run(rows, "history", scd2)
    run(rows, "appended", "append")
    run(rows, "replaced", "replace")
with pipe.sql_client() as client:
    def ask(sql): return [list(row) for row in client.execute_sql(sql)]
    json.dump({"people": ask("SELECT id, name, more__k FROM people ORDER BY id"),
        "tags": ask("SELECT COUNT(*) FROM people__tags"),
        "kept": ask("SELECT id, v FROM kept ORDER BY id"), "appended": ask("SELECT COUNT(*) FROM appended"),
        "history": ask("SELECT id, v, _dlt_valid_to IS NULL FROM history ORDER BY id, v"),
        "replaced": ask("SELECT COUNT(*) FROM replaced")}, sys.stdout)
"""


def run(folder: Path, program: str, *arguments: str) -> str:
    """Run a program of the clients' environment, and return what it says on its standard output."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "SNOWFLAKE_HOME": str(folder)}
    done = subprocess.run(
        [f"{CLIENTS}/{program}", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**environment, "RUNTIME__DLTHUB_TELEMETRY": "false", "DLT_DATA_DIR": str(folder)},
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


@pytest.fixture
def folder(tmp_path: Path, connection_parameters: dict[str, Any]) -> Path:
    """A folder with the login, as JSON and as the snow command line's configuration."""
    (tmp_path / "login.json").write_text(json.dumps(connection_parameters, default=str))
    names = ("account", "user", "password", "host", "port", "protocol", "database", "schema", "warehouse", "role")
    lines = [f"{name} = {json.dumps(connection_parameters[name])}" for name in names]
    (tmp_path / "config.toml").write_text("[connections.here]\n" + "\n".join(lines) + "\n")
    (tmp_path / "config.toml").chmod(0o600)
    return tmp_path


def said(folder: Path, script: str) -> Any:
    """What a script of the clients' environment wrote as JSON at its end."""
    (folder / "script.py").write_text(script)
    return json.loads(run(folder, "python", "script.py").strip().splitlines()[-1])


@pytest.mark.supports("ibis 12: tables from pandas, views, insert, filter, group, window, join")
def test_ibis(folder: Path) -> None:
    told = said(folder, IBIS)
    assert told["places"] == [3, 2, 1, 0]
    assert told["totals"] == [4.5, 3.5, 2.5, 1.5]
    assert told["joined"] == ["a", "b"]
    assert list(told["schema"]) == ["id", "name", "score"]


@pytest.mark.supports(
    "dlt 1.31: append, replace, merge twice (delete-insert, upsert, scd2), nested tables, new columns"
)
def test_dlt(folder: Path) -> None:
    assert said(folder, DLT) == {
        "people": [[1, "a", None], [2, "B", None], [3, "c", 1]],
        "tags": [[2]],
        "kept": [[1, "b"], [2, "c"]],
        "appended": [[3]],
        "history": [[1, "a", False], [1, "b", True], [2, "c", True]],
        "replaced": [[2]],
    }


@pytest.mark.supports(
    "snow 3.30: connection test, sql, object list, describe and drop, stage create, copy, list and remove"
)
def test_snow(folder: Path) -> None:
    def snow(*arguments: str) -> Any:
        return json.loads(run(folder, "snow", *arguments, "-c", "here", "--format", "json"))

    assert snow("connection", "test")["Status"] == "OK"
    asked = "CREATE TABLE t (a INT, b VARCHAR); INSERT INTO t VALUES (1, 'x'); SELECT * FROM t"
    assert snow("sql", "-q", asked)[-1] == [{"A": 1, "B": "x"}]
    assert [one["name"] for one in snow("object", "list", "table")] == ["T"]
    assert [one["name"] for one in snow("object", "describe", "table", "t")] == ["A", "B"]
    snow("stage", "create", "files")
    (folder / "r.json").write_text('{"a": 1}')
    assert snow("stage", "copy", "r.json", "@files")[0]["status"] == "UPLOADED"
    assert [one["name"] for one in snow("stage", "list-files", "@files")] == ["files/r.json"]
    assert snow("stage", "copy", "@files", "out")[0]["status"] == "DOWNLOADED"
    assert (folder / "out" / "r.json").read_text() == '{"a": 1}'
    snow("stage", "remove", "@files", "r.json")
    assert snow("stage", "list-files", "@files") == []
    assert "dropped" in snow("object", "drop", "table", "t")[0]["status"]
