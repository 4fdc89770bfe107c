"""Messages that are loaded already are not loaded again: what of a landing file of messages is new, and what is told.

OPS.STREAM_POSITIONS says which offsets of which incarnation of a topic RAW holds; its rows commit together with the
rows of the COPY. A batch that was landed and not loaded before its reader died may have been read again by another one
meanwhile: what of it is known is left out. The new rest becomes a landing file of its own, and the file as it was read
moves to `.repeated/` below the landing root.
"""

from __future__ import annotations

import json
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from snowflake.snowpark.exceptions import SnowparkSQLException
from snowflake.snowpark.functions import col, lit

from flows.errors import TransientError
from flows.landing import LandedFile, LandingWriter, read_lines
from flows.load.copy import remove_load
from flows.load.messages import position_of
from flows.load.stage import make_load_id
from flows.warehouse.errors import first_line
from transforms.engine.ledgers import append_rows
from transforms.engine.stored import read_table
from transforms.functions import Session
from transforms.ops import HEADS, STREAM_POSITIONS
from transforms.raw.raw_stream_samples import TABLE

KIND = "kafka/samples"
_REPEATED = ".repeated"
# incarnation and partition -> ranges of offsets, both ends included
Known = dict[tuple[str, int], list[tuple[int, int]]]


@dataclass
class Part:
    """One partition of one batch."""

    topic: str
    offsets: list[int] = field(default_factory=list)
    faults: int = 0
    repeated: int = 0


def read_positions(session: Session) -> Known:
    """Read which offsets are loaded."""
    known: Known = defaultdict(list)
    names = ("incarnation", "partition_number", "first_offset", "last_offset")
    for incarnation, partition, first, last in read_table(session, STREAM_POSITIONS).select(*names).collect():
        known[str(incarnation), int(partition)].append((int(first), int(last)))
    return known


def next_offsets(known: Known, incarnation: str) -> dict[int, int]:
    """Return the first offset of each partition of an incarnation that is not loaded."""
    return {
        partition: max(last for _, last in ranges) + 1
        for (found, partition), ranges in known.items()
        if found == incarnation
    }


class Positions:
    """The positions of the files of one load.

    Args:
        session: Where the ledger is.
        root: Root of the landing files.
        lags: Messages behind each partition of an incarnation, where whoever read them asked.
    """

    def __init__(self, session: Session, root: Path, lags: Mapping[tuple[str, int], int] | None = None) -> None:
        self._session, self._root, self._lags = session, root, lags or {}
        self._parts: dict[str, dict[tuple[str, int], Part]] = {}
        self._seen: str | None = None

    def only_new(self, files: Sequence[LandedFile]) -> list[LandedFile]:
        """Return the files to load: those of messages hold only what neither RAW nor another of them has."""
        messages = [one for one in files if f"{one.source}/{one.entity}" == KIND]
        if not messages:
            return list(files)
        self._seen = _current_head(self._session)
        known = read_positions(self._session)
        chosen: dict[str, LandedFile] = {}
        for landed in messages:
            kept = self._without_known(landed, known)
            if kept is not None:
                chosen[kept.relative_path] = kept
        return [*[one for one in files if one not in messages], *chosen.values()]

    def record(self, files: Iterable[LandedFile], loaded_at: datetime) -> None:
        """Write down what was loaded, in the transaction of the COPY, unless another loader did meanwhile.

        Raises:
            TransientError: Messages of the topic were loaded since `only_new` looked, maybe the same ones.
        """
        rows = [row for landed in files for row in self._rows(landed, loaded_at)]
        if not rows:
            return
        append_rows(self._session, STREAM_POSITIONS, rows)
        is_seen = col("build_id").is_null() if self._seen is None else col("build_id") == lit(self._seen)
        claimed = read_table(self._session, HEADS).update(
            {"build_id": lit(uuid.uuid4().hex)}, (col("table_name") == lit(TABLE.name)) & is_seen
        )
        if not claimed.rows_updated:
            raise TransientError(
                "Another process loaded messages of the topic meanwhile; nothing was loaded. Try again."
            )

    @contextmanager
    def explain_conflicts(self) -> Iterator[None]:
        """Turn a failure into a TransientError where messages were loaded since `only_new` looked.

        Consumers of one topic write the same two tables, and a warehouse may end one of them instead of waiting.
        """
        try:
            yield
        except SnowparkSQLException as error:
            if self._parts and _current_head(self._session) != self._seen:
                raise TransientError(f"Another process loaded messages meanwhile ({first_line(error)})") from error
            raise

    def _without_known(self, landed: LandedFile, known: Known) -> LandedFile | None:
        parts: dict[tuple[str, int], Part] = {}
        kept: list[bytes] = []
        count = 0
        for line in read_lines(self._root, landed):
            count += 1
            record = json.loads(line)
            position = position_of(record)
            place = (position.incarnation, position.partition)
            part = parts.setdefault(place, Part(position.topic))
            is_known = any(first <= position.offset <= last for first, last in known.get(place, ()))
            if is_known or position.offset in part.offsets:
                part.repeated += 1
                continue
            part.offsets.append(position.offset)
            part.faults += "_fault" in record
            kept.append(line)
        for key, part in parts.items():
            if part.offsets:
                known[key].append((min(part.offsets), max(part.offsets)))
        if len(kept) == count:
            self._parts[landed.relative_path] = parts
            return landed
        return self._rest(landed, kept, parts)

    def _rest(self, landed: LandedFile, kept: list[bytes], parts: dict[tuple[str, int], Part]) -> LandedFile | None:
        """Land the new lines by themselves, and put the file as it was read aside."""
        with LandingWriter(self._root, landed.source, landed.entity, landed.snapshot_at) as writer:
            for line in kept:
                writer.write_line(line)
            rest = writer.finish()
        remove_load(self._session, TABLE, make_load_id(landed))  # what was streamed of it before it was recorded
        aside = self._root / _REPEATED / landed.relative_path
        aside.parent.mkdir(parents=True, exist_ok=True)
        (self._root / landed.relative_path).rename(aside)
        if rest is not None:
            self._parts[rest.relative_path] = parts
        return rest

    def _rows(self, landed: LandedFile, loaded_at: datetime) -> list[dict[str, Any]]:
        return [
            {
                "load_id": make_load_id(landed),
                "topic": part.topic,
                "incarnation": incarnation,
                "partition_number": partition,
                "first_offset": min(part.offsets),
                "last_offset": max(part.offsets),
                "messages": len(part.offsets) + part.repeated,
                "rows_loaded": len(part.offsets) - part.faults,
                "quarantined": part.faults,
                "repeated": part.repeated,
                "lag": self._lags.get((incarnation, partition)),
                "recorded_at": loaded_at,
            }
            for (incarnation, partition), part in self._parts[landed.relative_path].items()
            if part.offsets
        ]


def _current_head(session: Session) -> str | None:
    """Whose load of messages was the last; one that begins from it can tell whether it still is."""
    heads = read_table(session, HEADS).filter(col("table_name") == lit(TABLE.name)).select("build_id").collect()
    if heads:
        return None if heads[0][0] is None else str(heads[0][0])
    append_rows(session, HEADS, [(TABLE.name, None, None, None)])
    return None
