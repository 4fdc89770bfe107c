"""The settings of a run, and the only reader of the environment."""

from flows.settings.settings import (
    Settings,
    SnowflakeSettings,
    change_environment,
    load_settings,
    prepare_environment,
    ready_home,
    replace_environment,
    variables,
)

__all__ = [
    "Settings",
    "SnowflakeSettings",
    "change_environment",
    "load_settings",
    "prepare_environment",
    "ready_home",
    "replace_environment",
    "variables",
]
