"""The settings of a run, and the only reader of the environment."""

from flows.settings.environment import (
    change_environment,
    list_given_variables,
    load_settings,
    ready_home,
    replace_environment,
    storage_variables,
    variables,
)
from flows.settings.landing import INTERNAL_STAGE, LandingTarget
from flows.settings.settings import Settings, make_parameters
from flows.settings.snowflake import SnowflakeSettings

__all__ = [
    "INTERNAL_STAGE",
    "LandingTarget",
    "Settings",
    "SnowflakeSettings",
    "change_environment",
    "list_given_variables",
    "load_settings",
    "make_parameters",
    "ready_home",
    "replace_environment",
    "storage_variables",
    "variables",
]
