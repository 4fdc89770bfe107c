"""Samples out of the topic, each once: batches become landing files, loads, ledger rows, then committed offsets.

Where to read on is told by OPS.STREAM_POSITIONS, whose rows commit together with those of RAW; the offsets that are
committed at the broker follow, for those who watch its lag. So a consumer that dies between any two steps, or a group
whose offsets were set back, loses nothing and repeats nothing. A topic that was made anew is another incarnation: its
offsets begin at 0 and are no repeats.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_exponential_jitter

from flows.errors import SourceError, TransientError
from flows.landing import LandingWriter
from flows.load.messages import Position, record_of
from flows.load.positions import KIND, next_offsets, read_positions
from flows.settings import Settings
from flows.sources.kafka.cluster import ANSWER_SECONDS, administrator, client_settings, incarnation_of, unreachable

if TYPE_CHECKING:
    from confluent_kafka import Message, TopicPartition
    from snowflake.snowpark import Session

    from flows.load.report import LoadReport

logger = logging.getLogger(__name__)
Load = Callable[["Session", dict[tuple[str, int], int]], "LoadReport"]
_POLL_SECONDS = 0.5
_MOST_AT_ONCE = 1000
_AWAY_SECONDS = 60.0
_LONGEST_PAUSE_SECONDS = 5.0
_JOIN_SECONDS = 120.0


@dataclass
class Statistics:
    """What one batch brought.

    Attributes:
        messages: Messages read.
        rows: Rows added to RAW.
        lag: Messages that are left in the partitions of this consumer.
        gaps: Messages that the topic no longer had, in words.
    """

    messages: int = 0
    rows: int = 0
    lag: int = 0
    gaps: list[str] = field(default_factory=list)

    def line(self) -> str:
        """Put it in one line."""
        told = f"{self.messages:,} messages, {self.rows:,} rows, {self.lag:,} behind"
        return told + "".join(f"; {gap}" for gap in self.gaps)


class SampleConsumer:
    """One member of the consumer group.

    Args:
        settings: The broker, the topic, the size and age of batches, the landing root.
        session: Where RAW and the positions are.
        load: Loads what is landed.
    """

    def __init__(self, settings: Settings, session: Session, load: Load) -> None:
        from confluent_kafka import Consumer

        self._settings, self._session, self._load = settings, session, load
        self._admin = administrator(settings)
        self._consumer = Consumer(
            {
                **client_settings(settings),
                "group.id": settings.kafka_group,
                "group.protocol": "classic",
                "partition.assignment.strategy": "cooperative-sticky",
                "session.timeout.ms": settings.kafka_session_timeout_ms,
                "heartbeat.interval.ms": settings.kafka_session_timeout_ms // 3,
                "enable.auto.commit": False,
                "enable.auto.offset.store": False,
                # What is fetched ahead is memory: as much as a batch or two, not the client's 64 MB.
                "queued.min.messages": 10_000,
                "queued.max.messages.kbytes": 8192,
                # An offset that is not there is no reason to go on elsewhere in silence.
                "auto.offset.reset": "error",
            }
        )
        self._incarnation = ""
        self._buffer: list[Message] = []
        self._since = time.monotonic()
        self._gaps: list[str] = []
        self._is_member = False
        self._heard = time.monotonic()

    def run(
        self,
        is_stopped: Callable[[], bool],
        report: Callable[[Statistics], None],
        idle_seconds: float | None = None,
    ) -> None:
        """Read until it is told to stop, then load what is read and leave the group.

        Args:
            is_stopped: Asked about twice a second.
            report: Given the statistics of each batch.
            idle_seconds: End where so long nothing came; None: never.

        Raises:
            SourceError: The broker cannot be reached.
        """
        from confluent_kafka import KafkaException

        try:
            self._incarnation = self._incarnation_now()
            handlers = {"on_assign": self._take_assigned, "on_revoke": self._give_back, "on_lost": self._forget_lost}
            self._consumer.subscribe([self._settings.kafka_topic], **handlers)
            begun = self._heard = time.monotonic()
            while not is_stopped():
                self._check_membership(begun)
                if self._read() or not self._is_member:  # to join a group takes seconds in which nothing can come
                    self._heard = time.monotonic()
                if self._is_due():
                    report(self.flush())
                if idle_seconds is not None and time.monotonic() - self._heard > idle_seconds:
                    break
            if self._buffer:
                report(self.flush())
        except KafkaException as error:
            raise unreachable(self._settings, error) from None
        finally:
            self._consumer.close()

    def _check_membership(self, begun: float) -> None:
        if not self._is_member and time.monotonic() - begun > _JOIN_SECONDS:
            raise SourceError(
                f"Kafka gave no partition of group {self._settings.kafka_group} for {_JOIN_SECONDS:.0f} s. "
                "Likely another member hangs: it loses its place after its session timeout, so try again."
            )

    def flush(self) -> Statistics:
        """Land the batch, load it, commit its offsets."""
        messages, self._buffer = self._buffer, []
        self._since = time.monotonic()
        gaps, self._gaps = self._gaps, []
        if not messages:
            return Statistics(gaps=gaps)
        self._land(messages)
        lags = self._lags(messages)
        loaded = self._load_again(lags)
        self._commit(messages)
        return Statistics(len(messages), loaded.rows_loaded, sum(lags.values()), gaps)

    def _read(self) -> int:
        """Take what has come; returns how many messages."""
        taken = 0
        for message in self._consumer.consume(_MOST_AT_ONCE, _POLL_SECONDS):
            if message.error() is None:
                self._buffer.append(message)
                taken += 1
            else:
                self._judge(message.error())
        if taken and self._incarnation_now() != self._incarnation:
            # What came just now may be of either topic: the new one is read from its begin, the old one is gone.
            del self._buffer[-taken:]
            self._begin_again()
            return 0
        return taken

    def _judge(self, error: Any) -> None:
        from confluent_kafka import KafkaError, KafkaException

        if error.code() in (KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE, KafkaError.UNKNOWN_TOPIC_ID):
            self._begin_again()
        elif error.fatal() or error.code() in (KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError._AUTHENTICATION):
            raise KafkaException(error)
        else:  # a broker that is away comes back; the client tries again by itself
            logger.warning("kafka: %s", error.str())

    def _incarnation_now(self) -> str:
        """Name the topic that is there; a broker or a topic that is away for a while is waited for."""
        return _insisting(SourceError)(incarnation_of, self._settings, self._admin, self._consumer)

    def _begin_again(self) -> None:
        """Load what is read, then go on where the topic that is there now is not loaded."""
        self.flush()
        self._incarnation = self._incarnation_now()
        assigned = self._consumer.assignment()
        self._consumer.incremental_unassign(assigned)
        self._take_assigned(self._consumer, assigned)

    def _take_assigned(self, consumer: Any, partitions: list[TopicPartition]) -> None:
        """Read each partition on from what is loaded of it."""
        from confluent_kafka import TopicPartition

        self._is_member = True
        self._incarnation = self._incarnation_now()
        following = next_offsets(read_positions(self._session), self._incarnation)
        begins = []
        for one in partitions:
            low, _ = consumer.get_watermark_offsets(TopicPartition(one.topic, one.partition), timeout=ANSWER_SECONDS)
            wanted = following.get(one.partition, low)
            if low > wanted:
                self._gaps.append(
                    f"partition {one.partition}: offsets {wanted:,} to {low - 1:,} are gone "
                    "(the topic's retention or compaction removed them before they were read)"
                )
            begins.append(TopicPartition(one.topic, one.partition, max(low, wanted)))
        consumer.incremental_assign(begins)
        self._heard = time.monotonic()  # nothing could come before

    def _give_back(self, consumer: Any, partitions: list[TopicPartition]) -> None:
        """Load and commit all that is read before the partitions go to somebody else."""
        self.flush()
        consumer.incremental_unassign(partitions)

    def _forget_lost(self, consumer: Any, partitions: list[TopicPartition]) -> None:
        """Forget what is read of partitions that somebody else may be reading already."""
        lost = {one.partition for one in partitions}
        self._buffer = [one for one in self._buffer if one.partition() not in lost]
        consumer.incremental_unassign(partitions)

    def _is_due(self) -> bool:
        is_old = time.monotonic() - self._since >= self._settings.kafka_batch_seconds
        return len(self._buffer) >= self._settings.kafka_batch_messages or (is_old and bool(self._buffer or self._gaps))

    def _land(self, messages: list[Message]) -> None:
        source, _, entity = KIND.partition("/")
        with LandingWriter(self._settings.landing_root, source, entity, datetime.now(UTC)) as writer:
            for message in messages:
                writer.write(self._record(message))
            writer.finish()

    def _record(self, message: Message) -> Any:
        position = Position(
            self._settings.kafka_topic, self._incarnation, int(message.partition() or 0), int(message.offset() or 0)
        )
        kind, sent_ms = message.timestamp()
        return record_of(
            position,
            _bytes(message.value()),
            _bytes(message.key()),
            sent_ms if kind else None,
            self._settings.kafka_message_bytes,
        )

    def _lags(self, messages: list[Message]) -> dict[tuple[str, int], int]:
        """Messages behind the last one that was read of each partition, as the client last heard of."""
        from confluent_kafka import TopicPartition

        newest = {int(one.partition() or 0): int(one.offset() or 0) for one in messages}
        lags = {}
        for partition, offset in newest.items():
            _, high = self._consumer.get_watermark_offsets(
                TopicPartition(self._settings.kafka_topic, partition), timeout=ANSWER_SECONDS, cached=True
            )
            lags[self._incarnation, partition] = max(high - offset - 1, 0)
        return lags

    def _load_again(self, lags: dict[tuple[str, int], int]) -> LoadReport:
        """Load, again where another consumer of the topic committed meanwhile: with short batches that is often."""
        return _insisting(TransientError)(self._load, self._session, lags)

    def _commit(self, messages: list[Message]) -> None:
        """Tell the broker how far we are; where that fails the ledger knows it all the same."""
        from confluent_kafka import KafkaException, TopicPartition

        newest = {int(one.partition() or 0): int(one.offset() or 0) + 1 for one in messages}
        try:
            self._consumer.commit(
                offsets=[TopicPartition(self._settings.kafka_topic, one, to) for one, to in newest.items()],
                asynchronous=False,
            )
        except KafkaException as error:
            logger.warning("kafka: offsets were not committed: %s", error.args[0].str())


def _insisting(passing: type[Exception]) -> Retrying:
    """Return what calls again for as long as _AWAY_SECONDS, with growing pauses, while the error is one that passes."""
    return Retrying(
        retry=retry_if_exception_type(passing),
        wait=wait_exponential_jitter(_POLL_SECONDS, _LONGEST_PAUSE_SECONDS, jitter=_POLL_SECONDS),
        stop=stop_after_delay(_AWAY_SECONDS),
        reraise=True,
    )


def _bytes(content: str | bytes | None) -> bytes | None:
    return content.encode() if isinstance(content, str) else content
