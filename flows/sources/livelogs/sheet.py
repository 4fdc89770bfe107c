"""Live logs and gifts: the tabs of a Google Sheet, or CSV and XLSX exports of them.

Every tab is read whole and declared complete: one that shrank is reported with both counts. A header must have the
columns that staging cannot do without; one that was renamed is refused by name, with the name that may be meant. Other
columns that it lacks are reported and NULL. A new column is kept and reported as drift.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from io import BytesIO

from flows.errors import ConfigError
from flows.files.file import InputFile
from flows.files.kinds import FileKind, make_declared_kind
from flows.sources.livelogs.client import SheetsAccess, SheetsClient

SOURCE = "livelogs"


def livelogs_files() -> FileKind:
    """Return what tabs and their exports look like, by the contracts of the tables."""
    return make_declared_kind(SOURCE, tells_missing=True, is_sheet=True)


@dataclass(frozen=True)
class SheetLocation:
    """The tabs of one spreadsheet.

    Args:
        access: Who asks where.
        sheet_id: Which spreadsheet.
        tabs: Names of its tabs to read.
    """

    access: SheetsAccess
    sheet_id: str
    tabs: Sequence[str]

    holds = "tabs of"

    @property
    def display_name(self) -> str:
        """Name the place, for messages."""
        return f"the sheet {self.sheet_id}"

    @property
    def prefix(self) -> str:
        """What the paths of its tabs begin with."""
        return f"sheet:{self.sheet_id}/"

    def files(self) -> list[InputFile]:
        """Return the tabs as files; what they hold is asked for when they are read.

        Raises:
            ConfigError: The sheet may not be read, or lacks a tab.
            TransientError: It cannot be reached now.
        """
        client = SheetsClient(self.access, self.sheet_id)
        there = client.tabs()
        missing = [tab for tab in self.tabs if tab not in there]
        if missing:
            raise ConfigError(
                f"The sheet {self.sheet_id} has no tab {', '.join(missing)}; it has {', '.join(there)}. "
                "SNOWCAST_LIVELOGS_TABS names the tabs of streams, gifts and kinds of gifts."
            )
        return [
            InputFile(
                tab,
                modified_at=None,
                open=BytesIO,
                path=f"{self.prefix}{tab}",
                rows=partial(client.rows, tab, there[tab]),
            )
            for tab in self.tabs
        ]
