"""Statements that no run sends: those of the dashboard's queries, and of the scripts that prepare an account."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import MagicMock

import pandas as pd

from deployments.dashboard import queries
from deployments.dashboard.queries.live import Audience
from deployments.dashboard.queries.period import Period
from flows.deploy.snowflake.deploy import list_teardown, write_dynamic_table
from flows.deploy.snowflake.statements import list_statements, render_statements
from flows.deploy.snowflake.tasks import render_task_statements
from flows.load.pipes import landing_of
from flows.settings import Settings, load_settings
from flows.warehouse import open_session
from transforms.catalog import select_models
from transforms.contract import Layer

PERIOD = Period(date(2026, 11, 1), date(2026, 11, 28))
# What a query is asked with, each in turn; a parameter of another name has a default.
ASKED: dict[str, list[Any]] = {
    "audience": [Audience(), Audience("g", "en")],
    "customer_kind": ["viewer"],
    "game_id": ["g", None],
    "grain": ["customer"],
    "hours": [6],
    "month": [date(2026, 11, 1)],
    "period": [PERIOD],
    "period_kind": ["week"],
    "run_id": ["r"],
    "streamer_key": ["s"],
    "subject": ["streams", "games", "growth", "revenue", "product", "operations"],
    "text": ["", "name"],
}

S3 = {
    "landing": "s3://landing/snowcast",
    "s3_integration": "SNOWCAST_S3",
    "s3_role_arn": "arn:aws:iam::000000000000:role/reads",
}
AZURE = {
    "landing": "azure://account.blob.core.windows.net/landing/snowcast",
    "azure_integration": "SNOWCAST_AZURE",
    "azure_tenant_id": "00000000-0000-0000-0000-000000000000",
}
DASHBOARD = {"dashboard_compute_pool": "PAGES", "dashboard_packages_integration": "PYPI"}
# What a deployment may be made of: each place of landing files, loaded by COPY or by pipes, with the dashboard or not.
DEPLOYMENTS: list[dict[str, Any]] = [
    {"warehouse": "snowflake", **place, **mode, **pages}
    for place, modes in (({}, ("copy",)), (S3, ("copy", "snowpipe")), (AZURE, ("copy", "snowpipe")))
    for mode in ({"load_mode": name} for name in modes)
    for pages in ({}, DASHBOARD)
]


def script_statements() -> list[str]:
    """The statements of `snowcast deploy snowflake`."""
    return [statement for _, statement in list_statements(load_settings())]


def deployment_statements(home: Path) -> list[str]:
    """What `snowcast deploy snowflake --dry-run --with-tasks` and `--teardown` print with any settings, each once.

    Args:
        home: Where the archive of the tasks' code is written.
    """
    printed: dict[str, None] = {}
    for given in DEPLOYMENTS:
        settings = load_settings(home=home, **given)
        printed |= dict.fromkeys([*render_statements(settings), *render_task_statements(settings)])
        printed |= dict.fromkeys(statement for _, statement in list_teardown(settings, with_tasks=True))
        printed |= dict.fromkeys(_pipe_statements(settings))
    return list(printed)


def dynamic_table_statements(home: Path) -> list[str]:
    """What `snowcast deploy snowflake --dynamic-table` prints of each staging table of a home whose warehouse runs."""
    settings = load_settings(home=home)
    staging = [one.table.name for one in select_models() if one.build and one.table.layer is Layer.STAGING]
    with open_session(settings) as session:
        return [write_dynamic_table(session, settings, name) for name in staging]


def _pipe_statements(settings: Settings) -> list[str]:
    """The statements that make the pipes of the raw tables, where the settings want any."""
    sent: list[str] = []
    asked = MagicMock(spec_set=["sql"])
    asked.sql.side_effect = lambda statement: sent.append(statement) or MagicMock()
    for model in select_models():
        pipe = landing_of(settings).pipe_of(asked, model.table) if model.build is None else None
        if pipe is not None:
            pipe.turn_on()
    return sent


def dashboard_statements() -> list[str]:
    """What each query of the dashboard sends."""
    sent: list[str] = []

    def run(statement: str, *_: Any, **__: Any) -> pd.DataFrame:
        sent.append(statement)
        return pd.DataFrame()

    for query in _queries():
        names = [name for name in inspect.signature(query).parameters if name in ASKED]
        for turn in range(max([len(ASKED[name]) for name in names], default=1)):
            query(run, **{name: ASKED[name][turn % len(ASKED[name])] for name in names})
    return sent


def _queries() -> Iterator[Callable[..., Any]]:
    for found in pkgutil.iter_modules(queries.__path__):
        module: ModuleType = importlib.import_module(f"{queries.__name__}.{found.name}")
        for name, function in inspect.getmembers(module, inspect.isfunction):
            is_own = function.__module__ == module.__name__ and not name.startswith("_")
            if is_own and "run" in inspect.signature(function).parameters:
                yield function
