"""What every command begins with: settings with the global options, logs, a ready Prefect."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from flows.errors import ConfigError
from flows.settings import Settings, change_environment, load_settings, ready_home
from transforms.catalog import select_models
from transforms.contract import ContractError

if TYPE_CHECKING:
    from snowflake.snowpark import Session

    from flows.warehouse.session import Reader

_KEPT_DAYS = 30
_shown_level: str | None = None  # of Prefect's lines on the terminal, as it was told the last time
_FORMAT = "%(asctime)s %(levelname)-7s %(name)s %(message)s"


@dataclass(frozen=True)
class State:
    """The global options of the command line, and the command that may be left to the resident worker."""

    home: Path | None
    verbose: bool
    may_leave: Sequence[str] = ()

    def settings(self) -> Settings:
        """Return the settings, with the home folder ready to write.

        Raises:
            ConfigError: They are wrong, or the home cannot be written.
        """
        if self.home:
            home = self.home.expanduser().absolute()
            change_environment({"SNOWCAST_HOME": str(home), "PREFECT_HOME": str(home / "prefect")})
        settings = load_settings()
        ready_home(settings)
        return settings

    @contextmanager
    def reader(self) -> Iterator[tuple[Reader, Settings]]:
        """Open what commands read the warehouse with that need no Snowpark."""
        from flows.warehouse.session import open_reader

        settings = self.settings()
        quiet_connector()
        with open_reader(settings) as reader:
            yield reader, settings

    @contextmanager
    def session(self) -> Iterator[tuple[Session, Settings]]:
        """Open a session on the prepared warehouse, for commands that ask with frames or write."""
        from flows.warehouse import open_session, prepare

        settings = self.settings()
        quiet_connector()
        with open_session(settings, flow="snowcast") as session:
            prepare(session, settings)
            yield session, settings


def quiet_connector() -> None:
    """Keep warnings of the connector and of Snowpark off the terminal: their errors are raised and reported once."""
    for name in ("snowflake", "snowflake.connector", "snowflake.snowpark"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


def check_selectors(selectors: Sequence[str]) -> list[str]:
    """Return the selectors, if each names something.

    Raises:
        ConfigError: One matches nothing; the message names near ones.
    """
    try:
        select_models(selectors)
    except ContractError as error:
        raise ConfigError(f"--select: {error}") from None
    return list(selectors)


def set_up_prefect_logs(*, verbose: bool) -> None:
    """Let Prefect configure its loggers, which it does once when it is imported, for this terminal."""
    global _shown_level
    level = "0" if verbose else "CRITICAL"
    # Its second handler tells of its own workings: a page per event that its server does not take.
    change_environment({f"PREFECT_LOGGING_HANDLERS_{name}_LEVEL": level for name in ("CONSOLE", "DEBUG")})
    if level != _shown_level:
        from prefect.logging.configuration import setup_logging

        setup_logging()
        _shown_level = level


def keep_logs(settings: Settings, *, verbose: bool) -> Path:
    """Send the logs of this process to the day's file; Prefect's lines appear on the terminal with `verbose`."""
    set_up_prefect_logs(verbose=verbose)
    logging.raiseExceptions = False  # Prefect writes each line that it cannot send to its server on the terminal
    today = datetime.now(UTC).date()
    path = settings.logs_root / f"snowcast-{today}.log"
    handler = logging.FileHandler(path, encoding="utf-8", delay=True)
    handler.setFormatter(logging.Formatter(_FORMAT))
    logging.getLogger().addHandler(handler)
    for noisy in ("snowflake", "snowflake.snowpark", "snowflake.connector", "great_expectations"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
    oldest = f"snowcast-{today.fromordinal(today.toordinal() - _KEPT_DAYS)}.log"
    for old in settings.logs_root.glob("snowcast-*.log"):
        if old.name < oldest:
            old.unlink(missing_ok=True)
    return path
