"""The stored procedure's handler, as the plain function that it is: it gives the tables of a flow."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlglot
from snowflake.snowpark import Session

from flows.deploy.snowflake.deploy import make_frame, write_dynamic_table
from flows.deploy.snowflake.procedure import build_with
from flows.deploy.snowflake.tasks import make_archive, name_archive, write_archive, write_parameters
from flows.errors import ConfigError
from flows.settings import load_settings, make_parameters
from tests.feeding import PARAMETERS, T0, build_all, consumed, content, load, rows_of, sample_of
from tests.properties.conftest import emptied
from transforms.catalog import models, select_models
from transforms.contract import ContractError
from transforms.engine import ledgers
from transforms.engine.ledgers import append_rows
from transforms.engine.stored import read_table
from transforms.ops import VALIDATION_RESULTS

SELECTED = ["+mart_viewer_spikes", "+fact_stream_samples", "dim_date"]


def feed(session: Session, hour: int) -> None:
    at = T0 + timedelta(hours=hour)
    samples = [sample_of(f"s{n}", at + timedelta(minutes=n), 10 * n + hour) for n in range(1, 4)]
    load(session, consumed(at, *samples, {"stream_id": None}))


def test_the_procedure_builds_what_a_flow_builds(warehouse: Session, monkeypatch: pytest.MonkeyPatch):
    built = [model.table.name for model in select_models(SELECTED) if model.build]
    told: dict[str, list[str]] = {}
    for hour in (0, 1):
        feed(warehouse, hour)
    build_all(warehouse, SELECTED)
    by_flow = {name: content(warehouse, name) for name in built}
    session = emptied(warehouse)
    monkeypatch.setattr(ledgers, "is_in_stored_procedure", lambda: True)
    for hour in (0, 1, 1):  # the last time nothing is new
        if hour == len(told.get("dim_date", [])):
            feed(session, hour)
        for name in built:
            told.setdefault(name, []).append(build_with(session, name, PARAMETERS))
    assert {name: content(session, name) for name in built} == by_flow
    assert by_flow["fact_stream_samples"]
    assert told["stg_stream_samples"] == ["3 new, 0 changed, 0 removed"] * 2 + ["nothing new"]


def test_nothing_is_built_on_a_table_that_broke_a_critical_rule(warehouse):
    def judge(minute: int, *, success: bool) -> None:
        row = {
            "run_id": f"run {minute}",
            "layer": "STAGING",
            "table_name": "stg_stream_samples",
            "rule": "key",
            "success": success,
        }
        row |= {"severity": "critical", "scope": "full", "validated_at": datetime(2023, 9, 24, 12, minute)}
        append_rows(warehouse, VALIDATION_RESULTS, [row])

    judge(0, success=False)
    with pytest.raises(ContractError, match="not built, stg_stream_samples broke a critical rule"):
        build_with(warehouse, "fact_stream_samples", PARAMETERS)
    judge(1, success=True)
    assert build_with(warehouse, "fact_stream_samples", PARAMETERS) != "nothing new"


def test_the_archive_stands_alone(tmp_path: Path):
    settings = load_settings(home=tmp_path, shared_id_spaces="twitch,livelogs", point_value="0.01")
    place = write_archive(settings)
    asked = (
        "import json, snowcast_procedure, snowcast_parameters; from transforms.catalog import models; "
        "print(json.dumps([sorted(models()), {n: str(v) for n, v in snowcast_parameters.PARAMETERS.items()}]))"
    )
    alone = subprocess.run(
        [sys.executable, "-c", asked], env={"PYTHONPATH": str(place)}, cwd=tmp_path, capture_output=True, check=True
    )
    names, parameters = json.loads(alone.stdout)
    assert names == sorted(models())
    given = {name: str(value) for name, value in make_parameters(settings).items()}
    assert parameters == {name: value for name, value in given.items() if name not in ("today", "current_month")}


def test_the_same_code_and_settings_are_the_same_archive():
    settings, other = load_settings(), load_settings(point_value="0.25")
    assert make_archive(settings) == make_archive(settings)
    assert name_archive(settings) != name_archive(other)
    assert "'point_value': Decimal('0.25')," in write_parameters(other)


def test_a_dynamic_table_holds_the_rows_of_the_table_that_it_stands_beside(warehouse):
    feed(warehouse, 0)
    load(warehouse, consumed(T0, sample_of("s1", T0 + timedelta(minutes=1), 11), name="again"))
    build_all(warehouse, ["stg_stream_samples"])
    names = models()["stg_stream_samples"].table.column_names
    stored = rows_of(read_table(warehouse, models()["stg_stream_samples"].table), *names)
    assert len(stored) == 3, "the record that was refused, and the one that is superseded, are not among them"
    assert rows_of(make_frame(warehouse, "stg_stream_samples", PARAMETERS), *names) == stored
    written = write_dynamic_table(warehouse, load_settings(), "stg_stream_samples")
    assert written.startswith("CREATE OR REPLACE DYNAMIC TABLE ANALYTICS.STAGING.STG_STREAM_SAMPLES_DYNAMIC TARGET_LAG")
    parsed = sqlglot.parse_one(written.replace("OR REPLACE ", ""), dialect="snowflake")
    assert not parsed.find(sqlglot.exp.Command)
    with pytest.raises(ConfigError, match="only a staging table"):
        write_dynamic_table(warehouse, load_settings(), "dim_games")
