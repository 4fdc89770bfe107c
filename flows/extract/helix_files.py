"""Helix records from files: pages, arrays, single records, JSON lines, and CSV of the Helix columns.

A record is told by its keys, never by the file's name. CSV values stay text, as the file has them: staging reads them.

A snapshot time that the name or the user states is taken at its word, so equal content at another stated time is
another observation. Where only the file's own time is left, equal content is a renamed or copied file and not loaded.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from flows.extract.input_files import BadLine, InputFile, RefusedFile, find_inputs, read_items, snapshot_time
from flows.extract.twitch import SOURCE
from flows.landing import LandedFile, LandingWriter, encode_record, landed_files

# Keys that only records of the entity have together, in order of preference.
_SIGNATURES: tuple[tuple[str, frozenset[str]], ...] = (
    ("streams", frozenset({"user_id", "viewer_count"})),
    ("streams", frozenset({"user_id", "started_at", "game_id"})),
    ("users", frozenset({"login", "display_name"})),
    ("games", frozenset({"name", "box_art_url"})),
    ("games", frozenset({"id", "name", "igdb_id"})),
)
# Records that are looked at before a file counts as none of Helix.
_LOOK_AHEAD = 1000
_SHOWN_KEYS = 6

LANDED, LOADED_BEFORE, EMPTY, REFUSED = "landed", "loaded before", "empty", "refused"


@dataclass(frozen=True)
class FileReport:
    """What became of one file.

    Args:
        file: Its name, as in the folder that was given.
        status: landed, loaded before, empty or refused.
        reason: Why it was refused, or as what it was loaded before.
        warnings: What a person should know about a file that was landed.
        landed: The landing files it was written to, those of an earlier time included.
        rows: Records and lines landed.
        bad_lines: Lines that are no JSON; they are landed, and the load sends them to the quarantine.
    """

    file: str
    status: str
    reason: str | None = None
    warnings: tuple[str, ...] = ()
    landed: tuple[LandedFile, ...] = ()
    rows: int = 0
    bad_lines: int = 0

    @property
    def is_refused(self) -> bool:
        """Whether the file, or part of it, was refused: the run then ends with exit code 1."""
        return self.status == REFUSED or self.bad_lines > 0


def land_helix_files(
    path: Path, landing_root: Path, *, snapshot_at: datetime | None = None, loaded: Collection[str] = ()
) -> list[FileReport]:
    """Land a file, or every file of a folder; a bad one is reported with its reason and the others land.

    Args:
        path: The file or folder.
        landing_root: Root of the landing files.
        snapshot_at: When the source was observed, for files whose names do not say it.
        loaded: Source files that OPS.LOADS holds (`loading.loaded_files`).

    Raises:
        ConfigError: The path does not exist or holds no file.
    """
    known = _Known(landing_root, loaded)
    reports: dict[str, FileReport] = {}
    # Files with a stated time first: a copy without one is then recognised, whatever their names are.
    for file in sorted(find_inputs(path), key=lambda file: not snapshot_time(file, snapshot_at)[1]):
        try:
            report = _land_file(file, landing_root, snapshot_at, known)
        except RefusedFile as refusal:
            report = FileReport(file.label, REFUSED, str(refusal))
        reports[file.label] = report
    return [reports[label] for label in sorted(reports)]


class _Known:
    """Contents that are in RAW or on their way there."""

    def __init__(self, root: Path, loaded: Collection[str]) -> None:
        self._loaded = frozenset(loaded)
        parsed = (LandedFile.parse(path) for path in loaded)
        everything = [*landed_files(root, SOURCE), *(landed for landed in parsed if landed)]
        self._by_content = {(landed.entity, landed.content_hash): landed for landed in everything}

    def is_loaded(self, landed: LandedFile) -> bool:
        return landed.relative_path in self._loaded

    def same_content(self, entity: str, content_hash: str) -> LandedFile | None:
        return self._by_content.get((entity, content_hash))

    def add(self, landed: LandedFile) -> None:
        self._by_content.setdefault((landed.entity, landed.content_hash), landed)


@dataclass
class _Landing:
    """The landing files of one input file under way: one writer per entity that it holds."""

    root: Path
    moment: datetime
    stack: ExitStack
    writers: dict[str, LandingWriter] = field(default_factory=dict)
    bad: list[BadLine] = field(default_factory=list)
    odd_rows: int = 0

    def add(self, entity: str, item: Any) -> None:
        if entity not in self.writers:
            writer = LandingWriter(self.root, SOURCE, entity, self.moment)
            self.writers[entity] = self.stack.enter_context(writer)
        if isinstance(item, BadLine):
            self.bad.append(item)
            self.writers[entity].write_line(item.content)
        else:
            self.odd_rows += not isinstance(item, dict)
            self.writers[entity].write_line(encode_record(item))

    @property
    def rows(self) -> int:
        return sum(writer.rows for writer in self.writers.values())


def _land_file(file: InputFile, root: Path, given: datetime | None, known: _Known) -> FileReport:
    moment, is_stated = snapshot_time(file, given)
    with ExitStack() as stack:
        landing = _Landing(root, moment, stack)
        for entity, item in _with_entity(read_items(file)):
            landing.add(entity, item)
        if not landing.rows:
            return FileReport(file.label, EMPTY, "holds no records")
        landed: list[LandedFile] = []
        is_new = False
        for entity, writer in landing.writers.items():
            copy = None if is_stated else known.same_content(entity, writer.content_hash)
            finished = copy or writer.finish()
            if finished:
                landed.append(finished)
                known.add(finished)
                is_new = is_new or not (copy or known.is_loaded(finished))
    if not is_new:
        names = ", ".join(one.relative_path for one in landed)
        return FileReport(file.label, LOADED_BEFORE, f"same records as {names}", landed=tuple(landed))
    warnings = tuple(_warnings(landing, is_stated))
    return FileReport(file.label, LANDED, None, warnings, tuple(landed), rows=landing.rows, bad_lines=len(landing.bad))


def _warnings(landing: _Landing, is_stated: bool) -> Iterator[str]:
    if not is_stated:
        yield (
            f"its name states no snapshot time, so its modification time {landing.moment:%Y-%m-%d %H:%M:%S} UTC "
            "is taken; --snapshot-at states another"
        )
    if landing.bad:
        first = landing.bad[0]
        yield (
            f"{len(landing.bad)} lines are no JSON and go to the quarantine "
            f"(first: line {first.number}: {first.reason})"
        )
    if landing.odd_rows:
        yield f"{landing.odd_rows} records have not the fields of the others; staging refuses them"


def _with_entity(items: Iterator[Any]) -> Iterator[tuple[str, Any]]:
    """Pages and arrays opened into records, each with its entity; one that is not recognised goes with the others.

    Raises:
        RefusedFile: No record is one of Helix.
    """
    waiting: list[Any] = []
    entity: str | None = None
    for item in items:
        for record in _records_of(item):
            entity = entity_of(record) or entity
            if entity is None:
                waiting.append(record)
                if len(waiting) > _LOOK_AHEAD:
                    raise RefusedFile(_unrecognised(waiting))
                continue
            for earlier in waiting:
                yield entity, earlier
            waiting.clear()
            yield entity, record
    if waiting:
        raise RefusedFile(_unrecognised(waiting))


def entity_of(record: Any) -> str | None:
    """The Helix entity that a record's keys show, None where they show none."""
    if not isinstance(record, Mapping):
        return None
    keys = record.keys()
    return next((entity for entity, signature in _SIGNATURES if signature <= keys), None)


def _records_of(item: Any) -> Iterator[Any]:
    if isinstance(item, dict) and isinstance(item.get("data"), list) and entity_of(item) is None:
        yield from item["data"]
    elif isinstance(item, list) and (not item or not all(isinstance(cell, str) for cell in item)):
        yield from item
    else:
        yield item


def _unrecognised(records: list[Any]) -> str:
    record = next((record for record in records if isinstance(record, Mapping)), None)
    if record is None:
        return "holds no records of streams, users or games"
    keys = ", ".join(list(record)[:_SHOWN_KEYS]) + (", …" if len(record) > _SHOWN_KEYS else "")
    return f"holds something else than streams, users or games: its records have {keys}"
