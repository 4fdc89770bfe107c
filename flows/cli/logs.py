"""Logs of a command: everything into `<home>/logs`, and on the terminal only what was asked for."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from pathlib import Path

from flows.settings import Settings, change_environment

_KEPT_DAYS = 30
_FORMAT = "%(asctime)s %(levelname)-7s %(name)s %(message)s"


def keep_logs(settings: Settings, *, verbose: bool) -> Path:
    """Send the logs of this process to the day's file; Prefect's lines appear on the terminal with `verbose`.

    Runs before Prefect is imported, which configures logging once.
    """
    level = "0" if verbose else "CRITICAL"
    # Its second handler tells of its own workings: a page per event that its server does not take.
    change_environment({f"PREFECT_LOGGING_HANDLERS_{name}_LEVEL": level for name in ("CONSOLE", "DEBUG")})
    from prefect.logging.configuration import setup_logging

    setup_logging()
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
