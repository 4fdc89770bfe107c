"""Every source of Snowcast by its name. A new one is a module with a `Source`, and a line here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from flows.errors import ConfigError
from flows.settings import Settings
from flows.sources.amplitude.source import AmplitudeSource
from flows.sources.billing import BillingSource
from flows.sources.identity import IdentitySource
from flows.sources.livelogs.source import LivelogsSource
from flows.sources.source import Source
from flows.sources.twitch.source import TwitchSource

SOURCES: dict[str, Source] = {
    source.name: source
    for source in (TwitchSource(), BillingSource(), LivelogsSource(), IdentitySource(), AmplitudeSource())
}


def find_source(name: str) -> Source:
    """Return the source of that name.

    Raises:
        ConfigError: There is none.
    """
    if name not in SOURCES:
        raise ConfigError(f"There is no source {name!r}. Known: {', '.join(SOURCES)}.")
    return SOURCES[name]


def choose_sources(names: Iterable[str], settings: Settings) -> list[str]:
    """Return the named sources, or, where none is named, all that are configured.

    Raises:
        ConfigError: One is not known.
    """
    named = [find_source(name).name for name in names]
    return named or [source.name for source in SOURCES.values() if source.is_configured(settings)]


def need_sandbox_server(names: Sequence[str], settings: Settings) -> bool:
    """Whether one of the sources asks the sandbox's server."""
    return any(SOURCES[name].uses_sandbox_server(settings) for name in names)
