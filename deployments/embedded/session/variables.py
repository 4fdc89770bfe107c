"""Session variables in a statement: `$name` stands for its value, but not inside strings, quoted names and comments."""

from __future__ import annotations

import re
from collections.abc import Callable

_LITERAL = re.compile(
    r"""('(?:[^'\\]|\\.|'')*'|"(?:[^"]|"")*"|\$\$.*?\$\$|--[^\n]*|/\*.*?\*/)""",
    re.DOTALL,
)


def inline_variables(command: str, inline: Callable[[str], str]) -> str:
    """The statement with the values of its variables.

    Args:
        command: The statement.
        inline: Puts values into SQL that has no strings, and refuses a variable that does not exist.
    """
    parts = _LITERAL.split(command)
    return "".join(part if place % 2 else inline(part) if "$" in part else part for place, part in enumerate(parts))
