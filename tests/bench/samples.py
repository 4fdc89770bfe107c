"""Stream samples out of a topic: messages a second through consume, load and build, and the memory of the consumer.

A broker of its own keeps the messages; the consumer runs in a process of its own, with the batches that the settings
have, and builds what `SNOWCAST_STREAM_BUILD` names behind the last one. The minute after it is one more poll of 1,000
streams on top of what is there: what it takes to consume, load and build says whether a minute is enough.

    python -m tests.bench.samples MESSAGES     (the consuming process, started by `measured`)
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.table import Table

if TYPE_CHECKING:
    from flows.settings import Settings

STREAMS = 1000
FOOTNOTE = """memory: highest resident set of the consuming process over what it was before its first batch.
a minute: 1,000 streams sampled once more, consumed, loaded and built; CPU of the client alone in brackets."""


def measured(messages: int) -> Table:
    """A fifth of the messages, then all of them, each in a fresh home."""
    table = Table(title=f"Samples of {STREAMS:,} streams out of a Kafka topic")
    for name in ("messages", "consume and load", "messages a second", "build", "memory", "a minute of 1,000 streams"):
        table.add_column(name, justify="right")
    for count in (messages // 5, messages):
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-m", "tests.bench.samples", str(count)]
            told = {**os.environ, "BENCH_HOME": folder}
            done = subprocess.run(command, env=told, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"bench: consuming failed:\n{done.stderr[-2000:]}")
        found = json.loads(done.stdout.strip().splitlines()[-1])
        table.add_row(
            f"{count:,}",
            f"{found['load']:.1f} s",
            f"{count / found['load']:,.0f}",
            f"{found['build']:.1f} s",
            f"{found['memory'] / 1024:,.0f} MiB",
            f"{found['minute']:.1f} s ({found['minute_cpu']:.1f} s)",
        )
    return table


def _produce(settings: Settings, polls: range) -> None:
    from confluent_kafka import Producer

    producer = Producer({"bootstrap.servers": settings.kafka_bootstrap_servers, "linger.ms": 50})
    begin = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
    for poll in polls:
        at = begin + timedelta(minutes=poll)
        for number in range(STREAMS):
            producer.produce(settings.kafka_topic, json.dumps(_sample(number, at, begin)), key=str(number))
            producer.poll(0)
    if producer.flush(60):
        sys.exit("bench: the broker did not take the messages")


def _sample(number: int, at: datetime, begin: datetime) -> dict[str, Any]:
    return {
        "timestamp": f"{at:%Y-%m-%dT%H:%M:%S}.000Z",
        "stream_id": f"s{number}",
        "user_id": f"u{number}",
        "user_login": f"login_{number}",
        "user_name": f"Name {number}",
        "game_id": f"{number % 5}",
        "game_name": f"Game {number % 5}",
        "title": "a title of usual length for a stream",
        "viewer_count": (number * 37 + at.minute) % 900,
        "started_at": f"{begin:%Y-%m-%dT%H:%M:%SZ}",
        "language": "en",
    }


def _consume_all(messages: int, folder: Path) -> dict[str, float]:
    from deployments.embedded import stop as stop_warehouse
    from flows.services.broker import ensure_broker, stop_broker
    from flows.settings import Settings, make_parameters
    from flows.sources.kafka.cluster import ensure_topic
    from flows.steps.stream import consume_samples
    from flows.warehouse import open_session, prepare
    from transforms.build import build_table
    from transforms.catalog import select_models
    from transforms.engine.batches import read_states

    broker = ensure_broker(folder)
    settings = Settings(home=folder, kafka_bootstrap_servers=broker.bootstrap_servers)

    def build() -> None:
        models = [model for model in select_models(list(settings.stream_build)) if model.build]
        with open_session(settings) as session:
            states = read_states(session, models)
            for model in models:
                build_table(
                    session, model.table.name, run_id="bench", parameters=make_parameters(settings), states=states
                )

    def consume(expected: int) -> None:
        taken = [0]

        def report(line: str, is_well: bool) -> None:
            taken[0] += int(line.split(" ")[0].replace(",", ""))

        consume_samples(settings, lambda: taken[0] >= expected, report, None)

    try:
        ensure_topic(settings)
        with open_session(settings) as session:
            prepare(session, settings)
        _produce(settings, range(messages // STREAMS))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        found = {"load": _seconds(lambda: consume(messages)), "build": _seconds(build)}
        found["memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        last = messages // STREAMS
        _produce(settings, range(last, last + 1))
        began = time.process_time()
        short = settings.model_copy(update={"kafka_batch_messages": STREAMS})
        settings = short
        found["minute"] = _seconds(lambda: consume(STREAMS)) + _seconds(build)
        return {**found, "minute_cpu": time.process_time() - began}
    finally:
        stop_broker(folder)
        stop_warehouse(folder)


def _seconds(work: Any) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    print(json.dumps(_consume_all(int(sys.argv[1]), Path(os.environ["BENCH_HOME"]))))  # noqa: T201
