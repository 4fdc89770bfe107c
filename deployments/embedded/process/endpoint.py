"""The endpoint file: how a client finds the running warehouse and proves that it may use it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deployments.process import read_endpoint, write_endpoint

USER = "snowcast"
ACCOUNT = "embedded"
HOST = "127.0.0.1"


@dataclass(frozen=True)
class Endpoint:
    """A running embedded warehouse.

    Attributes:
        host: Always the loopback address.
        port: Chosen by the operating system when the server started.
        secret: The password that every login must present.
        pid: The server's process.
        started_at: When it started, ISO 8601 in UTC.
    """

    host: str
    port: int
    secret: str = field(repr=False)
    pid: int
    started_at: str

    def connection_parameters(self, database: str = "ANALYTICS", schema: str = "PUBLIC") -> dict[str, Any]:
        """What any Snowflake client needs to connect: connector, Session.builder.configs, connect_args."""
        return {
            "account": ACCOUNT,
            "user": USER,
            "password": self.secret,
            "host": self.host,
            "port": self.port,
            "protocol": "http",
            "database": database,
            "schema": schema,
            "warehouse": "EMBEDDED",
            "role": "SYSADMIN",
            # The connector otherwise asks cloud metadata services where it runs, at every login.
            "platform_detection_timeout_seconds": 0.0,
        }

    def write(self, path: Path) -> None:
        """Write the file whole or not at all, readable by its owner only."""
        write_endpoint(path, self)

    @classmethod
    def read(cls, path: Path) -> Endpoint | None:
        """The endpoint the file names, or None where there is no readable one."""
        return read_endpoint(path, cls)
