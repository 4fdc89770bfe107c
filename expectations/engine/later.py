"""Libraries that are imported when something of them is first asked for."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any


class Later(ModuleType):
    """Stands in for a module until something of it is asked for.

    Python's own `importlib.util.LazyLoader` does not do it: with 3.11 the next `import` of the module already loads it.
    """

    def __getattr__(self, name: str) -> Any:
        """Hand on what the module has; the first time imports it.

        Python asks every module for its file when it looks for the source of a line, which is no reason to import it.
        """
        if name.startswith("__") and name not in ("__path__", "__version__"):
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(importlib.import_module(self.__name__), name)


def import_later(*names: str) -> None:
    """Let imports of these modules cost nothing; what is imported already stays."""
    for name in names:
        sys.modules.setdefault(name, Later(name))
