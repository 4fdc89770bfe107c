"""What a source can do for the flows: tell if it is configured, fetch what is due, say what its files look like."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from flows.errors import SnowcastError
from flows.settings import Settings

if TYPE_CHECKING:
    from snowflake.snowpark import Session

    from expectations.checks.deliveries import DeliveryLimits
    from expectations.checks.sources import SourceLimits
    from flows.files.convert import FileReport
    from flows.files.kinds import FileKind


@dataclass(frozen=True)
class Fetched:
    """What one fetch landed.

    Args:
        snapshots: When the source was observed.
        files: What became of each delivered file.
        failure: The error in which a source ended half-way; what came before it is landed.
    """

    snapshots: tuple[datetime, ...] = ()
    files: tuple[FileReport, ...] = ()
    failure: SnowcastError | None = None


class Source(Protocol):
    """One source. Its module is imported by the command line, so it imports heavy libraries where it needs them.

    Attributes:
        name: As the user names it, and as its landing files and tags begin.
        is_polled: Whether it is asked for its state, again and again; else it comes as files.
    """

    name: str
    is_polled: bool

    def is_configured(self, settings: Settings) -> bool:
        """Whether a run takes it without being asked: its real place is set, or it is simulated."""

    def uses_sandbox_server(self, settings: Settings) -> bool:
        """Whether it asks the sandbox's server, which then is started with the other services."""

    def examine(self, settings: Settings) -> tuple[bool, str]:
        """Whether its real place is set, and how it is fetched, for `snowcast doctor`.

        Raises:
            SnowcastError: It cannot be fetched so.
        """

    def moments(self, settings: Settings, polls: int | None, snapshot_at: datetime | None) -> Iterator[datetime | None]:
        """The snapshot time of each fetch to make; None where the fetch itself tells.

        Args:
            settings: The run's.
            polls: Polls to take from the sandbox, where the source is polled; None: those that are due.
            snapshot_at: When the source was observed, as the user states it.
        """

    def fetch(self, settings: Settings, session: Session, snapshot_at: datetime | None) -> Fetched:
        """Land what the source has, once.

        Raises:
            ConfigError: It is not configured, or its configuration is refused; nothing is landed then.
        """

    def file_kind(self, settings: Settings) -> FileKind:
        """What its files look like."""

    def limits(self, settings: Settings) -> SourceLimits | DeliveryLimits:
        """From where on what it sends is reported."""
