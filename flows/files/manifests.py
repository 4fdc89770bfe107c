"""`manifest.json` beside delivered files: when the source was observed, and which of the files leave something out.

    {"snapshot_at": "2026-11-01T04:00:00Z", "partial": ["payments", "viewing_activity"]}

Both fields may be absent. `snapshot_at` is ISO 8601, UTC without a zone; `partial` names entities or files.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from flows.files.readers import InputFile, RefusedFile

NAME = "manifest.json"
_FIRST_YEAR, _LAST_YEAR = 1990, 2100


@dataclass(frozen=True)
class Manifest:
    """What a manifest says; `fault` is why it cannot be used."""

    snapshot_at: datetime | None = None
    partial: frozenset[str] = frozenset()
    fault: str | None = None

    def calls_partial(self, entity: str, file_name: str) -> bool:
        """Whether it says that the file, or all of its entity, leaves something out."""
        return bool(self.partial & {entity, file_name, file_name.partition(".")[0]})


def read_manifests(files: Iterable[InputFile]) -> dict[str, Manifest]:
    """The manifests among the files by the folder that they speak of."""
    return {file.directory: _read(file) for file in files if file.name == NAME}


def _read(file: InputFile) -> Manifest:
    try:
        with file.open() as content:
            said = json.load(content)
        return _parsed(said)
    except RefusedFile as refusal:
        return Manifest(fault=str(refusal))
    except (OSError, ValueError, RecursionError) as error:
        return Manifest(fault=f"is not valid JSON: {error}")


def _parsed(said: object) -> Manifest:
    if not isinstance(said, dict):
        raise RefusedFile("is no JSON object")
    moment, partial = said.get("snapshot_at"), said.get("partial", [])
    if not isinstance(partial, list) or not all(isinstance(name, str) for name in partial):
        raise RefusedFile(f'has a "partial" that is no list of names: {partial!r}')
    if moment is None:
        return Manifest(None, frozenset(partial))
    try:
        stated = datetime.fromisoformat(moment)
    except (TypeError, ValueError):
        raise RefusedFile(f'has a "snapshot_at" that is no ISO 8601 time: {moment!r}') from None
    if not _FIRST_YEAR <= stated.year <= _LAST_YEAR:
        raise RefusedFile(f'has a "snapshot_at" of a year that cannot be right: {moment!r}')
    zoned = stated.replace(tzinfo=UTC) if stated.tzinfo is None else stated.astimezone(UTC)
    return Manifest(zoned, frozenset(partial))
