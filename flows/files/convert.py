"""Delivered files into landing files: one mechanism for every source that comes as files, or that a person hands over.

What a file holds shows in its keys or its header, never in its name. CSV values stay text, as the file has them:
staging reads them. A bad file is refused with its reason and the others land.

When the source was observed is said by the manifest beside the file, else by the file's name or (daily deliveries) its
folder, else by the user, else by the file's modification time, with a warning. A time that is stated is taken at its
word, so equal content at another stated time is another observation. Where only the file's own time is left, equal
content under another path is a renamed or copied file and not landed; a file that was delivered before, by path, size
and version, is not even read.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from flows.errors import SnowcastError
from flows.files.file import BadLine, Header, InputFile, Note, RefusedFile, UnrecognisedFile
from flows.files.kinds import FileKind, recognise_records
from flows.files.known_files import DeliveredBefore, Delivery
from flows.files.locations import Location
from flows.files.observed_at import MANIFEST, Manifest, read_manifests, snapshot_day_in_path, snapshot_time_in_path
from flows.files.readers import read_items
from flows.files.report import DELIVERED_BEFORE, EMPTY, LANDED, LOADED_BEFORE, REFUSED, SKIPPED, FileReport
from flows.files.rows import SheetFindings
from flows.landing import LandedFile, LandingWriter, encode_record

_SHOWN = 80
_LONGEST_REASON = 500


def deliver_files(
    kind: FileKind, place: Location, landing_root: Path, known: DeliveredBefore, *, snapshot_at: datetime | None = None
) -> Iterator[FileReport]:
    """Land every file of a place and yield what became of each, those that state their time first.

    A copy that states none is then recognised, whatever its name sorts as.

    Args:
        kind: What the files hold.
        place: The file or folder.
        landing_root: Root of the landing files.
        known: What need not be landed again.
        snapshot_at: When the source was observed, for files that do not say it.

    Raises:
        ConfigError: The place does not exist, holds no file or may not be read.
        SourceError: It cannot be reached.
    """
    files = place.files()
    manifests = read_manifests(files) if kind.is_daily else {}
    inputs = [
        _Input(kind, file, manifests.get(file.directory, Manifest()), snapshot_at)
        for file in files
        if not (kind.is_daily and file.name == MANIFEST)
    ]
    strangers: list[tuple[InputFile, str]] = []
    recognised_in: set[str | None] = set()
    for one in sorted(inputs, key=lambda one: not one.is_stated):
        try:
            yield _land(one, landing_root, known)
            recognised_in.add(one.file.archive)
        except UnrecognisedFile as refusal:
            strangers.append((one.file, str(refusal)))
        except RefusedFile as refusal:
            yield FileReport(one.file.label, REFUSED, str(refusal))
    for file, reason in strangers:
        # A workbook has tabs for people too; one without any tab of the source is another workbook.
        is_beside = file.rows is not None and file.archive is not None and file.archive in recognised_in
        yield FileReport(file.label, SKIPPED if is_beside else REFUSED, reason)


class _Input:
    """A file with the time at which its source was observed, and whether something states that time."""

    def __init__(self, kind: FileKind, file: InputFile, manifest: Manifest, given: datetime | None) -> None:
        self.kind, self.file, self.manifest = kind, file, manifest
        named = snapshot_day_in_path((*file.names, file.folder)) if kind.is_daily else snapshot_time_in_path(file.names)
        stated = manifest.snapshot_at or named or given
        self.is_stated = stated is not None
        self._moment = stated or file.modified_at
        self.findings = SheetFindings()

    @property
    def moment(self) -> datetime:
        """When the source was observed.

        Raises:
            RefusedFile: Nothing tells it.
        """
        if self.manifest.fault:
            raise RefusedFile(f"cannot be dated: the {MANIFEST} beside it {self.manifest.fault}")
        if self._moment is None:
            raise RefusedFile("cannot be dated: neither its name nor its place says when it was written")
        return self._moment

    def items(self) -> Iterator[tuple[str, Any]]:
        """Yield its records, each with its entity.

        Raises:
            RefusedFile: It cannot be read, or is not what it must be.
        """
        items = recognise_records(self.kind, self._read())
        if not self.kind.complete and not self.kind.is_sheet:
            yield from items
            return
        for entity, item in self.findings.check_items(items) if self.kind.is_sheet else items:
            if entity in self.kind.complete and self.manifest.calls_partial(entity, self.file.name):
                raise RefusedFile(
                    f"is called partial by the {MANIFEST} beside it, but a delivery of {entity} must list everything: "
                    "what it leaves out would count as deleted. Deliver the whole of it"
                )
            yield entity, item

    def _read(self) -> Iterator[Any]:
        """Yield what the file holds, read by whatever its kind needs: all that goes wrong there is said of the file."""
        items = read_items(self.file, self.kind.encoding, self.kind.naming)
        while True:
            try:
                item = next(items)
            except StopIteration:
                return
            except RefusedFile as refusal:
                setting = self.kind.encoding_setting
                if setting and " text" in str(refusal):
                    raise RefusedFile(f"{refusal}; {setting} states another encoding") from None
                raise
            except (SnowcastError, MemoryError):
                raise
            except Exception as error:
                raise RefusedFile(f"cannot be read: {type(error).__name__}: {error}"[:_LONGEST_REASON]) from None
            yield item


@dataclass
class _Landing:
    """The landing files of one input file under way: one writer per entity that it holds."""

    root: Path
    kind: FileKind
    moment: datetime
    stack: ExitStack
    writers: dict[str, LandingWriter] = field(default_factory=dict)
    bad: list[BadLine] = field(default_factory=list)
    odd_rows: int = 0
    oddity: str = ""
    header: Header | None = None
    notes: list[str] = field(default_factory=list)

    def add(self, entity: str, item: Any) -> None:
        writer = self.writers.get(entity)
        if isinstance(item, dict) and writer and not self.kind.protected:  # what nearly all are
            writer.write_line(_encode(item))
        else:
            self._add_other(entity, item)

    def _add_other(self, entity: str, item: Any) -> None:
        if isinstance(item, Header):
            self.header = item
            return
        if isinstance(item, Note):
            self.notes.append(item.text)
            return
        if entity not in self.writers:
            writer = LandingWriter(self.root, self.kind.source, entity, self.moment)
            self.writers[entity] = self.stack.enter_context(writer)
        protected = self.kind.protected
        if protected and not isinstance(item, BadLine | dict):
            item = BadLine(self.rows + 1, b"", "it is no record")
        if isinstance(item, BadLine):
            self.bad.append(item)
            self.oddity = self.oddity or f"first: line {item.number}: {item.reason}"
            self.writers[entity].write_line(_stand_in(item) if protected else item.content)
        else:
            if not isinstance(item, dict):
                self.odd_rows += 1
                self.oddity = self.oddity or f"first: {str(item)[:_SHOWN]}"
            self.writers[entity].write_line(_encode(protected(entity, item) if protected else item))

    @property
    def rows(self) -> int:
        return sum(writer.rows for writer in self.writers.values())


def _stand_in(line: BadLine) -> bytes:
    """Say where a line stood that is no record and may hold personal data: no JSON, as it is none."""
    return f"no record: line {line.number}, {len(line.content):,} bytes".encode()


def _encode(record: Any) -> bytes:
    try:
        return encode_record(record)
    except (ValueError, TypeError, RecursionError) as error:
        raise RefusedFile(f"has a record that is no JSON: {type(error).__name__}: {error}"[:_LONGEST_REASON]) from None


def _land(one: _Input, root: Path, known: DeliveredBefore) -> FileReport:
    if one.file.fault is not None:
        raise RefusedFile(one.file.fault)
    delivery = Delivery.of(one.file, one.kind, one.moment)
    label = one.file.label
    if known.is_delivered(delivery):
        return FileReport(label, DELIVERED_BEFORE)
    with ExitStack() as stack:
        landing = _Landing(root, one.kind, one.moment, stack)
        for entity, item in one.items():
            landing.add(entity, item)
        _check_complete(landing, one.kind)
        if not landing.rows:
            only = ", only a header: no snapshot is taken of it" if landing.header else ""
            return FileReport(label, EMPTY, f"holds no records{only}", delivery=delivery)
        landed, is_new = _finish_writers(landing, one, known)
    if not is_new:
        names = ", ".join(file.relative_path for file in landed)
        return FileReport(label, LOADED_BEFORE, f"same records as {names}", landed=landed, delivery=delivery)
    warnings = (*_list_warnings(landing, one.is_stated), *landing.notes, *one.findings.warnings())
    bad = len(landing.bad)
    return FileReport(label, LANDED, None, warnings, landed, rows=landing.rows, bad_lines=bad, delivery=delivery)


def _check_complete(landing: _Landing, kind: FileKind) -> None:
    """Refuse a complete delivery with a row that cannot be read: whoever it names would count as deleted."""
    unread = landing.odd_rows + len(landing.bad)
    entity = next((entity for entity in landing.writers if entity in kind.complete), None)
    if entity and unread:
        raise RefusedFile(
            f"has {unread} of {landing.rows} records that cannot be read ({landing.oddity}), but a delivery of "
            f"{entity} must list everything: whom they name would count as deleted"
        )


def _finish_writers(landing: _Landing, one: _Input, known: DeliveredBefore) -> tuple[tuple[LandedFile, ...], bool]:
    """Return the landing files made visible, or those of the same content, and whether any is to be loaded."""
    landed: list[LandedFile] = []
    is_new = False
    for entity, writer in landing.writers.items():
        copy = None if one.is_stated else known.find_original(entity, writer.content_hash, one.file.path)
        finished = copy or writer.finish()
        if finished:
            landed.append(finished)
            is_new = is_new or not (copy or known.is_taken(finished))
            known.add(finished)
    return tuple(landed), is_new


def _list_warnings(landing: _Landing, is_stated: bool) -> Iterator[str]:
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
