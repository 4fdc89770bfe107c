"""Where billing's files are delivered: the place that is set, or what the sandbox's billing system writes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from flows.errors import ConfigError
from flows.files.locations import Place
from flows.landing import landed_files
from flows.reporting import reporter
from flows.settings import Settings
from flows.sources.source import Fetched

if TYPE_CHECKING:
    from snowflake.snowpark import Session

    from expectations.checks.deliveries import DeliveryLimits
    from flows.files.kinds import FileKind


class BillingSource:
    """Daily CSV files of a billing system."""

    name = "billing"
    is_polled = False

    def is_configured(self, settings: Settings) -> bool:
        """A place is set, or everything is simulated."""
        return settings.billing_url is not None or settings.uses_sandbox

    def uses_sandbox_server(self, settings: Settings) -> bool:
        """Never: the sandbox's deliveries are files that this process writes."""
        return False

    def examine(self, settings: Settings) -> tuple[bool, str]:
        """List the place, without reading a file."""
        if settings.billing_url is None:
            told = "the sandbox delivers" if settings.uses_sandbox else "nothing is fetched"
            return False, f"no SNOWCAST_BILLING_URL is set: {told}"
        from flows.files.locations import find_files

        place = _place(settings)
        return True, f"{len(find_files(place)):,} files in {place.shown}"

    def moments(self, settings: Settings, polls: int | None, snapshot_at: datetime | None) -> Iterator[datetime | None]:
        """One fetch; the sandbox first writes the deliveries that are due, up to now or the time that is stated."""
        if settings.billing_url is None and settings.uses_sandbox:
            _write_due(settings, snapshot_at or datetime.now(UTC))
        yield snapshot_at

    def fetch(self, settings: Settings, session: Session, snapshot_at: datetime | None) -> Fetched:
        """Land the files that were not delivered before.

        The sandbox stays out of a warehouse that real files were delivered to: a simulated delivery lists everything
        that exists, so it would delete every real customer.
        """
        from flows.files.deliveries import deliver, has_others

        place = _place(settings)
        if settings.billing_url is None:
            if has_others(session, settings, self.name, place):
                told = "files of yours were delivered, so the sandbox delivers no more; set SNOWCAST_BILLING_URL"
                reporter().finished("read billing files", told, "skipped")
                return Fetched()
            if not any(place.path.glob("*.csv")):
                return Fetched()
        return deliver(session, settings, self.file_kind(settings), place, snapshot_at)

    def file_kind(self, settings: Settings) -> FileKind:
        """CSV files of four entities, in the encoding that is set."""
        from flows.sources.billing_files import billing_files

        return billing_files(settings.billing_encoding)

    def limits(self, settings: Settings) -> DeliveryLimits:
        """A delivery a day."""
        from expectations.checks.deliveries import DeliveryLimits

        return DeliveryLimits()


def _place(settings: Settings) -> Place:
    if settings.billing_url is not None:
        return Place(settings.billing_url.get_secret_value(), "SNOWCAST_BILLING_URL")
    if settings.uses_sandbox:
        return Place(str(_sandbox_folder(settings)), "the sandbox's deliveries")
    raise ConfigError("SNOWCAST_BILLING_URL is not set. Set the folder or URL that billing's CSV files come to.")


def _sandbox_folder(settings: Settings) -> Path:
    return settings.home / "sandbox" / "billing"


def _write_due(settings: Settings, until: datetime) -> None:
    """Let the sandbox write the deliveries after the newest one that landed: at first as many as the settings say.

    Raises:
        ConfigError: The simulated billing system had not opened by then.
    """
    from deployments.sandbox import World, write_billing_deliveries

    landed = landed_files(settings.landing_root, BillingSource.name)
    newest = max((file.snapshot_at.date() for file in landed), default=None)
    today = until.date()
    days = settings.sandbox_first_deliveries
    first = today - timedelta(days=days - 1) if newest is None else newest + timedelta(days=1)
    if first > today:
        return
    try:
        write_billing_deliveries(
            World(seed=settings.sandbox_seed, scale=1),
            _sandbox_folder(settings),
            first,
            (today - first).days + 1,
            customers=settings.sandbox_customers,
            everything_first=newest is None,
        )
    except ValueError as error:
        raise ConfigError(f"The sandbox has no billing deliveries of {first}: {error}") from None
