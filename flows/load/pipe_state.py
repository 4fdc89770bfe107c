"""What a pipe's comment tells of it: the memory of loads by pipes, which lies beside the pipe and goes with it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from flows.errors import ConfigError
from transforms.functions import Session

ENDING = "_PIPE"
_COMMENT = re.compile(r"snowcast copy=(?P<copy>[0-9a-f]{16}) since=(?P<since>\S+) paused=(?P<paused>yes|no)")


@dataclass(frozen=True)
class State:
    """What is known of a pipe: its COPY, since when REFRESH may take files, and whether it was paused here."""

    copy: str
    since: datetime
    is_paused: bool = False

    @property
    def comment(self) -> str:
        """The state as the pipe's comment."""
        return f"snowcast copy={self.copy} since={self.since.isoformat()} paused={'yes' if self.is_paused else 'no'}"


def read_states(session: Session, database: str) -> dict[str, State]:
    """Return what is known of the pipes in RAW that were made here, by name.

    Raises:
        ConfigError: A pipe of such a name was made otherwise.
    """
    states: dict[str, State] = {}
    for row in session.sql(f"SHOW PIPES IN SCHEMA {database}.RAW").collect():
        name = f"{row['database_name']}.{row['schema_name']}.{row['name']}"
        match = _COMMENT.fullmatch(str(row["comment"]))
        if match:
            states[name] = State(match["copy"], datetime.fromisoformat(match["since"]), match["paused"] == "yes")
        elif name.endswith(ENDING):
            raise ConfigError(
                f"Pipe {name} was not made by Snowcast, or its comment was changed: what it loads would be loaded "
                f"twice. Wait until its files are loaded, then DROP PIPE {name}."
            )
    return states
