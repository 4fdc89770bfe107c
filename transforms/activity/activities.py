"""The activities that the streams know: what each is called, what it means and which features its rows carry.

An activity is one file: a module of streamer/ or viewer/ (read from facts), or of streamer_lifecycle/ or
viewer_lifecycle/ (read from the customer's other activities), that declares `ACTIVITY` and `events(...)`. What else it
may declare says README.md, "Adding an activity".
"""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType

    from transforms.types import DataType

STREAMER, VIEWER = "streamer_activity", "viewer_activity"
_PACKAGES = ("streamer", "streamer_lifecycle", "viewer", "viewer_lifecycle")


@dataclass(frozen=True)
class Feature:
    """One key of an activity's feature_json.

    Args:
        name: The key.
        type: Snowpark type of its values.
        description: What it holds, with the unit where the name does not say it.
    """

    name: str
    type: DataType
    description: str


@dataclass(frozen=True)
class Activity:
    """One kind of deed.

    Args:
        name: As in the column `activity`.
        stream: The table that has its rows: streamer_activity or viewer_activity.
        description: What one row says, and when it is dated.
        features: What feature_json of every one of its rows holds, NULLs included.
    """

    name: str
    stream: str
    description: str
    features: tuple[Feature, ...]


@cache
def known_activities() -> Mapping[str, Activity]:
    """Every activity by name: streamers' first, then viewers', each in alphabetical order."""
    modules = [module for package in _PACKAGES for module in definitions(package)]
    activities: list[Activity] = [module.ACTIVITY for module in modules]
    return {one.name: one for one in sorted(activities, key=lambda one: (one.stream, one.name))}


@cache
def definitions(package: str) -> tuple[ModuleType, ...]:
    """The modules of one of the packages that declare an activity, in alphabetical order."""
    folder = importlib.import_module(f"transforms.activity.{package}")
    names = sorted(found.name for found in pkgutil.iter_modules(folder.__path__))
    modules = [importlib.import_module(f"{folder.__name__}.{name}") for name in names]
    return tuple(module for module in modules if hasattr(module, "ACTIVITY"))


def names_of(package: str) -> tuple[str, ...]:
    """The names of a package's activities."""
    return tuple(module.ACTIVITY.name for module in definitions(package))
