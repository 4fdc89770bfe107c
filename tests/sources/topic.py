"""A topic of a broker with a test's warehouse behind it, its messages, and a consumer's death."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from confluent_kafka import Producer, TopicPartition

from flows.load import positions
from flows.load.loader import load_pending
from flows.load.positions import read_positions
from flows.services.broker import BrokerEndpoint
from flows.settings import Settings
from flows.sources.kafka.cluster import ensure_topic
from flows.sources.kafka.consumer import SampleConsumer, Statistics
from transforms.engine.tables import create_table
from transforms.ops import HEADS, LOADS, POLLS, QUARANTINE, STREAM_POSITIONS
from transforms.raw.raw_stream_samples import TABLE

if TYPE_CHECKING:
    from snowflake.snowpark import Session

QUIET = 3  # looks, with a read between them, that must find nothing left


class Alone:
    """A client that is given all partitions as soon as it subscribes: the broker lets each new group wait for 3 s."""

    def __init__(self, client: Any, partitions: int) -> None:
        self._client, self._partitions = client, partitions

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def subscribe(self, topics: list[str], *, on_assign: Callable[..., None], **_: Any) -> None:
        on_assign(self, [TopicPartition(topics[0], number) for number in range(self._partitions)])


class Shortened(Alone):
    """A client of a topic whose retention has removed what lies before some offset of its first partition."""

    kept_from = 0

    def get_watermark_offsets(self, partition: TopicPartition, **named: Any) -> tuple[int, int]:
        low, high = self._client.get_watermark_offsets(partition, **named)
        return (self.kept_from if partition.partition == 0 else low), high


class Stream:
    """A topic of a broker, and the test's warehouse."""

    def __init__(self, session: Session, database: str, home: Path, broker: BrokerEndpoint) -> None:
        self.session, self.database, self.home, self.broker = session, database, home, broker
        self.name = f"samples_{uuid.uuid4().hex[:8]}"
        self.settings = self.settings_of(home)
        for statement in (f"SCHEMA {database}.RAW", f"SCHEMA {database}.OPS", f"STAGE {database}.RAW.LANDING"):
            session.sql(f"CREATE {statement}").collect()
        for table in (TABLE, LOADS, POLLS, QUARANTINE, HEADS, STREAM_POSITIONS):
            create_table(session, table)
        ensure_topic(self.settings)

    def settings_of(self, home: Path, **changes: Any) -> Settings:
        given = {
            "home": home,
            "kafka_bootstrap_servers": self.broker.bootstrap_servers,
            "kafka_topic": self.name,
            "kafka_group": self.name,
            "kafka_batch_messages": 40,
            "kafka_batch_seconds": 0.2,
            "kafka_session_timeout_ms": 6000,
        }
        return Settings(**(given | changes))

    def produce(self, *values: Any, partition: int | None = None) -> None:
        producer = Producer({"bootstrap.servers": self.broker.bootstrap_servers, "enable.idempotence": True})
        for value in values:
            content = value if isinstance(value, bytes) else json.dumps(value).encode()
            where = {} if partition is None else {"partition": partition}
            producer.produce(self.settings.kafka_topic, content, key=str(hash(content) % 7), **where)
        assert producer.flush(20) == 0

    def load(self, settings: Settings, session: Session, lags: Any) -> Any:
        return load_pending(session, self.database, settings.landing_root, [TABLE], source="kafka", lags=lags)

    def consume(
        self,
        settings: Settings | None = None,
        session: Session | None = None,
        *,
        idle: float | None = None,
        client: type[Alone] = Alone,
    ) -> int:
        """Read until all that the topic holds is loaded; returns how many messages.

        Args:
            settings: Of the consumer; None: the stream's.
            session: Of the consumer; None: the stream's.
            idle: Join the group, and end where nothing came for so many seconds; None: read all partitions at once.
            client: What stands before the client of the broker, where the group is not joined.
        """
        chosen, found = settings or self.settings, session or self.session
        told: list[Statistics] = []
        self.load(chosen, found, {})
        consumer = SampleConsumer(chosen, found, lambda one, lags: self.load(chosen, one, lags))
        if idle is None:
            consumer._consumer = client(consumer._consumer, chosen.kafka_partitions)
        consumer.run((lambda: False) if idle else self.is_quiet(consumer), told.append, idle)
        self.gaps = [gap for one in told for gap in one.gaps]
        return sum(one.messages for one in told)

    def is_quiet(self, consumer: SampleConsumer) -> Callable[[], bool]:
        """Whether a consumer has nothing left to load, by the broker and the ledger, and reads nothing more."""
        looks = [0]

        def is_quiet() -> bool:
            looks[0] = looks[0] + 1 if not consumer._buffer and self.is_loaded(consumer) else 0
            return looks[0] >= QUIET

        return is_quiet

    def is_loaded(self, consumer: SampleConsumer) -> bool:
        following = positions.next_offsets(read_positions(self.session), consumer._incarnation)
        partitions = range(self.settings.kafka_partitions)
        return all(following.get(number, 0) >= self.end_of(consumer, number) for number in partitions)

    def end_of(self, consumer: SampleConsumer, partition: int) -> int:
        """The offset behind the last message of a partition."""
        return int(consumer._consumer.get_watermark_offsets(TopicPartition(self.name, partition), timeout=5)[1])

    def raw(self) -> list[dict[str, Any]]:
        return [
            json.loads(row[0]) for row in self.session.table(TABLE.full_name(self.database)).select("record").collect()
        ]

    def samples(self) -> Counter[str]:
        return Counter(one["stream_id"] for one in self.raw() if "_fault" not in one)

    def positions(self) -> list[dict[str, Any]]:
        rows = self.session.table(STREAM_POSITIONS.full_name(self.database)).collect()
        return [{name.lower(): value for name, value in row.as_dict().items()} for row in rows]

    def assert_positions_balance(self) -> None:
        for row in self.positions():
            assert row["messages"] == row["rows_loaded"] + row["quarantined"] + row["repeated"], row
        held = self.raw()
        assert sum(row["rows_loaded"] + row["quarantined"] for row in self.positions()) == len(held)
        places = Counter((one["_incarnation"], one["_partition"], one["_offset"]) for one in held)
        assert set(places.values()) <= {1}, "a message is in RAW twice"


def sample(number: int | str, viewers: int = 5) -> dict[str, Any]:
    return {
        "timestamp": "2026-11-28T07:00:00Z",
        "stream_id": str(number),
        "user_name": "someone",
        "game_name": "Age of Empires II: Definitive Edition",
        "viewer_count": viewers,
        "started_at": "2026-11-28T06:00:00Z",
        "language": "en",
    }


def all_once(*numbers: int | str) -> Counter[str]:
    return Counter({str(number): 1 for number in numbers})


class KilledError(Exception):
    """The process dies here."""


def killed(monkeypatch: pytest.MonkeyPatch, place: Any, name: str, *, after: bool, at: int, landed: list[str]) -> None:
    real: Callable[..., Any] = getattr(place, name)
    left = [at]

    def dying(*arguments: Any, **named: Any) -> Any:
        left[0] -= 1
        if left[0] == 0 and not after:
            landed.append(name)
            raise KilledError(name)
        result = real(*arguments, **named)
        if left[0] == 0:
            landed.append(name)
            raise KilledError(name)
        return result

    monkeypatch.setattr(place, name, dying)
