"""What a source can do for the flows: tell if it is configured, fetch what is due, say what its files look like."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from flows.errors import ConfigError
from flows.files.report import Fetched
from flows.reporting import reporter
from flows.settings import Settings

if TYPE_CHECKING:
    from snowflake.snowpark import Session
    from tenacity.wait import wait_exponential_jitter

    from expectations.checks.deliveries import DeliveryLimits
    from expectations.checks.exports import ExportLimits
    from expectations.checks.sources import SourceLimits
    from flows.files.kinds import FileKind
    from flows.files.locations import Location


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

    def check_configuration(self, settings: Settings) -> tuple[bool, str]:
        """Whether its real place is set, and how it is fetched, for `snowcast doctor`.

        Raises:
            SnowcastError: It cannot be fetched so.
        """

    def due_snapshots(
        self, settings: Settings, polls: int | None, snapshot_at: datetime | None
    ) -> Iterator[datetime | None]:
        """Return the snapshot time of each fetch to make; None where the fetch itself tells.

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
        """Return what its files look like."""

    def limits(self, settings: Settings) -> SourceLimits | DeliveryLimits | ExportLimits:
        """From where on what it sends is reported."""


class FileSource(ABC):
    """What sources share that come as files: a place that is set or, where they are simulated, the sandbox's.

    Attributes:
        name: As of any source.
        setting: Variable that sets the place.
        sandbox_does: What the sandbox does where no place is set, in words; None: the source is never simulated.
        sandbox_rests: Why it does so no more once files of the user's own were delivered, in words.
    """

    name: str
    setting: str
    sandbox_does: str | None = None
    sandbox_rests = ""
    is_polled = False

    def is_set(self, settings: Settings) -> bool:
        """Whether the user has set its place."""
        return getattr(settings, self.setting.removeprefix("SNOWCAST_").lower()) is not None

    @abstractmethod
    def place(self, settings: Settings) -> Location:
        """Return where its files are: the place that is set, or the sandbox's.

        Raises:
            ConfigError: Neither is there.
        """

    @abstractmethod
    def file_kind(self, settings: Settings) -> FileKind:
        """Return what its files look like."""

    def is_simulated(self, settings: Settings) -> bool:
        """Whether the sandbox stands in for it."""
        return self.sandbox_does is not None and settings.uses_sandbox and not self.is_set(settings)

    def is_configured(self, settings: Settings) -> bool:
        """Whether its place is set, or it is simulated."""
        return self.is_set(settings) or self.is_simulated(settings)

    def uses_sandbox_server(self, settings: Settings) -> bool:
        """Whether it asks the sandbox's server: files need none."""
        return False

    def check_configuration(self, settings: Settings) -> tuple[bool, str]:
        """List the place, without reading a file."""
        if not self.is_set(settings):
            does = self.sandbox_does if self.is_simulated(settings) else "nothing is fetched"
            return False, f"no {self.setting} is set: {does}"
        place = self.place(settings)
        return True, f"{len(place.files()):,} {place.holds} {place.display_name}"

    def due_snapshots(
        self, settings: Settings, polls: int | None, snapshot_at: datetime | None
    ) -> Iterator[datetime | None]:
        """Yield one fetch; its files say when they were observed."""
        yield snapshot_at

    def fetch(self, settings: Settings, session: Session, snapshot_at: datetime | None) -> Fetched:
        """Land the files that were not delivered before.

        The sandbox stays out of a warehouse that real files were delivered to: what it simulates is complete, so every
        real customer that it does not list would count as deleted.
        """
        from flows.files.deliveries import deliver, has_others

        place = self.place(settings)
        if self.is_simulated(settings) and has_others(session, settings, self.name, place):
            text = f"{self.sandbox_rests}; set {self.setting}"
            reporter().show_result(f"read {self.name} files", text, "skipped")
            return Fetched()
        return deliver(session, settings, self.file_kind(settings), place, snapshot_at)


def read_secret_block(setting: str, name: str) -> Any:
    """Return what Prefect keeps in a Secret block: text, or an object.

    Raises:
        ConfigError: There is no such block.
    """
    from prefect.blocks.system import Secret

    try:
        return Secret.load(name, _sync=True).get()  # type: ignore[union-attr, call-arg, unused-ignore]
    except ValueError:
        raise ConfigError(f"{setting}: Prefect has no Secret block {name!r}.") from None


@dataclass(frozen=True)
class Retries:
    """How often and how patiently a request is repeated.

    Args:
        attempts: Requests in all, the first one included.
        first_wait_seconds: Wait before the second; doubles each time, with up to as much jitter.
        longest_wait_seconds: Upper bound of one wait.
        timeout_seconds: Time for one request, body included.
    """

    attempts: int = 6
    first_wait_seconds: float = 1.0
    longest_wait_seconds: float = 30.0
    timeout_seconds: float = 30.0

    def make_pauses(self) -> wait_exponential_jitter:
        """Return what tells the wait before each repetition."""
        from tenacity.wait import wait_exponential_jitter

        first = self.first_wait_seconds
        return wait_exponential_jitter(initial=first, max=self.longest_wait_seconds, jitter=first)
