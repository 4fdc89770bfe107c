"""Where the embedded warehouse keeps what it owns, all of it under one SNOWCAST_HOME."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from deployments.process import ServerFiles

FOLDER_MODE, FILE_MODE = 0o700, 0o600


class DamagedFileError(Exception):
    """A file of the warehouse cannot be opened; the message says which, why, and what to do."""


class WarehousePaths(ServerFiles):
    """The files of one embedded warehouse.

    Attributes:
        home: SNOWCAST_HOME; the warehouse owns its `warehouse` folder and nothing else.
        databases: one DuckDB file per Snowflake database.
        stages: the files of internal stages.
        spilled: what does not fit into memory while a statement runs.
        catalog: DuckDB file with what spans databases: stages, file formats, comments, text lengths.
    """

    def __init__(self, home: Path) -> None:
        super().__init__(home / "warehouse")
        self.home = home
        self.databases, self.stages = self.root / "databases", self.root / "stages"
        self.spilled, self.catalog = self.root / "spilled", self.root / "catalogue.db"

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
