"""Where the embedded warehouse keeps what it owns, all of it under one SNOWCAST_HOME."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class WarehousePaths:
    """The files of one embedded warehouse.

    Attributes:
        home: SNOWCAST_HOME; the warehouse owns its `warehouse` folder and nothing else.
    """

    home: Path

    @property
    def root(self) -> Path:
        """The folder that holds everything below."""
        return self.home / "warehouse"

    @property
    def databases(self) -> Path:
        """One DuckDB file per Snowflake database."""
        return self.root / "databases"

    @property
    def stages(self) -> Path:
        """The files of internal stages."""
        return self.root / "stages"

    @property
    def catalogue(self) -> Path:
        """DuckDB file with what spans databases: stages, file formats, comments, text lengths."""
        return self.root / "catalogue.db"

    @property
    def endpoint(self) -> Path:
        """Host, port and secret of the running server, mode 0600."""
        return self.root / "endpoint.json"

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.root / "server.log"

    @property
    def start_lock(self) -> Path:
        """Held by the process that is starting a server."""
        return self.root / "start.lock"

    @property
    def server_lock(self) -> Path:
        """Held by the server as long as it lives."""
        return self.root / "server.lock"

    def create(self) -> None:
        """Make the folders, readable by their owner only.

        Raises:
            OSError: the home cannot be written.
        """
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.databases.mkdir(exist_ok=True, mode=0o700)
        self.stages.mkdir(exist_ok=True, mode=0o700)
