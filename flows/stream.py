"""The stream of samples: produce into the topic, consume out of it. Both run until they are told to stop."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from prefect import flow

from flows.errors import TransientError, ValidationFailed
from flows.reporting import reporter
from flows.settings import load_settings
from flows.steps.layers import build_layers
from flows.steps.run import Run, record_run
from flows.steps.stream import consume_samples, produce_samples

_under_way: list[threading.Event] = []


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
    """Load the topic's messages batch by batch, each once, and build what is watched by the minute behind each batch.

    Args:
        idle_seconds: End where so long nothing came; none: when it is told to stop.
    """
    settings, report = load_settings(), _report("consume")

    def build() -> None:
        try:
            stream_build(list(settings.stream_build))
        except (ValidationFailed, TransientError) as error:  # the next batch, or the next run, goes on from there
            report(str(error), False)

    with until_stopped() as is_stopped:
        consume_samples(settings, is_stopped, report, idle_seconds, build if settings.stream_build else None)


@flow(name="stream-build")
def stream_build(select: list[str]) -> Run:
    """Build tables from what a batch of samples brought, and validate what was written.

    Args:
        select: Tables, layers, tags and graph operators.
    """
    # Prefect takes the signals for itself while a flow runs, and would break the build off.
    with until_stopped(), record_run("stream-build") as (run, _):
        build_layers(run, select)
    return run


def _report(step: str) -> Callable[[str, bool], None]:
    return lambda line, is_well: reporter().show_result(step, line, "ok" if is_well else "warning")


@contextmanager
def until_stopped() -> Iterator[Callable[[], bool]]:
    """Whether SIGTERM or SIGINT has come: what is under way is finished then, and nothing new is begun.

    A block within a block hears of the same signals, and tells the outer one.
    """
    stopped = _under_way[-1] if _under_way else threading.Event()
    if threading.current_thread() is not threading.main_thread():  # signals reach the main thread only
        yield stopped.is_set
        return
    before = {one: signal.signal(one, lambda *_: stopped.set()) for one in (signal.SIGTERM, signal.SIGINT)}
    _under_way.append(stopped)
    try:
        yield stopped.is_set
    finally:
        _under_way.pop()
        for number, handler in before.items():
            signal.signal(number, handler)
