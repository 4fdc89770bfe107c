"""One fetch of Amplitude: files that were delivered, hours that are due, and once a day the list of event types."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from flows.errors import SourceError
from flows.files.deliveries import deliver
from flows.files.report import Fetched
from flows.landing import hold_landing_lock, land, list_landed_files
from flows.load.pending import read_loaded_files
from flows.reporting import Mark, reporter
from flows.settings import Settings
from flows.sources.amplitude.archive import MEBIBYTE, ArchiveLimits
from flows.sources.amplitude.client import ExportClient, Project
from flows.sources.amplitude.export import STEP, Exported, Exporter
from flows.sources.amplitude.files import amplitude_files
from flows.sources.amplitude.hours import Asked, HourLedger, has_others
from flows.sources.amplitude.project import SANDBOX, has_project, personal_data_of, place_of, project_of

if TYPE_CHECKING:
    from snowflake.snowpark import Session

Progress = Callable[[int, int], None]
_NOTHING_ELSE = Asked()


def fetch_hours(
    settings: Settings,
    session: Session,
    now: datetime | None = None,
    asked: Asked = _NOTHING_ELSE,
    *,
    on_progress: Progress | None = None,
) -> Fetched:
    """Land what is set to be read: files first, then hours of the project.

    Args:
        settings: The run's.
        session: Where the ledgers are.
        now: Only hours that Amplitude gives whole by then; None: the present.
        asked: Hours beside those that are due by themselves.
        on_progress: Called with (hours done, hours in all).

    Raises:
        ConfigError: Nothing is set, or the keys are refused.
        TransientError: Another process has been exporting for ten minutes.
    """
    fetched = Fetched()
    if settings.amplitude_url is not None:
        fetched = deliver(session, settings, amplitude_files(personal_data_of(settings)), place_of(settings))
        if not has_project(settings):
            return fetched
    project = project_of(settings)
    if project.name.startswith(SANDBOX) and has_others(session, settings.database, project.name):
        text = "events of yours are here, so the sandbox's are not exported; set SNOWCAST_AMPLITUDE_SECRET_KEY"
        reporter().show_result(STEP, text, "skipped")
        return fetched
    # Which hours are due is read within the lock: who waited asks for none that another process has landed.
    with hold_landing_lock(settings.landing_root, "exporting"):
        exported = _export(settings, session, project, now or datetime.now(UTC), asked, on_progress)
    landed = [hour.hour_at for hour in exported.hours if hour.is_done]
    return Fetched(
        (*fetched.snapshots, *landed[-1:]),
        (*fetched.files, *exported.reports()),
        exported.failure or fetched.failure,
    )


def _export(
    settings: Settings,
    session: Session,
    project: Project,
    now: datetime,
    asked: Asked,
    on_progress: Progress | None,
) -> Exported:
    """Land the hours that are due and the list of event types, and say how far everything has landed."""
    ledger = HourLedger(session, settings.database, settings.landing_root, project.name)
    hours = ledger.due(now, settings.amplitude_first_hours, asked)
    with open_client(settings, project) as client:
        personal = personal_data_of(settings)
        exporter = Exporter(client, ledger, settings.landing_root, personal, on_progress=on_progress)
        exported = exporter.export(hours, settings.amplitude_window_hours)
        exported.failure = exported.failure or _land_event_types(settings, session, client, now)
    _tell(ledger, exported)
    return exported


def open_client(settings: Settings, project: Project) -> ExportClient:
    """A client of a project, within the limits of the settings."""
    limits = ArchiveLimits(
        settings.amplitude_archive_mebibytes * MEBIBYTE,
        settings.amplitude_unpacked_mebibytes * MEBIBYTE,
        settings.amplitude_unpacked_ratio,
        settings.amplitude_event_mebibytes * MEBIBYTE,
    )
    return ExportClient(project, settings.home, limits=limits)


def _land_event_types(
    settings: Settings, session: Session, client: ExportClient, moment: datetime
) -> SourceError | None:
    """Land the events list, once a day."""
    day = f"amplitude/event_types/{moment:%Y/%m/%d}/"
    known = {file.relative_path for file in list_landed_files(settings.landing_root, "amplitude")}
    if any(path.startswith(day) for path in known | read_loaded_files(session, settings.database)):
        return None
    try:
        land(settings.landing_root, "amplitude", "event_types", moment, client.event_types())
    except SourceError as error:
        return error
    return None


def _tell(ledger: HourLedger, exported: Exported) -> None:
    done = [hour for hour in exported.hours if hour.is_done]
    left = len(exported.hours) - len(done)
    cursor, gaps = ledger.cursor, len(ledger.gaps())
    parts = [
        f"{exported.events:,} events of {len(done):,} hours" if exported.hours else "no new hours",
        f"{left:,} hours did not land" if left else "",
        f"landed up to {cursor:%Y-%m-%d %H:%M} UTC" if cursor else "",
        f"{gaps:,} hours behind it are missing: --fill-gaps asks for them again" if gaps else "",
    ]
    mark: Mark = "warning" if left or gaps or exported.bad_lines or exported.failure else "ok"
    reporter().show_result(STEP, ", ".join(part for part in parts if part), mark)
