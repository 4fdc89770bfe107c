"""Steps at the same time, reported one after the other: what a run does and says does not depend on how many work."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from prefect import Task
from prefect.task_runners import ThreadPoolTaskRunner

from flows.warehouse import break_off

Given = TypeVar("Given")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Step:
    """A task with what it is called with, and the table that it is about."""

    name: str
    task: Task[..., Any]
    parameters: dict[str, Any]


def run_steps(steps: Sequence[Step], workers: int, report: Callable[[Step, Any], None]) -> None:
    """Run the steps, at most so many at once, and report each outcome, a result or an exception, in the steps' order.

    Whatever ends this early, be it Ctrl-C or an exception of `report`, ends what the other steps have under way: their
    statements are cancelled and their transactions rolled back before it returns.
    """
    if workers == 1 or len(steps) <= 1:
        for step in steps:
            report(step, _catch_outcome(partial(step.task, **step.parameters)))
        return
    runner: ThreadPoolTaskRunner[Any] = ThreadPoolTaskRunner(max_workers=workers)
    with runner:
        try:
            futures = [runner.submit(step.task, step.parameters) for step in steps]
            for step, future in zip(steps, futures, strict=True):
                report(step, _catch_outcome(future.result))
        except BaseException:
            break_off()
            raise


def map_at_once(workers: int) -> Callable[[Callable[[Given], Result], Sequence[Given]], Iterable[Result]]:
    """Return a `map` that works on so many at once; results come in order, the first exception is raised."""
    return lambda work, given: (
        map(work, given) if min(workers, len(given)) <= 1 else _map_in_threads(work, given, workers)
    )


def _map_in_threads(work: Callable[[Given], Result], given: Sequence[Given], workers: int) -> Iterator[Result]:
    with ThreadPoolExecutor(max_workers=workers) as executor:
        try:
            futures = [executor.submit(copy_context().run, work, one) for one in given]
            yield from [future.result() for future in futures]
        except Exception:
            # The step may be tried again, with the flow's logins: what the others have begun comes to its own end.
            executor.shutdown(cancel_futures=True)
            raise
        except BaseException:
            executor.shutdown(wait=False, cancel_futures=True)
            break_off()
            raise


def _catch_outcome(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except Exception as error:
        return error
