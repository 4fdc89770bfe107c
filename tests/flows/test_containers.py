"""Dockerfile and compose.yaml: what they name is there, what they run are commands, no port is open to a network."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from flows.deploy.prefect.declared import ROOT
from flows.deploy.prefect.pools import CODE_IN_IMAGE, declare_pool
from flows.settings import load_settings
from flows.settings.environment import variables

FOLDER = ROOT / "deployments" / "docker"
COMPOSE: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text(encoding="utf-8"))
DOCKERFILE = (FOLDER / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
INSTRUCTIONS = [line.split(" ", 1) for line in DOCKERFILE.splitlines() if line and not line.startswith("#")]
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = [name for name, service in SERVICES.items() if service.get("image") == "snowcast"]


def instruction(name: str) -> list[str]:
    return [text.strip() for word, text in INSTRUCTIONS if word == name]


def ignored(path: str) -> bool:
    """Whether .dockerignore keeps a path from the build."""
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    return path.split("/")[0] not in {line[1:] for line in lines if line.startswith("!")}


def test_the_image_copies_what_is_there_and_what_reaches_the_build():
    copied = [path for text in instruction("COPY") if "--from" not in text for path in text.split()[:-1]]
    assert {"flows", "transforms", "expectations", "deployments", "requirements.lock"} <= set(copied)
    for path in copied:
        assert (ROOT / path).exists(), path
        assert not ignored(path), path
    assert ignored(".env")
    assert ignored(".snowcast")


def test_the_image_runs_without_rights_and_installs_by_hash():
    assert re.fullmatch(r"[1-9]\d+", instruction("USER")[-1])
    installed = [text for text in instruction("RUN") if "pip install" in text]
    assert all("--require-hashes" in part or "--no-deps" in part for text in installed for part in text.split("&&")[:1])


@pytest.mark.parametrize("service", OURS)
def test_what_is_run_is_a_command_with_options_that_it_has(service, capsys):
    from flows.cli import run

    assert json.loads(instruction("ENTRYPOINT")[-1]) == ["snowcast"]
    command = SERVICES[service].get("command") or json.loads(instruction("CMD")[-1])
    assert run([command[0], "--help"]) == 0
    text = capsys.readouterr().out
    assert [option for option in command if option.startswith("--") and option not in text] == []


def test_the_image_is_asked_where_its_worker_answers():
    told = dict(pair.split("=") for text in instruction("ENV") for pair in text.split() if "WEBSERVER" in pair)
    place = f"http://{told['PREFECT_WORKER_WEBSERVER_HOST']}:{told['PREFECT_WORKER_WEBSERVER_PORT']}/health"
    assert place in instruction("HEALTHCHECK")[0]


def test_a_pools_container_finds_the_code_and_its_command_in_the_image(monkeypatch, capsys):
    from flows.cli import run

    monkeypatch.setenv("SNOWCAST_WAREHOUSE", "snowflake")
    values = declare_pool(load_settings(work_pool_type="kubernetes")).values
    assert f"WORKDIR {CODE_IN_IMAGE}\n" in DOCKERFILE
    assert run([values["command"], "--help"]) == 0
    assert "Go on with the run" in capsys.readouterr().out


def test_variables_are_settings_of_the_program_or_of_what_it_runs():
    known = {name for name, _ in variables()} | {"SNOWCAST_HOME"}
    named = set(re.findall(r"\bSNOWCAST_[A-Z_]+", DOCKERFILE + (FOLDER / "compose.yaml").read_text(encoding="utf-8")))
    named |= set(re.findall(r"\bSNOWCAST_[A-Z_]+", (FOLDER / "README.md").read_text(encoding="utf-8")))
    assert named <= known


def test_no_port_is_published_to_a_network_and_no_secret_is_written():
    ports = [port for service in SERVICES.values() for port in service.get("ports", ())]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|SECRET|AUTH|TOKEN", name):
                assert "${" in str(value), name


def test_each_part_waits_until_what_it_needs_is_healthy():
    for name, service in SERVICES.items():
        for needed, condition in (service.get("depends_on") or {}).items():
            assert condition == {"condition": "service_healthy"}, name
            assert SERVICES[needed].get("healthcheck") or needed in OURS, f"{needed} never says that it is healthy"
    used = {volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", ())}
    assert used == set(COMPOSE["volumes"])


def test_the_workflow_runs_what_anyone_runs():
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yaml").read_text(encoding="utf-8"))
    runs = [step["run"] for job in workflow["jobs"].values() for step in job["steps"] if "run" in step]
    assert "bash .ci/run" in runs
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert {run.removeprefix("make ") for run in runs if run.startswith("make ")} <= targets
    for path in re.findall(r"--file (\S+)", "\n".join(runs)):
        assert Path(ROOT / path).exists(), path
