"""What a process does before it imports libraries; this module imports next to none: a command starts at once."""

from __future__ import annotations

import gc
import os
import warnings
from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values

PREFIX = "SNOWCAST_"
# Nothing leaves the machine unasked: what Prefect, Great Expectations and the Snowflake connector read to stay silent.
SILENCED = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_CLOUD_ENABLE_ORCHESTRATION_TELEMETRY": "false",
    "GX_ANALYTICS_ENABLED": "false",
    "SF_TELEMETRY_DISABLE_CONNECTION_SHAPE": "true",
    "SNOWFLAKE_DISABLE_PLATFORM_DETECTION": "true",
}
_ON = ("1", "true", "t", "yes", "y", "on")
# Python looks for garbage after each 700 new objects, and libraries make half a million when they are imported.
OBJECTS_BEFORE_GARBAGE = 100_000


def prepare_environment() -> None:
    """Set what libraries read when they are imported: silence, and a PREFECT_HOME inside SNOWCAST_HOME.

    Runs when `flows` is imported, so that nothing is ever written to a user's `~/.prefect`. A variable that is set
    already stays as it is, and nothing is checked here: `load_settings` does that where an error can be shown.
    """
    given = _read_given()
    os.environ.setdefault("PREFECT_HOME", str(_find_home(given) / "prefect"))
    if (given.get(f"{PREFIX}TELEMETRY") or "").lower() not in _ON:
        for name, value in SILENCED.items():
            os.environ.setdefault(name, value)
    # Prefect warns at import where the folder above PREFECT_HOME is missing; `ready_home` creates both.
    warnings.filterwarnings("ignore", message="Failed to create the Prefect home directory")


def find_home() -> Path:
    """Return the home that the environment or `.env` names, unchecked."""
    return _find_home(_read_given())


def look_for_garbage_rarely() -> None:
    """Let this process look for garbage after many new objects only: it spares a tenth of a start and of a build."""
    gc.set_threshold(OBJECTS_BEFORE_GARBAGE, 10, 10)


def _find_home(given: Mapping[str, str | None]) -> Path:
    return Path(given.get(f"{PREFIX}HOME") or ".snowcast").expanduser().absolute()


def _read_given() -> dict[str, str | None]:
    """Return what `.env` and the environment give; an empty variable of the environment is none."""
    file = Path(".env")
    written = dotenv_values(file) if file.is_file() else {}
    return {**written, **{name: value for name, value in os.environ.items() if value}}
