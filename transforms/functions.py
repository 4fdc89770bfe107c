"""Snowpark's functions and the types of its frames, imported when the first of them is called.

Table files take them from here: `from transforms.functions import DataFrame, Window, col, lit`. So the catalog can be
read, listed and asked for its contracts without Snowpark, which takes longer to import than those commands take.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from snowflake.snowpark import Column, DataFrame as DataFrame, Session as Session, Window as Window
    from snowflake.snowpark.functions import *  # noqa: F403

    Expression = Column

_FUNCTIONS = "snowflake.snowpark.functions"
# Names of another module; a contract has columns of its own, so Snowpark's is called an expression.
_OTHERS = {name: ("snowflake.snowpark", name) for name in ("DataFrame", "Session", "Window")}
_OTHERS["Expression"] = ("snowflake.snowpark", "Column")


class _Deferred:
    """A function or a type that is looked up in Snowpark each time it is used."""

    def __init__(self, place: str, name: str) -> None:
        self._place, self._name = place, name

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        return getattr(import_module(self._place), self._name)(*arguments, **options)

    def __getattr__(self, attribute: str) -> Any:
        if attribute.startswith("__"):  # what Python asks of any object does not need Snowpark
            raise AttributeError(attribute)
        return getattr(getattr(import_module(self._place), self._name), attribute)


def __getattr__(name: str) -> Any:
    """Return Snowpark's own function where Snowpark is there already, else one that waits for its first call."""
    if name.startswith("__"):
        raise AttributeError(name)
    place, called = _OTHERS.get(name, (_FUNCTIONS, name))
    return getattr(sys.modules[place], called) if place in sys.modules else _Deferred(place, called)
