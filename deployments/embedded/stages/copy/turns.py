"""The files of a COPY in turns: while the rows of some go into the table, the next are read."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from deployments.embedded.stages.copy.outcome import Batch
from deployments.embedded.stages.staged_file import StagedFile

HELD_BYTES = 1 << 26  # of rows that go into the table together
_READ_AHEAD = 4  # files


def read_in_turns(files: Iterable[StagedFile], read: Callable[[StagedFile], Batch]) -> Iterator[list[Batch]]:
    """Yield the files' rows, as many together as are held at once.

    Args:
        files: The files.
        read: Reads one, in a thread of its own: DuckDB leaves Python to it.
    """
    held: list[Batch] = []
    for batch in _read_ahead(files, read):
        held.append(batch)
        if sum(one.rows.nbytes for one in held if one.rows is not None) >= HELD_BYTES:
            yield held
            held = []
    if held:
        yield held


def _read_ahead(files: Iterable[StagedFile], read: Callable[[StagedFile], Batch]) -> Iterator[Batch]:
    waiting: deque[Future[Batch]] = deque()
    with ThreadPoolExecutor(1) as reader:
        for file in files:
            waiting.append(reader.submit(read, file))
            if len(waiting) > _READ_AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
