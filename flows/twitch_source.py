"""Which Twitch is polled, and when: the real one, or the sandbox where no application is set."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from flows.errors import SourceError
from flows.extract.twitch import SOURCE, TwitchConfig
from flows.landing import landed_files
from flows.settings import Settings

if TYPE_CHECKING:
    from deployments.sandbox import SandboxEndpoint


def twitch_config(settings: Settings) -> TwitchConfig:
    """Where to poll, as whom, and what."""
    limits: dict[str, Any] = {
        "top_streams": settings.twitch_top_streams,
        "game_ids": settings.twitch_game_ids,
        "languages": settings.twitch_languages,
        "user_logins": settings.twitch_user_logins,
    }
    if settings.uses_sandbox:
        sandbox = ensure_sandbox(settings)
        return TwitchConfig(
            sandbox.client_id,
            SecretStr(sandbox.client_secret),
            base_url=sandbox.base_url,
            auth_url=sandbox.auth_url,
            **limits,
        )
    return TwitchConfig(
        settings.twitch_client_id or "",
        settings.twitch_client_secret or SecretStr(""),
        base_url=settings.twitch_base_url,
        auth_url=settings.twitch_auth_url,
        **limits,
    )


def ensure_sandbox(settings: Settings) -> SandboxEndpoint:
    """The running sandbox of this home, started in the background if there is none.

    Raises:
        SourceError: It does not start.
    """
    from deployments.sandbox import SandboxError, ensure_running

    try:
        return ensure_running(settings.home, seed=settings.sandbox_seed, scale=settings.sandbox_scale)
    except SandboxError as error:
        raise SourceError(f"{error}") from None


def poll_moments(settings: Settings, polls: int | None, snapshot_at: datetime | None) -> Iterator[datetime | None]:
    """The snapshot time of each poll to take; None is the time of the poll itself.

    The sandbox's clock is moved to each moment before it is given out. It never runs ahead of the real one: the first
    run looks back over as many intervals as `sandbox_first_polls` says, a later one polls the present.
    """
    if not settings.uses_sandbox:
        yield snapshot_at
        return
    sandbox = ensure_sandbox(settings)
    for moment in [snapshot_at] if snapshot_at else _sandbox_moments(settings, polls, datetime.now(UTC)):
        sandbox.set_clock(moment)
        yield moment


def _sandbox_moments(settings: Settings, polls: int | None, now: datetime) -> list[datetime]:
    """Moments that end now, an interval apart, or closer where the newest poll is not so long ago."""
    newest = max((file.snapshot_at for file in landed_files(settings.landing_root, SOURCE)), default=None)
    count = polls or (settings.sandbox_first_polls if newest is None else 1)
    interval = timedelta(minutes=settings.poll_interval_minutes)
    if newest is not None and newest < now:
        interval = min(interval, (now - newest) / count)
    return [now - position * interval for position in reversed(range(count))]
