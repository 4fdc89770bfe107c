"""Samples into the topic: the live streams of chosen games, languages or logins, at a fixed pace.

The pace does not drift: polls are due at whole multiples of the interval after the first. A poll that takes longer than
the interval skips the ones that fell due meanwhile and says so; they are never stacked.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from flows.errors import ConfigError, SourceError
from flows.settings import Settings
from flows.sources.kafka.cluster import client_settings, ensure_topic
from flows.sources.twitch.client import HelixClient
from flows.sources.twitch.listing import Listing, filter_combinations, list_streams

if TYPE_CHECKING:
    from flows.sources.twitch.poll import TwitchConfig

_PAGES = 1000
_FLUSH_SECONDS = 30.0
_FIELDS = (
    "user_id",
    "user_login",
    "user_name",
    "game_id",
    "game_name",
    "title",
    "viewer_count",
    "started_at",
    "language",
)


@dataclass
class Statistics:
    """What was produced since the last line about it.

    Attributes:
        polls: Polls that were made.
        samples: Samples that were handed to the client.
        delivered: Samples that the broker has acknowledged.
        failed: Samples that it has not taken.
        skipped: Polls that fell due while one was under way.
        faults: What went wrong, each once.
    """

    polls: int = 0
    samples: int = 0
    delivered: int = 0
    failed: int = 0
    skipped: int = 0
    faults: list[str] = field(default_factory=list)

    def line(self) -> str:
        """Put it in one line."""
        told = f"{self.polls} polls, {self.samples:,} samples, {self.delivered:,} delivered"
        for count, what in ((self.failed, "not delivered"), (self.skipped, "polls skipped")):
            told += f", {count:,} {what}" if count else ""
        return told + "".join(f"; {fault}" for fault in self.faults)


class SampleProducer:
    """Polls Helix and produces one message per live stream, keyed by its id.

    Args:
        settings: The broker, the topic, what is sampled.
        twitch: Where Helix is.
        now: The clock that samples are dated by.
    """

    def __init__(
        self, settings: Settings, twitch: TwitchConfig, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        from confluent_kafka import Producer

        twitch.check()
        ensure_topic(settings)
        self._settings, self._twitch, self._now = settings, twitch, now
        self._producer = Producer({**client_settings(settings), "enable.idempotence": True, "linger.ms": 50})
        self._games: tuple[str, ...] | None = None
        self._is_narrowed = bool(settings.stream_languages or settings.stream_user_logins)
        self.statistics = Statistics()

    def run(
        self, is_stopped: Callable[[], bool], report: Callable[[Statistics], None], polls: int | None = None
    ) -> None:
        """Poll at the pace that is set until it is told to stop, then flush.

        Args:
            is_stopped: Asked several times a second.
            report: Given the statistics after each poll.
            polls: End after so many; None: never.

        Raises:
            ConfigError: A game is not known, or credentials are refused.
        """
        for number, _ in enumerate(self._due(is_stopped), start=1):
            self.poll()
            report(self.statistics)
            self.statistics = Statistics()
            if number == polls:
                break
        self.flush()

    def poll(self) -> None:
        """Sample once; a source that fails is reported, and the next poll tries again."""
        self.statistics.polls += 1
        try:
            records = asyncio.run(self._live_streams())
        except SourceError as error:
            self.statistics.faults.append(str(error))
            return
        collected_at = self._now()
        for record in records:
            self._produce(record, collected_at)
        self._producer.flush(_FLUSH_SECONDS)

    def flush(self) -> int:
        """Wait for what the broker has not acknowledged; returns how many it still has not."""
        return int(self._producer.flush(_FLUSH_SECONDS))

    def _produce(self, record: dict[str, Any], collected_at: datetime) -> None:
        stream_id = record.get("id")
        if not stream_id:
            self.statistics.faults.append("Helix listed a stream without an id")
            return
        sample = {
            "timestamp": f"{collected_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z",
            "stream_id": stream_id,
            **{name: record.get(name) for name in _FIELDS},
            # Their sum is not that of the category: readers must know.
            **({"is_narrowed": True} if self._is_narrowed else {}),
        }
        value = json.dumps(sample, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")
        self._producer.produce(
            self._settings.kafka_topic,
            value,
            key=str(stream_id),
            on_delivery=self._note_delivery,
            timestamp=int(collected_at.timestamp() * 1000),
        )
        self.statistics.samples += 1
        self._producer.poll(0)

    def _note_delivery(self, error: Any, message: Any) -> None:
        if error is None:
            self.statistics.delivered += 1
            return
        self.statistics.failed += 1
        if (fault := error.str()) not in self.statistics.faults:
            self.statistics.faults.append(fault)

    def _due(self, is_stopped: Callable[[], bool]) -> Iterator[int]:
        """Yield the number of each poll when it is due."""
        interval, begun, number = self._settings.stream_interval_seconds, time.monotonic(), 0
        while not is_stopped():
            yield number
            passed = int((time.monotonic() - begun) / interval)
            self.statistics.skipped += max(passed - number, 0)
            number = max(passed, number) + 1
            while not is_stopped() and time.monotonic() < begun + number * interval:
                self._producer.poll(0.1)

    async def _live_streams(self) -> list[dict[str, Any]]:
        async with self._twitch.client() as client:
            if self._games is None:
                self._games = await _game_ids(client, self._settings.stream_games)
            named = {
                "game_id": self._games,
                "language": self._settings.stream_languages,
                "user_login": self._settings.stream_user_logins,
            }
            found: dict[str, dict[str, Any]] = {}
            for filters in filter_combinations({name: values for name, values in named.items() if values}):
                async for page in list_streams(client, Listing("streams"), filters, max_pages=_PAGES):
                    for record in page.records:
                        if isinstance(record, dict):  # a stream that moved between pages is listed twice
                            found[str(record.get("id"))] = record
            return list(found.values())


async def _game_ids(client: HelixClient, games: tuple[str, ...]) -> tuple[str, ...]:
    """Return the ids of games that are given by name or id.

    Raises:
        ConfigError: There is no game of that name.
    """
    ids = [game for game in games if game.isdigit()]
    for name in [game for game in games if not game.isdigit()]:
        page = await client.fetch_page("games", {"name": name})
        if not page.records:
            raise ConfigError(f"Twitch knows no game {name!r} (SNOWCAST_STREAM_GAMES); give its exact name or its id.")
        ids += [str(record["id"]) for record in page.records]
    return tuple(ids)
