"""Statements that no run sends: those of the dashboard's queries, and of the scripts that prepare an account."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from datetime import date
from types import ModuleType
from typing import Any

import pandas as pd

from deployments.dashboard import queries
from deployments.dashboard.queries.live import Audience
from deployments.dashboard.queries.period import Period
from flows.deploy.snowflake.statements import list_statements
from flows.settings import load_settings

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


def script_statements() -> list[str]:
    """The statements of `snowcast deploy snowflake`."""
    return [statement for _, statement in list_statements(load_settings())]


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
