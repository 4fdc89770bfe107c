"""The stream of samples: produce into the topic, consume out of it. Both run until they are told to stop."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from prefect import flow

from flows.reporting import reporter
from flows.settings import load_settings
from flows.steps.stream import consume_samples, produce_samples


@flow(name="stream-produce")
def stream_produce(polls: int | None = None) -> None:
    """Sample the live streams of the chosen games into the topic, at the pace that is set.

    Args:
        polls: End after so many; none: when it is told to stop.
    """
    with until_stopped() as is_stopped:
        produce_samples(load_settings(), is_stopped, _report("sample"), polls)


@flow(name="stream-consume")
def stream_consume(idle_seconds: float | None = None) -> None:
    """Load the topic's messages batch by batch, each once.

    Args:
        idle_seconds: End where so long nothing came; none: when it is told to stop.
    """
    with until_stopped() as is_stopped:
        consume_samples(load_settings(), is_stopped, _report("consume"), idle_seconds)


def _report(step: str) -> Callable[[str, bool], None]:
    return lambda line, is_well: reporter().finished(step, line, "ok" if is_well else "warning")


@contextmanager
def until_stopped() -> Iterator[Callable[[], bool]]:
    """Whether SIGTERM or SIGINT has come: what is under way is finished then, and nothing new is begun."""
    stopped = threading.Event()
    if threading.current_thread() is not threading.main_thread():  # signals reach the main thread only
        yield stopped.is_set
        return
    before = {one: signal.signal(one, lambda *_: stopped.set()) for one in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stopped.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
