"""The environment and `.env`: read into settings, changed for this process, and the only place that touches either."""

from __future__ import annotations

import difflib
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dotenv import dotenv_values
from pydantic import SecretStr, ValidationError

from flows.errors import ConfigError
from flows.settings.settings import Settings
from flows.settings.snowflake import SnowflakeSettings
from flows.startup import PREFIX, SILENCED

# What the settings were read from the last time, and they: every step of a flow asks for them.
_read: tuple[tuple[dict[str, str], str, bytes, dict[str, Any]], Settings] | None = None
# What Prefect read its settings from the last time: to read them again takes as long as a few statements.
_told: tuple[dict[str, str], str] | None = None


def load_settings(env_file: Path | None = None, **changes: Any) -> Settings:
    """Return settings from `changes` (None is ignored), the environment and `.env`, in that order of precedence.

    `.env` is that of the current folder unless another file is given.

    Raises:
        ConfigError: A setting is unknown or has a value that it cannot have.
    """
    global _read
    path = env_file or Path(".env")
    given = {name: value for name, value in changes.items() if value is not None}
    read_from = (dict(os.environ), str(path.absolute()), path.read_bytes() if path.is_file() else b"", given)
    if _read and _read[0] == read_from:
        settings = _read[1]
    else:
        settings = _read_settings(path, given)
        _read = (read_from, settings)
    if settings.telemetry:
        for name in SILENCED:
            if os.environ.get(name) == SILENCED[name]:
                del os.environ[name]
    return settings


def _read_settings(path: Path, given: Mapping[str, Any]) -> Settings:
    """Read the settings as they are written now."""
    _refuse_unknown(os.environ, "the environment")
    _refuse_unknown(dotenv_values(path) if path.is_file() else {}, str(path))
    file = str(path)
    try:
        login = SnowflakeSettings(_env_file=file)  # type: ignore[call-arg]
        settings = Settings(_env_file=file, snowflake=login, **given)  # type: ignore[call-arg]
    except ValidationError as error:
        raise ConfigError(_explain(error)) from None
    settings.check_landing(settings.warehouse)
    return settings


def storage_variables() -> dict[str, str]:
    """Return the variables that the libraries of S3 and Azure read, for whoever reads storage for this process."""
    return {name: value for name, value in os.environ.items() if name.startswith(("AWS_", "AZURE_"))}


def list_given_variables() -> dict[str, str | SecretStr]:
    """Return the variables of settings that the environment or `.env` sets, those that are secret hidden."""
    file = Path(".env")
    written = {**(dotenv_values(file) if file.is_file() else {}), **os.environ}
    given = {name: (field, written.get(name)) for name, field in variables()}
    return {
        name: SecretStr(value) if "SecretStr" in str(field.annotation) else value
        for name, (field, value) in given.items()
        if value
    }


def change_environment(changes: Mapping[str, str], *, apply: bool = True) -> dict[str, str]:
    """This process's environment with changes; `apply` makes them its own, Prefect included if it is imported."""
    if not apply:
        return {**os.environ, **changes}
    os.environ.update(changes)
    if "prefect" in sys.modules:
        _tell_prefect()
    return dict(os.environ)


def _tell_prefect() -> None:
    """Let Prefect read its settings, if its variables or the folder with its files are others than the last time."""
    global _told
    told = ({name: value for name, value in os.environ.items() if name.startswith("PREFECT_")}, os.getcwd())
    if told != _told:
        from prefect.context import refresh_global_settings_context

        refresh_global_settings_context()
        _told = told


def replace_environment(variables: Mapping[str, str]) -> None:
    """Make these variables, and no others, this process's environment; Prefect is told with the next change."""
    os.environ.clear()
    os.environ.update(variables)


def ready_home(settings: Settings) -> Path:
    """Return the home folder, created (mode 0700) where it is missing.

    Raises:
        ConfigError: It cannot be created or written.
    """
    home = settings.home
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        settings.logs_root.mkdir(mode=0o700, exist_ok=True)
        Path(os.environ["PREFECT_HOME"]).mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=home):
            pass
    except OSError as error:
        raise ConfigError(
            f"SNOWCAST_HOME {home} cannot be written ({error.strerror}). Set SNOWCAST_HOME to a folder of your own."
        ) from None
    return home


def _refuse_unknown(values: Mapping[str, str | None], place: str) -> None:
    known = {name for name, _ in variables() if name.startswith(PREFIX)}
    for name in sorted(values):
        if name.upper().startswith(PREFIX) and name.upper() not in known:
            near = difflib.get_close_matches(name.upper(), known, n=3, cutoff=0.6)
            hint = f"Did you mean {' or '.join(near)}?" if near else "`.env.example` lists all settings."
            raise ConfigError(f"{name} in {place} is no setting of Snowcast. {hint}")


def _explain(error: ValidationError) -> str:
    first = error.errors()[0]
    name = str(first["loc"][0]) if first["loc"] else "settings"
    prefix = "SNOWFLAKE_" if error.title == SnowflakeSettings.__name__ else PREFIX
    variable = name if name.isupper() else prefix + name.upper()
    model = SnowflakeSettings if prefix == "SNOWFLAKE_" else Settings
    secret = "SecretStr" in str(model.model_fields[name].annotation) if name in model.model_fields else False
    # A place with a password in it is refused: the refusal must not repeat it.
    found = "" if secret or name.startswith("landing") else f", found {first['input']!r}"
    more = f" ({error.error_count() - 1} more)" if error.error_count() > 1 else ""
    return f"{variable}: {first['msg'].removeprefix('Value error, ')}{found}. See .env.example{more}."


def variables() -> list[tuple[str, Any]]:
    """Return name and field of every variable, in the order of the file."""
    inherited = [name for name in Settings.model_fields if name not in Settings.__annotations__]
    others = [name for name in Settings.model_fields if name not in (*inherited, "snowflake")]
    ours = [
        ("PREFECT_API_URL" if name == "prefect_api_url" else PREFIX + name.upper(), Settings.model_fields[name])
        for name in (*others, *inherited)
    ]
    return ours + [("SNOWFLAKE_" + name.upper(), field) for name, field in SnowflakeSettings.model_fields.items()]
