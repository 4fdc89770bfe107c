"""Kills through the command line: the same command again gives the tables of a run that nobody disturbed.

Forty of them are run by `pytest -m long`, two with every test run. Each is shown to have landed: what was killed was
alive, the command had not ended, and the phase that it was in is printed with the seed.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from deployments.embedded import stop as stop_warehouse
from flows.services import prefect_server
from tests.conftest import unmeasured
from tests.flows.conftest import serving
from tests.flows.kills import (
    CLIENT,
    PREFECT,
    WAREHOUSE,
    Command,
    copy_home,
    digest,
    finish,
    kill,
    run_to_the_end,
    start,
)

USERS = "user_id,country,signup_date,plan_type\n" + "".join(f"U{n},us,2026-01-05,basic\n" for n in range(40))
PAYMENTS = "payment_id,user_id,payment_date,amount\n" + "".join(f"P{n},U{n},2026-02-05,9.99\n" for n in range(40))
LATER = USERS.replace("basic", "premium") + "U99,de,2026-02-01,basic\n"
DELIVERIES = {
    "users_20260301.csv": USERS,
    "payments_20260301.csv": PAYMENTS + "P99,U1,soon,1\n",
    "users_20260302.csv": LATER,
}
TABLES = ("stg_billing_payments", "stg_billing_users", "users_history", "int_payments", "dim_users")
STORED = ("raw_billing_payments", "raw_billing_users", *TABLES)
SELECTED = tuple(part for name in TABLES for part in ("--select", name))
COMMANDS = ("run", "ingest", "build", "validate")
KILLS = [(COMMANDS[n % 4], (CLIENT, WAREHOUSE)[n // 4 % 2], n) for n in range(32)]
KILLS += [(COMMANDS[n % 4], PREFECT, n) for n in range(32, 40)]
SOME = [("run", CLIENT, 101), ("run", WAREHOUSE, 102)]


@pytest.fixture(scope="module")
def commands(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Command]:
    place = tmp_path_factory.mktemp("delivered")
    for name, content in DELIVERIES.items():
        (place / name).write_text(content, encoding="utf-8")
    ingest = ("ingest", "billing", "--from-files", str(place))
    build = ("build", *SELECTED)
    set_up = {"SNOWCAST_BILLING_URL": str(place), "SNOWCAST_WORKERS": "2"}
    return {
        "run": Command(("run", "--sources", "billing", *SELECTED), (), set_up),
        "ingest": Command(ingest, (), {}),
        "build": Command(build, (ingest,), {}),
        "validate": Command(("validate", "--full", *SELECTED), (ingest, build), {}),
    }


@pytest.fixture(scope="module")
def undisturbed(
    commands: dict[str, Command], prepared_home: Path, server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict]:
    """Per command, made when it is first asked for: a home before it, its steps, and the tables after it."""
    known: dict[str, tuple[Path, int, dict[str, str]]] = {}

    def of(name: str) -> tuple[Path, int, dict[str, str]]:
        if name not in known:
            folder, command = tmp_path_factory.mktemp(name), commands[name]
            before = folder / "before"
            copy_home(prepared_home, before)
            for arguments in command.before:
                run_to_the_end(Command(arguments, (), {}), before, folder / "out.log", server.environment)
            stop_warehouse(before)
            copy_home(before, folder / "after")
            with serving(folder / "after"):
                steps = run_to_the_end(command, folder / "after", folder / "out.log", server.environment)
                known[name] = (before, len(steps), digest(folder / "after", STORED))
        return known[name]

    return of


def hit_and_repeat(name: str, target: str, seed: int, commands, undisturbed, server, home: Path) -> None:
    before, steps, expected = undisturbed(name)
    command, log = commands[name], home.parent / "out.log"
    copy_home(before, home)
    uses = {} if target == PREFECT else server.environment
    with serving(home):
        try:
            killed = kill(command, target, steps, f"{name} {target} {seed}", home, log, uses)
            print(f"seed {seed}: {name}, {target} killed behind {killed.phase!r}: exit code {killed.code}")  # noqa: T201
            assert killed.code == -9 if target == CLIENT else killed.code in (0, 3), (killed.errors, killed.out)
            assert len(killed.errors) == (1 if killed.code == 3 else 0), killed.errors
            assert "Traceback" not in killed.out
            run_to_the_end(command, home, log, server.environment)
            found = digest(home, STORED)
        finally:
            with unmeasured():
                prefect_server.stop(home)
    assert {table for table in expected if found[table] != expected[table]} == set(), f"seed {seed}, {killed.phase}"


@pytest.fixture(autouse=True)
def _without_a_server_of_the_users(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PREFECT_API_URL", "PREFECT_API_AUTH_STRING"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.lengthy
@pytest.mark.parametrize(("name", "target", "seed"), SOME)
def test_the_same_command_again_repairs_what_a_kill_left(
    name, target, seed, commands, undisturbed, server, tmp_path: Path
):
    hit_and_repeat(name, target, seed, commands, undisturbed, server, tmp_path / "home")


@pytest.mark.lengthy
def test_first_runs_side_by_side_in_an_empty_home_end_like_one(commands, undisturbed, server, tmp_path: Path):
    _, _, expected = undisturbed("run")
    home = tmp_path / "home"
    together = [commands[name] for name in ("run", "run", "ingest")]
    logs = [tmp_path / f"{number}.log" for number in range(len(together))]
    try:
        started = [start(*one, server.environment) for one in zip(together, [home] * len(logs), logs, strict=True)]
        ended = [finish(process) for process in started]
        assert ended == [(0, [])] * len(logs), [log.read_text(encoding="utf-8") for log in logs]
        found = digest(home, STORED)
    finally:
        stop_warehouse(home)
    assert {table for table in expected if found[table] != expected[table]} == set()


@pytest.mark.long
@pytest.mark.parametrize(("name", "target", "seed"), KILLS)
def test_forty_kills_change_nothing(name, target, seed, commands, undisturbed, server, tmp_path: Path):
    hit_and_repeat(name, target, seed, commands, undisturbed, server, tmp_path / "home")
