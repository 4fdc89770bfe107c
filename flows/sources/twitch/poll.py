"""Twitch Helix: one poll of the live streams and of their users and games.

A poll is one snapshot: the top streams by viewers (or those of given games, languages, logins), then the users and
games that they name, in batches of 100. Pages go straight to the landing files; only ids stay in memory. Every
listing leaves a completeness record, also when it ended early or failed, and the records are landed like any data.
A listing that fails leaves no file, so a visible file holds all that its record counts.
"""

from __future__ import annotations

import asyncio
import hashlib
import math
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr

from flows.errors import ConfigError, SourceError
from flows.landing import POLLS_ENTITY, LandedFile, LandingWriter, cut_to_milliseconds, land
from flows.sources.source import Retries
from flows.sources.twitch.client import HelixClient, Page, Parameters
from flows.sources.twitch.files import SOURCE
from flows.sources.twitch.listing import PAGE_SIZE, Listing, filter_combinations, ids_of, list_streams, look_up

BASE_URL = "https://api.twitch.tv/helix/"
AUTH_URL = "https://id.twitch.tv/oauth2/"
# Streams that repeat across pages and short pages cost pages; twice as many as needed is far more than they do.
_SPARE_PAGES = 2
_PAGES_WITHOUT_LIMIT = 1000
_NOTED_IDS = 5

Progress = Callable[[str, int], None]


@dataclass(frozen=True)
class TwitchConfig:
    """What to poll and where.

    Args:
        client_id: Of the Twitch application.
        client_secret: Of the same.
        base_url: Any Helix-shaped server.
        auth_url: Its token server.
        top_streams: Streams to list, most viewers first; not used with a filter, which lists all it matches.
        game_ids: Only streams of these games.
        languages: Only streams in these languages.
        user_logins: Only streams of these users.
        max_pages: Pages after which a listing stops as `capped`; None: twice what `top_streams` needs.
        retries: How often a request is repeated.
    """

    client_id: str
    client_secret: SecretStr
    base_url: str = BASE_URL
    auth_url: str = AUTH_URL
    top_streams: int = 1000
    game_ids: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    user_logins: tuple[str, ...] = ()
    max_pages: int | None = None
    retries: Retries = field(default_factory=Retries)

    @property
    def filters(self) -> list[Parameters]:
        """The listings that this configuration asks for; one without filters for the top streams."""
        named = {"game_id": self.game_ids, "language": self.languages, "user_login": self.user_logins}
        return list(filter_combinations({name: values for name, values in named.items() if values}))

    @property
    def requested(self) -> int | None:
        """Streams asked for; None where all that match a filter are."""
        return None if self.game_ids or self.languages or self.user_logins else self.top_streams

    @property
    def page_cap(self) -> int:
        """Pages after which one walk stops."""
        if self.max_pages is not None:
            return self.max_pages
        if self.requested is None:
            return _PAGES_WITHOUT_LIMIT
        return _SPARE_PAGES * math.ceil(self.requested / PAGE_SIZE) + _SPARE_PAGES

    def client(self) -> HelixClient:
        """Return what asks the server; entering it fetches the app token."""
        login = (self.client_id, self.client_secret)
        return HelixClient(*login, base_url=self.base_url, auth_url=self.auth_url, retries=self.retries)

    def check(self) -> None:
        """Refuse what cannot work before anything is asked.

        Raises:
            ConfigError: A credential is missing or a number is out of range.
        """
        if not self.client_id or not self.client_secret.get_secret_value():
            missing = "SNOWCAST_TWITCH_CLIENT_ID" if not self.client_id else "SNOWCAST_TWITCH_CLIENT_SECRET"
            msg = f"{missing} is not set. Register an application at dev.twitch.tv/console and set its id and secret."
            raise ConfigError(msg)
        if self.top_streams < 1 or (self.max_pages is not None and self.max_pages < 1):
            raise ConfigError("SNOWCAST_TWITCH_TOP_STREAMS and the page cap must be at least 1.")
        for name, url in (("BASE", self.base_url), ("AUTH", self.auth_url)):
            if not url.startswith(("http://", "https://")):
                raise ConfigError(f"SNOWCAST_TWITCH_{name}_URL is {url!r}; expected an http:// or https:// address.")


@dataclass(frozen=True)
class PollRecord:
    """The completeness record of one listing: one row of OPS.POLLS."""

    poll_id: str
    source: str
    entity: str
    snapshot_at: str
    requested: int | None
    pages: int
    rows_received: int
    distinct_rows: int
    missing_ids: int
    restarts: int
    ended: str
    note: str | None
    recorded_at: str


@dataclass(frozen=True)
class TwitchPoll:
    """What one poll landed. `failure` is set where it ended early: load the files, then raise it."""

    snapshot_at: datetime
    files: tuple[LandedFile, ...]
    records: tuple[PollRecord, ...]
    failure: SourceError | None = None


def poll(
    config: TwitchConfig,
    landing_root: Path,
    *,
    snapshot_at: datetime | None = None,
    on_progress: Progress | None = None,
) -> TwitchPoll:
    """Poll once and land what came.

    Args:
        config: What to poll and where.
        landing_root: Root of the landing files.
        snapshot_at: Time of the snapshot; None: now.
        on_progress: Called with (entity, rows so far) after every page.

    Raises:
        ConfigError: Credentials, addresses or filters are refused; nothing is landed then.
    """
    config.check()
    moment = cut_to_milliseconds(snapshot_at or datetime.now(UTC))
    return asyncio.run(_Poll(config, landing_root, moment, on_progress).run())


class _Poll:
    """One poll under way: what it landed and recorded so far."""

    def __init__(self, config: TwitchConfig, root: Path, snapshot_at: datetime, on_progress: Progress | None) -> None:
        self._config = config
        self._root = root
        self._snapshot_at = snapshot_at
        self._on_progress = on_progress
        self._files: list[LandedFile] = []
        self._records: list[PollRecord] = []
        self._ids: dict[str, dict[str, None]] = {"users": {}, "games": {}}

    async def run(self) -> TwitchPoll:
        config = self._config
        failure: SourceError | None = None
        streams = Listing("streams", config.requested)
        try:
            async with config.client() as client:
                await self._land(streams, self._stream_pages(client, streams))
                for entity, ids in self._ids.items():
                    listing = Listing(entity, len(ids))
                    await self._land(listing, look_up(client, listing, list(ids)))
        except SourceError as error:
            failure = error
            if not self._records:
                self._record(streams, failed=error)
        records = [asdict(record) for record in self._records]
        polls = land(self._root, SOURCE, POLLS_ENTITY, self._snapshot_at, records)
        files = (*self._files, polls) if polls else tuple(self._files)
        return TwitchPoll(self._snapshot_at, files, tuple(self._records), failure)

    async def _stream_pages(self, client: HelixClient, listing: Listing) -> AsyncIterator[Page]:
        for filters in self._config.filters:
            async for page in list_streams(client, listing, filters, max_pages=self._config.page_cap):
                self._ids["users"].update(dict.fromkeys(ids_of(page.records, "user_id")))
                self._ids["games"].update(dict.fromkeys(ids_of(page.records, "game_id")))
                yield page

    async def _land(self, listing: Listing, pages: AsyncIterator[Page]) -> None:
        """Write the pages of one listing to its landing file and record how it ended."""
        with LandingWriter(self._root, SOURCE, listing.entity, self._snapshot_at) as writer:
            try:
                async for page in pages:
                    writer.write_all(page.records)
                    if self._on_progress:
                        self._on_progress(listing.entity, listing.rows)
            except SourceError as error:
                self._record(listing, failed=error)
                raise
            landed = writer.finish()
        if landed:
            self._files.append(landed)
        self._record(listing)

    def _record(self, listing: Listing, *, failed: SourceError | None = None) -> None:
        """Add the completeness record; a failed listing's says what was received and discarded."""
        if failed:
            listing.end("failed", str(failed))
        elif not listing.rows and listing.ended == "complete":
            listing.end("empty")
        self._records.append(_poll_record(listing, self._snapshot_at))


def _poll_record(listing: Listing, snapshot_at: datetime) -> PollRecord:
    recorded_at = datetime.now(UTC).isoformat()
    parts = [SOURCE, listing.entity, snapshot_at.isoformat()]
    if listing.ended == "failed":
        # A poll may be tried again at the same snapshot time: its record must not be taken for a repeat of this one.
        parts.append(recorded_at)
    notes = [*listing.notes, *_explain_missing(listing)]
    return PollRecord(
        poll_id=hashlib.sha256("|".join(parts).encode()).hexdigest()[:32],
        source=SOURCE,
        entity=listing.entity,
        snapshot_at=snapshot_at.isoformat(),
        requested=listing.requested,
        pages=listing.pages,
        rows_received=listing.rows,
        distinct_rows=len(listing.seen),
        missing_ids=len(listing.missing),
        restarts=listing.restarts,
        ended=listing.ended,
        note="; ".join(notes) or None,
        recorded_at=recorded_at,
    )


def _explain_missing(listing: Listing) -> list[str]:
    if not listing.missing:
        return []
    named = ", ".join(listing.missing[:_NOTED_IDS])
    more = ", …" if len(listing.missing) > _NOTED_IDS else ""
    return [f"not returned: {named}{more}"]
