"""Where billing's files are delivered: the place that is set, or what the sandbox's billing system writes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from flows.errors import ConfigError
from flows.files.locations import FileLocation
from flows.files.report import Fetched
from flows.landing import list_landed_files
from flows.settings import Settings
from flows.sources.source import FileSource

if TYPE_CHECKING:
    from snowflake.snowpark import Session

    from expectations.checks.deliveries import DeliveryLimits
    from flows.files.kinds import FileKind


class BillingSource(FileSource):
    """Daily CSV files of a billing system."""

    name = "billing"
    setting = "SNOWCAST_BILLING_URL"
    sandbox_does = "the sandbox delivers"
    sandbox_rests = "files of yours were delivered, so the sandbox delivers no more"

    def place(self, settings: Settings) -> FileLocation:
        """Return the folder or URL that is set, or the folder that the sandbox writes to."""
        if settings.billing_url is not None:
            return FileLocation(settings.billing_url.get_secret_value(), self.setting)
        if settings.uses_sandbox:
            return FileLocation(str(_sandbox_folder(settings)), "the sandbox's deliveries")
        raise ConfigError(f"{self.setting} is not set. Set the folder or URL that billing's CSV files come to.")

    def due_snapshots(
        self, settings: Settings, polls: int | None, snapshot_at: datetime | None
    ) -> Iterator[datetime | None]:
        """Yield one fetch; the sandbox first writes what is due, up to now or the time that is stated."""
        if self.is_simulated(settings):
            _write_due(settings, snapshot_at or datetime.now(UTC))
        yield snapshot_at

    def fetch(self, settings: Settings, session: Session, snapshot_at: datetime | None) -> Fetched:
        """Land the files that were not delivered before; the sandbox may have written none yet."""
        if self.is_simulated(settings) and not any(_sandbox_folder(settings).glob("*.csv")):
            return Fetched()
        return super().fetch(settings, session, snapshot_at)

    def file_kind(self, settings: Settings) -> FileKind:
        """Return the kind of CSV files of four entities, in the encoding that is set."""
        return billing_files(settings.billing_encoding)

    def limits(self, settings: Settings) -> DeliveryLimits:
        """Expect a delivery a day."""
        from expectations.checks.deliveries import DeliveryLimits

        return DeliveryLimits()


def billing_files(encoding: str = "utf-8") -> FileKind:
    """Return what billing's files look like, by the contracts of its tables."""
    from flows.files.kinds import make_declared_kind

    return make_declared_kind(
        BillingSource.name, is_daily=True, encoding=encoding, encoding_setting="SNOWCAST_BILLING_ENCODING"
    )


def _sandbox_folder(settings: Settings) -> Path:
    return settings.home / "sandbox" / "billing"


def _write_due(settings: Settings, until: datetime) -> None:
    """Let the sandbox write the deliveries after the newest one that landed: at first as many as the settings say.

    Raises:
        ConfigError: The simulated billing system had not opened by then.
    """
    from deployments.sandbox import World, write_billing_deliveries

    landed = list_landed_files(settings.landing_root, BillingSource.name)
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
