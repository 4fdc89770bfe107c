"""Which project of Amplitude is exported, where its files are, and what of its events is personal, by the settings."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from pydantic import SecretStr

from flows.errors import ConfigError
from flows.settings import Settings
from flows.sources.source import read_secret_block

if TYPE_CHECKING:
    from flows.files.locations import FileLocation
    from flows.sources.amplitude.client import Project
    from flows.sources.amplitude.personal import PersonalData

SANDBOX = "sandbox"


def is_simulated(settings: Settings) -> bool:
    """Whether the sandbox stands in: nothing of Amplitude is set and everything is simulated."""
    return settings.exports_from_sandbox and settings.uses_sandbox


def project_of(settings: Settings) -> Project:
    """The project that the settings export, or the sandbox's, which is started if it does not run.

    Raises:
        ConfigError: No project is set, or not whole.
        SourceError: The sandbox does not start.
    """
    from flows.sources.amplitude.client import Project

    if is_simulated(settings):
        from flows.services.sandbox import ensure_sandbox

        sandbox = ensure_sandbox(settings)
        keys = (SecretStr(sandbox.amplitude_key), SecretStr(sandbox.amplitude_secret_key))
        return Project(f"{SANDBOX}/{settings.sandbox_seed}", sandbox.amplitude_url, *keys)
    api_key, secret_key = _keys(settings)
    url = settings.amplitude_export_url
    fingerprint = hashlib.sha256(api_key.get_secret_value().encode()).hexdigest()[:8]
    name = settings.amplitude_project or f"{url.partition('://')[2]}/{fingerprint}"
    return Project(name, url, api_key, secret_key)


def personal_data_of(settings: Settings) -> PersonalData:
    """What is taken out of events before they are landed."""
    from flows.sources.amplitude.personal import PersonalData

    return PersonalData(settings.amplitude_personal_properties, settings.amplitude_hash_key)


def has_project(settings: Settings) -> bool:
    """Whether a project is set to be exported."""
    return settings.amplitude_secret_key is not None or settings.amplitude_block is not None


def _keys(settings: Settings) -> tuple[SecretStr, SecretStr]:
    """The keys of the project, from the settings or from the block."""
    if settings.amplitude_block is not None:
        return _read_stored_keys(settings.amplitude_block)
    if settings.amplitude_api_key is None or settings.amplitude_secret_key is None:
        lacking = "API_KEY" if settings.amplitude_api_key is None else "SECRET_KEY"
        raise ConfigError(
            f"SNOWCAST_AMPLITUDE_{lacking} is not set. An export needs the project's API key and its secret key, or "
            "SNOWCAST_AMPLITUDE_URL: the place of the files that Amplitude writes."
        )
    return settings.amplitude_api_key, settings.amplitude_secret_key


def _read_stored_keys(name: str) -> tuple[SecretStr, SecretStr]:
    value = read_secret_block("SNOWCAST_AMPLITUDE_BLOCK", name)
    try:
        keys = json.loads(value) if isinstance(value, str) else value
        return SecretStr(keys["api_key"]), SecretStr(keys["secret_key"])
    except (ValueError, KeyError, TypeError):
        raise ConfigError(
            f'SNOWCAST_AMPLITUDE_BLOCK: the Secret block {name!r} must hold {{"api_key": ..., "secret_key": ...}}.'
        ) from None


def place_of(settings: Settings) -> FileLocation:
    """The place that files are read from."""
    from flows.files.locations import FileLocation

    url = settings.amplitude_url.get_secret_value() if settings.amplitude_url else ""
    return FileLocation(url, "SNOWCAST_AMPLITUDE_URL")
