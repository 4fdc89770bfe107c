"""Identity links: CSV files that say which id of a source turned out to be which customer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.errors import ConfigError
from flows.files.locations import FileLocation
from flows.settings import Settings
from flows.sources.source import FileSource

if TYPE_CHECKING:
    from expectations.checks.deliveries import DeliveryLimits
    from flows.files.kinds import FileKind


class IdentitySource(FileSource):
    """Files of links, delivered whenever somebody knows more; they are never simulated."""

    name = "identity"
    setting = "SNOWCAST_IDENTITY_URL"

    def place(self, settings: Settings) -> FileLocation:
        """Return the folder or URL that is set."""
        if settings.identity_url is None:
            raise ConfigError(f"{self.setting} is not set. Set the folder or URL that files of identity links come to.")
        return FileLocation(settings.identity_url.get_secret_value(), self.setting)

    def file_kind(self, settings: Settings) -> FileKind:
        """Return the kind of CSV, or JSON records, of one entity."""
        from flows.files.kinds import FileKind
        from transforms.raw.raw_identity_links import TABLE

        return FileKind(
            source=self.name,
            holds="identity links",
            entity_of=lambda keys: "links" if "anonymous_id" in keys else None,
            required={"links": [(name,) for name in ("platform", "anonymous_id", "customer_id")]},
            is_daily=True,
            fields=frozenset(TABLE.fields),
        )

    def limits(self, settings: Settings) -> DeliveryLimits:
        """Expect a file a year, of any size: links come when they come."""
        from expectations.checks.deliveries import DeliveryLimits

        return DeliveryLimits(max_age_seconds=366 * 86_400, least_share=0.0, most_times=1e6)
