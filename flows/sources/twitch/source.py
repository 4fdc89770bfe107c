"""Which Twitch is polled, and when: the real one, or the sandbox where no application is set."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from pydantic import SecretStr

from flows.files.report import Fetched
from flows.landing import list_landed_files
from flows.reporting import reporter
from flows.services.sandbox import ensure_sandbox
from flows.settings import Settings

if TYPE_CHECKING:
    from snowflake.snowpark import Session

    from expectations.checks.sources import SourceLimits
    from flows.files.kinds import FileKind
    from flows.sources.twitch.poll import TwitchConfig, TwitchPoll

_STEP = "poll twitch"


class TwitchSource:
    """Polls of a Helix-shaped server."""

    name = "twitch"
    is_polled = True

    def is_configured(self, settings: Settings) -> bool:
        """Return True: without an application the sandbox is polled."""
        return True

    def uses_sandbox_server(self, settings: Settings) -> bool:
        """Return where no application is set."""
        return settings.uses_sandbox

    def check_configuration(self, settings: Settings) -> tuple[bool, str]:
        """Check the configuration, without asking the server."""
        if settings.uses_sandbox:
            return False, "no application is set: the sandbox is polled"
        twitch_config(settings).check()
        return True, f"application {settings.twitch_client_id} at {settings.twitch_base_url}"

    def due_snapshots(
        self, settings: Settings, polls: int | None, snapshot_at: datetime | None
    ) -> Iterator[datetime | None]:
        """Yield the present, or for the sandbox the polls that are due.

        The sandbox's clock is moved to each moment before it is given out. It never runs ahead of the real one: the
        first run looks back over as many intervals as `sandbox_first_polls` says, a later one polls the present.
        """
        if not settings.uses_sandbox:
            yield snapshot_at
            return
        sandbox = ensure_sandbox(settings)
        for moment in [snapshot_at] if snapshot_at else _plan_sandbox_polls(settings, polls, datetime.now(UTC)):
            sandbox.set_clock(moment)
            yield moment

    def fetch(self, settings: Settings, session: Session, snapshot_at: datetime | None) -> Fetched:
        """Poll once; the error of a source that failed half-way is in the result."""
        from flows.sources.twitch import poll as twitch

        polled = twitch.poll(
            twitch_config(settings),
            settings.landing_root,
            snapshot_at=snapshot_at,
            on_progress=lambda entity, rows: reporter().show_progress(_STEP, f"{rows:,} {entity}"),
        )
        reporter().show_result(_STEP, _format_poll(polled), "warning" if polled.failure else "ok")
        return Fetched((polled.snapshot_at,), failure=polled.failure)

    def file_kind(self, settings: Settings) -> FileKind:
        """Helix pages, records and CSV."""
        from flows.sources.twitch.files import HELIX_FILES

        return HELIX_FILES

    def limits(self, settings: Settings) -> SourceLimits:
        """Return a poll each interval, of which two may be missed."""
        from expectations.checks.sources import SourceLimits

        return SourceLimits(max_age_seconds=round(180 * settings.poll_interval_minutes))


def twitch_config(settings: Settings) -> TwitchConfig:
    """Return where to poll, as whom, and what."""
    from flows.sources.twitch.poll import TwitchConfig

    if settings.uses_sandbox:
        sandbox = ensure_sandbox(settings)
        place = (sandbox.client_id, SecretStr(sandbox.client_secret), sandbox.base_url, sandbox.auth_url)
    else:
        login = (settings.twitch_client_id or "", settings.twitch_client_secret or SecretStr(""))
        place = (*login, settings.twitch_base_url, settings.twitch_auth_url)
    return TwitchConfig(
        *place,
        top_streams=settings.twitch_top_streams,
        game_ids=settings.twitch_game_ids,
        languages=settings.twitch_languages,
        user_logins=settings.twitch_user_logins,
    )


def _plan_sandbox_polls(settings: Settings, polls: int | None, now: datetime) -> list[datetime]:
    """Return moments that end now, an interval apart, or closer where the newest poll is not so long ago."""
    newest = max(
        (file.snapshot_at for file in list_landed_files(settings.landing_root, TwitchSource.name)), default=None
    )
    count = polls or (settings.sandbox_first_polls if newest is None else 1)
    interval = timedelta(minutes=settings.poll_interval_minutes)
    if newest is not None and newest < now:
        interval = min(interval, (now - newest) / count)
    return [now - position * interval for position in reversed(range(count))]


def _format_poll(polled: TwitchPoll) -> str:
    counts = ", ".join(f"{record.distinct_rows:,} {record.entity}" for record in polled.records)
    unusual = [f"{r.entity} {r.ended}" for r in polled.records if r.ended not in ("complete", "empty")]
    return f"{polled.snapshot_at:%Y-%m-%d %H:%M:%S} UTC: {counts}" + (f" ({'; '.join(unusual)})" if unusual else "")
