"""Identity links: CSV files that say which id of a source turned out to be which customer."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from flows.errors import ConfigError
from flows.files.locations import Place
from flows.settings import Settings
from flows.sources.source import Fetched

if TYPE_CHECKING:
    from snowflake.snowpark import Session

    from expectations.checks.deliveries import DeliveryLimits
    from flows.files.kinds import FileKind

_REQUIRED = ("platform", "anonymous_id", "customer_id")


class IdentitySource:
    """Files of links, delivered whenever somebody knows more."""

    name = "identity"
    is_polled = False

    def is_configured(self, settings: Settings) -> bool:
        """A place is set; links are never simulated."""
        return settings.identity_url is not None

    def uses_sandbox_server(self, settings: Settings) -> bool:
        """Never."""
        return False

    def examine(self, settings: Settings) -> tuple[bool, str]:
        """List the place, without reading a file."""
        if settings.identity_url is None:
            return False, "no SNOWCAST_IDENTITY_URL is set: nothing is fetched"
        from flows.files.locations import find_files

        place = _place(settings)
        return True, f"{len(find_files(place)):,} files in {place.shown}"

    def moments(self, settings: Settings, polls: int | None, snapshot_at: datetime | None) -> Iterator[datetime | None]:
        """One fetch."""
        yield snapshot_at

    def fetch(self, settings: Settings, session: Session, snapshot_at: datetime | None) -> Fetched:
        """Land the files that were not delivered before."""
        from flows.files.deliveries import deliver

        return deliver(session, settings, self.file_kind(settings), _place(settings), snapshot_at)

    def file_kind(self, settings: Settings) -> FileKind:
        """CSV, or JSON records, of one entity."""
        from flows.files.kinds import FileKind
        from transforms.raw.raw_identity_links import TABLE

        return FileKind(
            source=self.name,
            holds="identity links",
            entity_of=_entity_of,
            required={"links": [(name,) for name in _REQUIRED]},
            is_daily=True,
            fields=frozenset(TABLE.fields),
        )

    def limits(self, settings: Settings) -> DeliveryLimits:
        """Links come when they come: a file a year, of any size."""
        from expectations.checks.deliveries import DeliveryLimits

        return DeliveryLimits(max_age_seconds=366 * 86_400, least_share=0.0, most_times=1e6)


def _entity_of(keys: Collection[str]) -> str | None:
    return "links" if "anonymous_id" in keys else None


def _place(settings: Settings) -> Place:
    if settings.identity_url is None:
        raise ConfigError(
            "SNOWCAST_IDENTITY_URL is not set. Set the folder or URL that files of identity links come to."
        )
    return Place(settings.identity_url.get_secret_value(), "SNOWCAST_IDENTITY_URL")
