"""When the source of a file was observed: what its name, its folders, or a manifest beside it state.

Names of polls state a moment: milliseconds since 1970 (`_1695574829212`), `_20230924_170029`, `_20230924T170029`, or
the stamp of a landing file; those of Amplitude's exports their hour (`_2023-09-24_7#0`, of merged ids
`_2023-09-24_7.json.gz`). Daily deliveries may state only their day: `users_20261101.csv`, `2026-11-01/users.csv`,
`2026/11/01/users.csv`, `day=2026-11-01/users.csv`; the moment is then midnight UTC.

`manifest.json` beside files says it for them, and which of them leave something out; both fields may be absent:

    {"snapshot_at": "2026-11-01T04:00:00Z", "partial": ["payments", "viewing_activity"]}

`snapshot_at` is ISO 8601, UTC without a zone; `partial` names entities or files.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from flows.files.file import InputFile, RefusedFile

_EPOCH_MILLISECONDS = re.compile(r"(?:^|[_/])(\d{13})(?!\d)")
_MOMENTS = (
    (re.compile(r"(?:^|[_/])(\d{8}_\d{6})(?!\d)"), "%Y%m%d_%H%M%S"),
    (re.compile(r"(?:^|[_/])(\d{8}T\d{6})(?!\d)"), "%Y%m%dT%H%M%S"),
    (re.compile(r"_(\d{4}-\d{2}-\d{2}_\d{1,2})(?:#\d|\.json)"), "%Y-%m-%d_%H"),
    (re.compile(r"_(\d{8}T\d{9})Z_[0-9a-f]{16}\."), "%Y%m%dT%H%M%S%f"),
)
_DAY = re.compile(r"(?<!\d)((?:19|20)\d\d)([-_/]?)(\d\d)\2(\d\d)(?!\d)")


def snapshot_time_in_path(names: Iterable[str]) -> datetime | None:
    """Return the moment that the first of the names states which states one."""
    return next((moment for moment in map(_find_moment, names) if moment), None)


def snapshot_day_in_path(names: Iterable[str]) -> datetime | None:
    """Return the moment, or midnight of the day, that the first of the names states which states one."""
    return next((moment for moment in (_find_moment(name) or _find_day(name) for name in names) if moment), None)


def _find_moment(name: str) -> datetime | None:
    epoch = _EPOCH_MILLISECONDS.search(name)
    if epoch:
        return datetime.fromtimestamp(int(epoch[1]) / 1000, UTC)
    for pattern, form in _MOMENTS:
        stamp = pattern.search(name)
        if stamp:
            try:
                return datetime.strptime(stamp[1], form).replace(tzinfo=UTC)
            except ValueError:
                continue
    return None


def _find_day(name: str) -> datetime | None:
    """Return the last day that the name states: in a path the one that is nearest to the file."""
    days = []
    for found in _DAY.finditer(name):
        try:
            days.append(datetime(int(found[1]), int(found[3]), int(found[4]), tzinfo=UTC))
        except ValueError:
            continue
    return days[-1] if days else None


MANIFEST = "manifest.json"
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
    """Return the manifests among the files by the folder that they speak of."""
    return {file.directory: _read_manifest(file) for file in files if file.name == MANIFEST}


def _read_manifest(file: InputFile) -> Manifest:
    try:
        with file.open() as content:
            stated = json.load(content)
        return _parse_manifest(stated)
    except RefusedFile as refusal:
        return Manifest(fault=str(refusal))
    except (OSError, ValueError, RecursionError) as error:
        return Manifest(fault=f"is not valid JSON: {error}")


def _parse_manifest(said: object) -> Manifest:
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
