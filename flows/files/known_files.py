"""Files that were delivered before: by path, size and version in the ledger, by content where they landed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from flows.files.file import InputFile
from flows.files.kinds import FileKind
from flows.landing import LandedFile, list_landed_files


@dataclass(frozen=True)
class Delivery:
    """A file as it was delivered and read; `delivery_id` is equal for what need not be read again."""

    delivery_id: str
    source: str
    path: str
    size: int | None
    version: str
    snapshot_at: datetime

    @classmethod
    def of(cls, file: InputFile, kind: FileKind, snapshot_at: datetime) -> Delivery:
        """Return the delivery of a file that is read as `kind` and observed at that time."""
        parts = [kind.source, file.path, file.size, file.version, snapshot_at.isoformat(), kind.encoding]
        delivery_id = hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]
        return cls(delivery_id, kind.source, file.path, file.size, file.version, snapshot_at)


class DeliveredBefore:
    """What is in RAW or on its way there: contents by entity and hash, and files that were delivered before.

    Args:
        root: Root of the landing files.
        source: Whose files.
        loaded: Source files that OPS.LOADS holds of it.
        deliveries: Landing files of each delivery of OPS.DELIVERIES, by its id.
        paths: Paths that OPS.DELIVERIES names.
    """

    def __init__(
        self,
        root: Path,
        source: str,
        loaded: Collection[str] = (),
        deliveries: Mapping[str, Sequence[str]] | None = None,
        paths: Collection[str] = (),
    ) -> None:
        self._loaded = frozenset(loaded)
        self._added: set[str] = set()
        self._deliveries = deliveries or {}
        self._paths = frozenset(paths)
        parsed = (LandedFile.parse(path) for path in loaded)
        everything = [*list_landed_files(root, source), *(landed for landed in parsed if landed)]
        self._durable = frozenset(landed.relative_path for landed in everything)
        self._by_content = {(landed.entity, landed.content_hash): landed for landed in everything}

    def is_taken(self, landed: LandedFile) -> bool:
        """Whether RAW holds the landing file, or another file of this delivery was landed as it."""
        return landed.relative_path in self._loaded or landed.relative_path in self._added

    def is_delivered(self, delivery: Delivery) -> bool:
        """Whether it was read before and all that was landed of it still is, in RAW or under the landing root."""
        landed = self._deliveries.get(delivery.delivery_id)
        return landed is not None and self._durable.issuperset(landed)

    def find_original(self, entity: str, content_hash: str, path: str) -> LandedFile | None:
        """Find the landing file of equal content; None for a path known before, which was overwritten, not copied."""
        return None if path in self._paths else self._by_content.get((entity, content_hash))

    def add(self, landed: LandedFile) -> None:
        """Take in a landing file just written."""
        self._added.add(landed.relative_path)
        self._by_content.setdefault((landed.entity, landed.content_hash), landed)
