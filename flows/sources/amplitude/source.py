"""Which project of Amplitude is exported, or whose files are read: the one that is set, or the sandbox's."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pydantic import SecretStr

from flows.errors import ConfigError, SourceError
from flows.reporting import Mark, reporter
from flows.settings import Settings
from flows.sources.source import Fetched

if TYPE_CHECKING:
    from snowflake.snowpark import Session

    from expectations.checks.deliveries import DeliveryLimits
    from expectations.checks.exports import ExportLimits
    from flows.files.kinds import FileKind
    from flows.files.locations import Place
    from flows.sources.amplitude.client import ExportClient, Project
    from flows.sources.amplitude.export import Exported
    from flows.sources.amplitude.hours import HourLedger
    from flows.sources.amplitude.personal import PersonalData

_SANDBOX = "sandbox"
Progress = Callable[[int, int], None]


class AmplitudeSource:
    """Product events, hour by hour from the Export API, and from the files that Amplitude writes to a bucket."""

    name = "amplitude"
    is_polled = False

    def is_configured(self, settings: Settings) -> bool:
        """A secret key, a block or a place of files is set, or everything is simulated."""
        return _has_project(settings) or settings.amplitude_url is not None or self.uses_sandbox_server(settings)

    def uses_sandbox_server(self, settings: Settings) -> bool:
        """Where nothing of Amplitude is set and everything is simulated."""
        return settings.exports_from_sandbox and settings.uses_sandbox

    def examine(self, settings: Settings) -> tuple[bool, str]:
        """List the place of files, or ask for the events list; no events are exported."""
        told = []
        if settings.amplitude_url is not None:
            from flows.files.locations import find_files

            place = _place(settings)
            told.append(f"{len(find_files(place)):,} files in {place.shown}")
        if _has_project(settings):
            with _client(settings, project_of(settings)) as client:
                told.append(f"{len(client.event_types()):,} event types at {client.project.name}")
        if told:
            return True, "; ".join(told)
        simulated = "the sandbox's project is exported" if self.uses_sandbox_server(settings) else "nothing is exported"
        return False, f"no SNOWCAST_AMPLITUDE_SECRET_KEY is set: {simulated}"

    def moments(self, settings: Settings, polls: int | None, snapshot_at: datetime | None) -> Iterator[datetime | None]:
        """One export; the sandbox's clock is moved to its time before."""
        moment = snapshot_at or datetime.now(UTC)
        if self.uses_sandbox_server(settings):
            from flows.sources.twitch.source import ensure_sandbox

            ensure_sandbox(settings).set_clock(moment)
        yield moment

    def fetch(self, settings: Settings, session: Session, snapshot_at: datetime | None) -> Fetched:
        """Land the files that were not delivered before, and the hours that came since the last export."""
        return fetch_hours(settings, session, snapshot_at)

    def file_kind(self, settings: Settings) -> FileKind:
        """What Amplitude's exports to a bucket look like."""
        from flows.sources.amplitude.files import amplitude_files

        return amplitude_files(personal_data_of(settings))

    def limits(self, settings: Settings) -> ExportLimits | DeliveryLimits:
        """Hours of an export; where only files come, at least one every few hours."""
        from expectations.checks.deliveries import DeliveryLimits
        from expectations.checks.exports import ExportLimits

        if _has_project(settings) or self.uses_sandbox_server(settings):
            return ExportLimits()
        return DeliveryLimits(max_age_seconds=6 * 3600, most_apart_seconds=366 * 86_400, least_share=0, most_times=1e6)


def fetch_hours(
    settings: Settings,
    session: Session,
    now: datetime | None = None,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    fill_gaps: bool = False,
    on_progress: Progress | None = None,
) -> Fetched:
    """Land what is set to be read: files first, then hours of the project.

    Args:
        settings: The run's.
        session: Where the ledgers are.
        now: Only hours that Amplitude gives whole by then; None: the present.
        since: Every hour from here on that has not landed; None: those after the newest one.
        until: No hour from here on.
        fill_gaps: Also hours that were left out, refused or too large before.
        on_progress: Called with (hours done, hours in all).

    Raises:
        ConfigError: Nothing is set, or the keys are refused.
    """
    fetched = _delivered(settings, session) if settings.amplitude_url is not None else Fetched()
    if settings.amplitude_url is not None and not _has_project(settings):
        return fetched
    from flows.sources.amplitude.hours import HourLedger, has_others

    project = project_of(settings)
    if project.name.startswith(_SANDBOX) and has_others(session, settings.database, project.name):
        told = "events of yours are here, so the sandbox's are not exported; set SNOWCAST_AMPLITUDE_SECRET_KEY"
        reporter().finished("export amplitude", told, "skipped")
        return fetched
    moment = now or datetime.now(UTC)
    ledger = HourLedger(session, settings.database, settings.landing_root, project.name)
    hours = ledger.due(
        moment, first_hours=settings.amplitude_first_hours, since=since, until=until, fill_gaps=fill_gaps
    )
    with _client(settings, project) as client:
        exported = _exported(settings, client, ledger, hours, on_progress)
        failure = exported.failure or _land_event_types(settings, session, client, moment)
    _tell(ledger, exported)
    landed = sorted(hour.hour_at for hour in exported.hours if hour.is_done)
    return Fetched(
        (*fetched.snapshots, *landed[-1:]), (*fetched.files, *exported.reports()), failure or fetched.failure
    )


def project_of(settings: Settings) -> Project:
    """The project that the settings export, or the sandbox's, which is started if it does not run.

    Raises:
        ConfigError: No project is set, or not whole.
        SourceError: The sandbox does not start.
    """
    from flows.sources.amplitude.client import Project

    if AmplitudeSource().uses_sandbox_server(settings):
        from flows.sources.twitch.source import ensure_sandbox

        sandbox = ensure_sandbox(settings)
        keys = (SecretStr(sandbox.amplitude_key), SecretStr(sandbox.amplitude_secret_key))
        return Project(f"{_SANDBOX}/{settings.sandbox_seed}", sandbox.amplitude_url, *keys)
    api_key, secret_key = _keys(settings)
    url = settings.amplitude_export_url
    fingerprint = hashlib.sha256(api_key.get_secret_value().encode()).hexdigest()[:8]
    name = settings.amplitude_project or f"{url.partition('://')[2]}/{fingerprint}"
    return Project(name, url, api_key, secret_key)


def personal_data_of(settings: Settings) -> PersonalData:
    """What is taken out of events before they are landed."""
    from flows.sources.amplitude.personal import PersonalData

    return PersonalData(settings.amplitude_personal_properties, settings.amplitude_hash_key)


def _has_project(settings: Settings) -> bool:
    return settings.amplitude_secret_key is not None or settings.amplitude_block is not None


def _keys(settings: Settings) -> tuple[SecretStr, SecretStr]:
    """The keys of the project, from the settings or from the block."""
    if settings.amplitude_block is not None:
        return _stored_keys(settings.amplitude_block)
    if settings.amplitude_api_key is None or settings.amplitude_secret_key is None:
        lacking = "API_KEY" if settings.amplitude_api_key is None else "SECRET_KEY"
        raise ConfigError(
            f"SNOWCAST_AMPLITUDE_{lacking} is not set. An export needs the project's API key and its secret key, or "
            "SNOWCAST_AMPLITUDE_URL: the place of the files that Amplitude writes."
        )
    return settings.amplitude_api_key, settings.amplitude_secret_key


def _stored_keys(name: str) -> tuple[SecretStr, SecretStr]:
    from prefect.blocks.system import Secret

    try:
        value = Secret.load(name, _sync=True).get()  # type: ignore[union-attr, call-arg, unused-ignore]
    except ValueError:
        raise ConfigError(f"SNOWCAST_AMPLITUDE_BLOCK: Prefect has no Secret block {name!r}.") from None
    try:
        keys = json.loads(value) if isinstance(value, str) else value
        return SecretStr(keys["api_key"]), SecretStr(keys["secret_key"])
    except (ValueError, KeyError, TypeError):
        raise ConfigError(
            f'SNOWCAST_AMPLITUDE_BLOCK: the Secret block {name!r} must hold {{"api_key": ..., "secret_key": ...}}.'
        ) from None


def _place(settings: Settings) -> Place:
    from flows.files.locations import Place

    url = settings.amplitude_url.get_secret_value() if settings.amplitude_url else ""
    return Place(url, "SNOWCAST_AMPLITUDE_URL")


def _delivered(settings: Settings, session: Session) -> Fetched:
    from flows.files.deliveries import deliver

    return deliver(session, settings, AmplitudeSource().file_kind(settings), _place(settings), None)


def _client(settings: Settings, project: Project) -> ExportClient:
    from flows.sources.amplitude.archive import MEBIBYTE, ArchiveLimits
    from flows.sources.amplitude.client import ExportClient

    limits = ArchiveLimits(
        settings.amplitude_archive_mebibytes * MEBIBYTE,
        settings.amplitude_unpacked_mebibytes * MEBIBYTE,
        settings.amplitude_unpacked_ratio,
        settings.amplitude_event_mebibytes * MEBIBYTE,
    )
    return ExportClient(project, settings.home, limits=limits)


def _exported(
    settings: Settings,
    client: ExportClient,
    ledger: HourLedger,
    hours: list[datetime],
    on_progress: Progress | None,
) -> Exported:
    from flows.sources.amplitude.export import Exporter

    exporter = Exporter(client, ledger, settings.landing_root, personal_data_of(settings), on_progress=on_progress)
    return exporter.export(hours, settings.amplitude_window_hours)


def _land_event_types(
    settings: Settings, session: Session, client: ExportClient, moment: datetime
) -> SourceError | None:
    """Land the events list, once a day."""
    from flows.landing import land, landed_files
    from flows.load.loader import loaded_files

    day = f"amplitude/event_types/{moment:%Y/%m/%d}/"
    known = {file.relative_path for file in landed_files(settings.landing_root, "amplitude")}
    if any(path.startswith(day) for path in known | loaded_files(session, settings.database)):
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
    reporter().finished("export amplitude", ", ".join(part for part in parts if part), mark)
