"""`snowcast doctor`: is everything there that a run needs, and what to do where it is not."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import Literal

from flows.errors import SnowcastError
from flows.services import prefect_server
from flows.settings import Settings, change_environment
from flows.sources.registry import SOURCES
from flows.sources.source import Source

_LIBRARIES = ("prefect", "snowflake-snowpark-python", "snowflake-connector-python", "great-expectations", "twitchAPI")
_NEEDED_BYTES = 500_000_000


@dataclass(frozen=True)
class Finding:
    """What one check found; `exit_code` is what a failed one ends in."""

    check: str
    state: Literal["ok", "note", "failed"]
    detail: str
    exit_code: int = 0


def examine(settings: Settings) -> list[Finding]:
    """Check what can be checked without changing anything but starting the warehouse."""
    checks: dict[str, Callable[[Settings], Finding]] = {
        "python": _check_python,
        "libraries": _check_libraries,
        "home": _check_home,
        **{source.name: partial(_check_source, source) for source in SOURCES.values()},
        "prefect": _check_prefect,
        "deployments": _check_deployments,
        "warehouse": _check_warehouse,
    }
    return [_find(name, check, settings) for name, check in checks.items()]


def examine_stages(settings: Settings) -> list[Finding]:
    """Write, list, read and remove one object in each place of landing files; a line for each step."""
    from flows.load.probe import probe_place
    from flows.warehouse import open_session

    if not settings.external_landings:
        return [Finding("stage LANDING", "note", "landing files stay inside the warehouse (SNOWCAST_LANDING=internal)")]
    try:
        with open_session(settings, flow="doctor") as session:
            return [
                Finding(f"{probed.step} {target.stage}", "ok" if probed.is_done else "failed", probed.detail, 2)
                for target in settings.external_landings
                for probed in probe_place(session, settings, target)
            ]
    except SnowcastError as error:
        return [Finding("warehouse", "failed", str(error), error.exit_code)]


def _find(name: str, check: Callable[[Settings], Finding], settings: Settings) -> Finding:
    try:
        return check(settings)
    except SnowcastError as error:
        return Finding(name, "failed", str(error), error.exit_code)


def _check_python(_: Settings) -> Finding:
    found = ".".join(map(str, sys.version_info[:3]))
    return Finding("python", "ok" if sys.version_info >= (3, 11) else "failed", found, 2)


def _check_libraries(settings: Settings) -> Finding:
    from flows.deploy.prefect.pools import tell_lacking_package

    found, missing = [], []
    for name in _LIBRARIES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        return Finding("libraries", "failed", f"not installed: {', '.join(missing)}; `make setup` installs them", 2)
    if lack := tell_lacking_package(settings):
        return Finding("libraries", "note", lack)
    return Finding("libraries", "ok", ", ".join(found))


def _check_home(settings: Settings) -> Finding:
    free = shutil.disk_usage(settings.home).free
    text = f"{settings.home}, {free / 1e9:.1f} GB free"
    return Finding("home", "ok" if free > _NEEDED_BYTES else "failed", text, 2)


def _check_source(source: Source, settings: Settings) -> Finding:
    is_real, text = source.check_configuration(settings)
    return Finding(source.name, "ok" if is_real else "note", text)


def _check_prefect(settings: Settings) -> Finding:
    if settings.prefect_api_url:
        return Finding("prefect", "ok", f"your server at {settings.prefect_api_url}")
    server = prefect_server.find(settings.home)
    if server is None:
        return Finding("prefect", "note", "the local server does not run; the next run starts it")
    return Finding("prefect", "ok", f"local server at {server.url}, process {server.pid}")


def _check_deployments(settings: Settings) -> Finding:
    """Hold what the server has against what is declared; starts no server."""
    environment = prefect_server.find_client_environment(settings)
    if environment is None:
        return Finding("deployments", "note", "the local server does not run; `snowcast deploy prefect` starts it")
    change_environment(environment)
    from flows.deploy.prefect.deploy import compare

    changes, present = compare(settings)
    if present.is_empty:
        return Finding("deployments", "note", "nothing is deployed; `snowcast deploy prefect` does it")
    if changes:
        count = f"{len(changes)} difference{'s' if len(changes) > 1 else ''}"
        return Finding("deployments", "note", f"{count}; `snowcast deploy prefect --plan` shows them")
    return Finding("deployments", "ok", f"in place, {len(present.deployments)} of them")


def _check_warehouse(settings: Settings) -> Finding:
    from flows.warehouse import open_session

    with open_session(settings, flow="doctor") as session:
        found = session.sql("SELECT CURRENT_VERSION(), CURRENT_ACCOUNT()").collect()[0]
    return Finding("warehouse", "ok", f"{settings.warehouse}, account {found[1]}, version {found[0]}")
