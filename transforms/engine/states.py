"""What tables have not consumed, as it was read and as the builds of this process have changed it since."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from transforms.catalog import Model
from transforms.contract import Table
from transforms.write_kinds import HardDeletes, History


@dataclass(frozen=True)
class Batches:
    """Unconsumed batches of one input.

    Args:
        ids: Loads or builds.
        moving: Those of them that deleted or changed rows, so that rows have left groups.
    """

    ids: tuple[str, ...] = ()
    moving: tuple[str, ...] = ()


@dataclass(frozen=True)
class State:
    """What a table was last built with, and what it has not consumed since.

    Args:
        build_id: The newest build of the table; None before the first.
        parameters: Parameters of that build.
        contract_hash: Hash of the columns of that build.
        pending: Unconsumed batches by input.
    """

    build_id: str | None
    parameters: str | None
    contract_hash: str | None
    pending: Mapping[str, Batches] = field(default_factory=dict)

    @property
    def pending_count(self) -> int:
        """Unconsumed batches of all inputs."""
        return sum(len(batches.ids) for batches in self.pending.values())


@dataclass(frozen=True)
class Committed:
    """What a build that was committed means to the state of the tables.

    Args:
        table: What was built.
        head: The table's state from now on, without what it has not consumed.
        consumed: What it has consumed, by input.
        wrote_rows: It inserted, changed or deleted rows.
        moved_rows: It changed or deleted rows.
        refused_records: It refused records of the source.
    """

    table: Table
    head: State
    consumed: Mapping[str, Batches]
    wrote_rows: bool
    moved_rows: bool
    refused_records: bool


class States:
    """The states of tables, as they were read and as the builds of this process have changed them since.

    Builds of several threads may tell of themselves at the same time.
    """

    def __init__(self, models: Iterable[Model], states: Mapping[str, State]) -> None:
        self._models = {model.table.name: model for model in models}
        self._states = dict(states)
        self._lock = threading.Lock()

    def of(self, name: str) -> State | None:
        """Return the table's state; None where it must be read again."""
        with self._lock:
            return self._states.get(name)

    def forget(self, name: str) -> None:
        """Let the table's state be read again: somebody else has built it."""
        with self._lock:
            self._states.pop(name, None)

    def keep(self, name: str, state: State) -> None:
        """Take what was read again."""
        with self._lock:
            self._states[name] = state

    def record(self, committed: Committed) -> None:
        """Take a build into account: its table has consumed, and its readers have one more batch to read."""
        build_id, name = committed.head.build_id, committed.table.name
        if build_id is None:
            return
        with self._lock:
            if name in self._states:
                left = _without(self._states[name].pending, committed.consumed)
                self._states[name] = replace(committed.head, pending=left)
            for reader in self._models.values():
                state = self._states.get(reader.table.name)
                if state and name in reader.inputs and _matters(reader.table, committed):
                    more = _with_build(state.pending.get(name, Batches()), build_id, committed)
                    self._states[reader.table.name] = replace(state, pending={**state.pending, name: more})


def counts_absence(reader: Table) -> bool:
    """Return whether a key that its input no longer lists is gone to the table."""
    return isinstance(reader.write, History) and reader.write.hard_deletes is not HardDeletes.IGNORE


def _matters(reader: Table, committed: Committed) -> bool:
    if reader.is_view:
        return False
    return committed.wrote_rows or (committed.refused_records and counts_absence(reader))


def _with_build(batches: Batches, build_id: str, committed: Committed) -> Batches:
    moving = (*batches.moving, build_id) if committed.moved_rows else batches.moving
    return Batches(tuple(sorted((*batches.ids, build_id))), tuple(sorted(moving)))


def _without(pending: Mapping[str, Batches], consumed: Mapping[str, Batches]) -> dict[str, Batches]:
    left: dict[str, Batches] = {}
    for name, batches in pending.items():
        gone = set(consumed[name].ids) if name in consumed else set()
        left[name] = Batches(
            tuple(one for one in batches.ids if one not in gone),
            tuple(one for one in batches.moving if one not in gone),
        )
    return left
