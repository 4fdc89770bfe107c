"""The background processes of a home: Prefect server, embedded warehouse, sandbox; started side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from flows.services import prefect_server
from flows.settings import Settings, change_environment, ready_home


@dataclass(frozen=True)
class Services:
    """Services that are starting; waiting for one raises its error."""

    prefect: Future[dict[str, str]]
    warehouse: Future[None]
    sandbox: Future[None]

    def wait(self) -> None:
        """Return when all of them answer; this process's Prefect is then pointed at its server.

        Raises:
            ConfigError: One cannot start with this configuration.
            SourceError: One did not start.
        """
        self.warehouse.result()
        self.sandbox.result()
        change_environment(self.prefect.result())


def start_services(settings: Settings, *, sandbox: bool = False) -> Services:
    """Start what is not running, all at once, while the caller imports what it needs."""
    ready_home(settings)
    pool = ThreadPoolExecutor(max_workers=3, thread_name_prefix="services")
    services = Services(
        prefect=pool.submit(prefect_server.client_environment, settings),
        warehouse=pool.submit(_start_warehouse, settings),
        sandbox=pool.submit(_start_sandbox, settings if sandbox and settings.uses_sandbox else None),
    )
    pool.shutdown(wait=False)
    return services


def start_resident(settings: Settings, environment: Mapping[str, str]) -> bool:
    """Start the resident worker, unless it runs; returns whether there will be one.

    `environment` is the one that commands begin with: a service that is started changes this process's.
    """
    from flows.services.resident import Place

    log = settings.logs_root / "resident.log"
    return Place(settings.home).start(log, environment, settings.resident_idle_seconds)


def stop_services(settings: Settings) -> list[str]:
    """Stop what runs; returns what that was."""
    from deployments.embedded import stop as stop_warehouse
    from deployments.sandbox import stop as stop_sandbox
    from flows.services.broker import stop_broker
    from flows.services.resident import Place

    stops: dict[str, Callable[[Path], bool]] = {
        "Prefect server": prefect_server.stop,
        "embedded warehouse": stop_warehouse,
        "sandbox": stop_sandbox,
        "Kafka broker": stop_broker,
        "resident worker": lambda home: Place(home).stop(),
    }
    return [name for name, stop in stops.items() if stop(settings.home)]


def _start_warehouse(settings: Settings) -> None:
    from flows.warehouse import start

    start(settings)


def _start_sandbox(settings: Settings | None) -> None:
    if settings:
        from flows.services.sandbox import ensure_sandbox

        ensure_sandbox(settings)
