"""Where the embedded warehouse keeps what it owns, all of it under one SNOWCAST_HOME."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

FOLDER_MODE, FILE_MODE = 0o700, 0o600


class DamagedFileError(Exception):
    """A file of the warehouse cannot be opened; the message says which, why, and what to do."""


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
    def spilled(self) -> Path:
        """What does not fit into memory while a statement runs."""
        return self.root / "spilled"

    @property
    def catalog(self) -> Path:
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
        """Make the folders, readable by their owner only, whatever the umask and whoever made them.

        Raises:
            OSError: the home cannot be written.
        """
        if not self.home.exists():
            self.home.mkdir(parents=True, mode=FOLDER_MODE)
            self.home.chmod(FOLDER_MODE)
        for folder in (self.root, self.databases, self.stages, self.spilled):
            folder.mkdir(exist_ok=True, mode=FOLDER_MODE)
            folder.chmod(FOLDER_MODE)

    def close_to_others(self) -> None:
        """Take from others what an earlier version, or a copy made by hand, lets them read."""
        for folder, names, files in os.walk(self.root):
            for mode, entries in ((FOLDER_MODE, names), (FILE_MODE, files)):
                for path in (Path(folder, entry) for entry in entries):
                    with contextlib.suppress(FileNotFoundError):
                        if not path.is_symlink():
                            path.chmod(mode)
