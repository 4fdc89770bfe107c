"""Which project of Amplitude is exported, or whose files are read: the one that is set, or the sandbox's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from flows.files.report import Fetched
from flows.settings import Settings
from flows.sources.amplitude.project import has_project, is_simulated, personal_data_of, place_of, project_of

if TYPE_CHECKING:
    from snowflake.snowpark import Session

    from expectations.checks.deliveries import DeliveryLimits
    from expectations.checks.exports import ExportLimits
    from flows.files.kinds import FileKind


class AmplitudeSource:
    """Product events, hour by hour from the Export API, and from the files that Amplitude writes to a bucket."""

    name = "amplitude"
    is_polled = False

    def is_configured(self, settings: Settings) -> bool:
        """A secret key, a block or a place of files is set, or everything is simulated."""
        return has_project(settings) or settings.amplitude_url is not None or self.uses_sandbox_server(settings)

    def uses_sandbox_server(self, settings: Settings) -> bool:
        """Where nothing of Amplitude is set and everything is simulated."""
        return is_simulated(settings)

    def check_configuration(self, settings: Settings) -> tuple[bool, str]:
        """List the place of files, or ask for the events list; no events are exported."""
        told = []
        if settings.amplitude_url is not None:
            place = place_of(settings)
            told.append(f"{len(place.files()):,} files in {place.display_name}")
        if has_project(settings):
            from flows.sources.amplitude.fetch import open_client

            with open_client(settings, project_of(settings)) as client:
                told.append(f"{len(client.event_types()):,} event types at {client.project.name}")
        if told:
            return True, "; ".join(told)
        simulated = "the sandbox's project is exported" if self.uses_sandbox_server(settings) else "nothing is exported"
        return False, f"no SNOWCAST_AMPLITUDE_SECRET_KEY is set: {simulated}"

    def due_snapshots(
        self, settings: Settings, polls: int | None, snapshot_at: datetime | None
    ) -> Iterator[datetime | None]:
        """Yield one export; the sandbox's clock is moved to its time before."""
        moment = snapshot_at or datetime.now(UTC)
        if self.uses_sandbox_server(settings):
            from flows.services.sandbox import ensure_sandbox

            ensure_sandbox(settings).set_clock(moment)
        yield moment

    def fetch(self, settings: Settings, session: Session, snapshot_at: datetime | None) -> Fetched:
        """Land the files that were not delivered before, and the hours that came since the last export."""
        from flows.sources.amplitude.fetch import fetch_hours

        return fetch_hours(settings, session, snapshot_at)

    def file_kind(self, settings: Settings) -> FileKind:
        """What Amplitude's exports to a bucket look like."""
        from flows.sources.amplitude.files import amplitude_files

        return amplitude_files(personal_data_of(settings))

    def limits(self, settings: Settings) -> ExportLimits | DeliveryLimits:
        """Hours of an export; where only files come, at least one every few hours."""
        from expectations.checks.deliveries import DeliveryLimits
        from expectations.checks.exports import ExportLimits

        if has_project(settings) or self.uses_sandbox_server(settings):
            return ExportLimits()
        return DeliveryLimits(max_age_seconds=6 * 3600, most_apart_seconds=366 * 86_400, least_share=0, most_times=1e6)
