"""What is declared, and an account in which all of it is there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.deploy.snowflake.declared import Declared, DeclaredGrant, DeclaredObject, read_declared
from flows.deploy.snowflake.present import Present
from flows.deploy.snowflake.tasks import read_task_objects
from flows.settings import Settings, load_settings
from tests.unit.deploy.differences import ACCOUNT, SHOWN


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """An account with S3, tasks and the dashboard; nothing is logged in to."""
    return load_settings(home=Path(tmp_path_factory.mktemp("home")), **ACCOUNT)


@pytest.fixture(scope="session")
def declared(settings: Settings) -> list[Declared]:
    tasks = read_task_objects(settings)
    return list(dict.fromkeys([*read_declared(settings), *tasks]))


@pytest.fixture
def present(declared: list[Declared]) -> Present:
    """What SHOW tells once all of it is in place."""
    objects = [one for one in declared if isinstance(one, DeclaredObject)]
    found = Present()
    for one in objects:
        told = {name.lower(): value for name, value in one.properties.items()} | SHOWN.get(one.kind, {})
        found.objects.setdefault(one.kind, {})[one.name] = told | {"description": one.properties.get("COMMENT", "")}
    for grant in declared:
        if isinstance(grant, DeclaredGrant):
            have = found.granted_on_future if grant.scope == "FUTURE" else found.granted
            held = have.setdefault((grant.to, grant.grantee), set())
            held |= {(grant.privilege, grant.kind, name) for name in reached(grant, found)}
    return found


def reached(grant: DeclaredGrant, present: Present) -> Iterator[str]:
    if grant.scope != "ALL":
        yield grant.name
        return
    yield from (name for name in present.objects.get(grant.kind, {}) if name.startswith(grant.name + "."))
