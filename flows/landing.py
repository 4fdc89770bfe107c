"""Records -> immutable NDJSON files under the landing root, the first durable place of everything Snowcast reads.

A landing file is `<source>/<entity>/<yyyy>/<mm>/<dd>/<entity>_<snapshot time UTC>_<content hash>.ndjson.gz`: one line
per source record, as the source sent it. It is written under a temporary name, flushed to disk and renamed, so a
visible file is a whole file, and it is never changed. Same records at the same snapshot time give the same name and
the same bytes. The relative path is also the path on the stage and `_SOURCE_FILE` in RAW.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
import time
import uuid
import zlib
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import orjson

from deployments import process
from flows.errors import ConfigError, TransientError

SUFFIX = ".ndjson.gz"
HASH_LENGTH = 16
POLLS_ENTITY = "polls"
_UNFINISHED = ".unfinished"
_UNFINISHED_KEPT_SECONDS = 24 * 3600
_CHUNK = 1 << 18  # bytes that are hashed and compressed at once: line by line costs twice as much
_LOCK_WAIT_SECONDS = 600.0
_NAME = re.compile(
    r"(?P<source>[^/]+)/(?P<entity>[^/]+)/\d{4}/\d{2}/\d{2}/"
    r"(?P=entity)_(?P<snapshot>\d{8}T\d{9})Z_(?P<hash>[0-9a-f]{16})\.ndjson\.gz"
)
_AS_TEXT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_ESCAPED = json.JSONEncoder(separators=(",", ":")).encode
_PLAIN = orjson.OPT_PASSTHROUGH_SUBCLASS | orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME
_SMALL_NUMBER = re.compile(rb"[0-9]e-")


class DamagedFile(Exception):  # noqa: N818 - a finding about one file, which the load reports and leaves out
    """A landing file is not what was written: the text says how, to follow its name."""


@dataclass(frozen=True, order=True)
class LandedFile:
    """One visible landing file; `rows` is None where it was found on disk and not counted."""

    relative_path: str
    source: str
    entity: str
    snapshot_at: datetime
    content_hash: str
    rows: int | None = None

    @classmethod
    def parse(cls, relative_path: str) -> LandedFile | None:
        """Read a landing file's relative path; None where the path is not one of a landing file."""
        match = _NAME.fullmatch(relative_path)
        if match is None:
            return None
        try:
            snapshot_at = datetime.strptime(match["snapshot"] + "000", "%Y%m%dT%H%M%S%f").replace(tzinfo=UTC)
        except ValueError:
            return None
        return cls(relative_path, match["source"], match["entity"], snapshot_at, match["hash"])


def cut_to_milliseconds(moment: datetime) -> datetime:
    """Cut a moment to the milliseconds, in UTC, that a landing file's name holds; a naive one is taken as UTC."""
    aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return aware.replace(microsecond=aware.microsecond // 1000 * 1000)


def encode_record(record: Any) -> bytes:
    """One record as one JSON line in UTF-8, keys in the order of the source.

    A lone surrogate (half an emoji) has no UTF-8 form, so such a record is written with JSON escapes instead.
    """
    line = b"null"
    with suppress(TypeError):
        line = orjson.dumps(record, option=_PLAIN)
    # orjson has NULL for numbers that are none in JSON, and other exponents: those records json writes.
    if not (b"null" in line or b"0.0000" in line or (b"e-" in line and _SMALL_NUMBER.search(line))):
        return line
    try:
        return _AS_TEXT(record).encode()
    except UnicodeEncodeError:
        return _ESCAPED(record).encode()


class LandingWriter:
    """Writes one landing file record by record, compressed beside the reading; memory does not grow with their number.

    Use as a context manager: leaving it after an error, or without `finish()`, leaves nothing visible.
    """

    def __init__(self, root: Path, source: str, entity: str, snapshot_at: datetime) -> None:
        self.rows = 0
        self._root = root
        self._source = source
        self._entity = entity
        self._snapshot_at = cut_to_milliseconds(snapshot_at)
        self._hash = hashlib.sha256()
        self._waiting = bytearray()
        self._thread: ThreadPoolExecutor | None = None
        self._under_way: Future[None] | None = None
        self._part = root / _UNFINISHED / f"{entity}-{uuid.uuid4().hex}.part"

    def __enter__(self) -> Self:
        try:
            self._part.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._part.open("wb")
        except OSError as error:
            msg = f"The landing folder {self._root} cannot be written ({error.strerror}). Check SNOWCAST_HOME."
            raise ConfigError(msg) from error
        self._gzip = gzip.GzipFile(filename="", mode="wb", fileobj=self._file, compresslevel=6, mtime=0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._thread:
            self._thread.shutdown()
        if not self._file.closed:
            self._gzip.close()
            self._file.close()
        self._part.unlink(missing_ok=True)

    def write(self, record: Any) -> None:
        """Add one record."""
        self.write_line(encode_record(record))

    def write_all(self, records: Iterable[Any]) -> None:
        """Add the records of one page."""
        for record in records:
            self.write(record)

    def write_line(self, line: bytes) -> None:
        """Add one line as it is: also a line that is no JSON, which the load then rejects and quarantines."""
        self._waiting += line
        self._waiting += b"\n"
        self.rows += 1
        if len(self._waiting) >= _CHUNK:
            self._compress_beside()

    def _compress_beside(self) -> None:
        """Have what waits compressed while more is read; one part at a time, so that no more than two are held."""
        self._catch_up()
        part, self._waiting = self._waiting, bytearray()
        if len(part) < _CHUNK:  # the end of a file, or all of a small one
            self._compress(part)
        else:
            self._thread = self._thread or ThreadPoolExecutor(1)
            self._under_way = self._thread.submit(self._compress, part)

    def _catch_up(self) -> None:
        """Wait for the part that is being compressed; an error there is raised here."""
        if self._under_way:
            self._under_way.result()
            self._under_way = None

    def _compress(self, part: bytearray) -> None:
        self._hash.update(part)
        self._gzip.write(part)

    @property
    def content_hash(self) -> str:
        """Hash of what was written so far: the same for the same records, whatever their snapshot time."""
        self._catch_up()
        whole = self._hash.copy()
        whole.update(self._waiting)
        return whole.hexdigest()[:HASH_LENGTH]

    def finish(self) -> LandedFile | None:
        """Make the file visible under its final name and return it; None, and no file, where no record came."""
        landed = self.seal()
        if landed:
            self.reveal(landed)
        return landed

    def seal(self) -> LandedFile | None:
        """End the file, which stays invisible, and return what it will be; None where no record came."""
        if not self.rows:
            return None
        self._compress_beside()
        self._gzip.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        return self._name_file()

    def reveal(self, landed: LandedFile) -> None:
        """Make the sealed file visible under its final name."""
        target = self._root / landed.relative_path
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            self._part.rename(target)
            _sync_folder(target.parent)

    def _name_file(self) -> LandedFile:
        content_hash = self.content_hash
        moment = self._snapshot_at
        stamp = f"{moment:%Y%m%dT%H%M%S}{moment.microsecond // 1000:03d}Z"
        path = f"{self._source}/{self._entity}/{moment:%Y/%m/%d}/{self._entity}_{stamp}_{content_hash}{SUFFIX}"
        return LandedFile(path, self._source, self._entity, moment, content_hash, self.rows)


def land(root: Path, source: str, entity: str, snapshot_at: datetime, records: Iterable[Any]) -> LandedFile | None:
    """Write all records as one landing file; None where there are none."""
    with LandingWriter(root, source, entity, snapshot_at) as writer:
        writer.write_all(records)
        return writer.finish()


def list_landed_files(root: Path, source: str | None = None) -> list[LandedFile]:
    """Return every visible landing file under the root (of one source), ordered by path."""
    found: list[LandedFile] = []
    for folder, folders, names in os.walk(root / source if source else root):
        folders[:] = [name for name in folders if not name.startswith(".")]
        base = Path(folder).relative_to(root).as_posix()
        parsed = (LandedFile.parse(f"{base}/{name}") for name in names if name.endswith(SUFFIX))
        found.extend(landed for landed in parsed if landed)
    return sorted(found)


def read_lines(root: Path, landed: LandedFile) -> Iterator[bytes]:
    """Yield the lines of a landing file, without their line ends."""
    with gzip.open(root / landed.relative_path, "rb") as lines:
        for line in lines:
            yield line.rstrip(b"\n")


def count_rows(root: Path, landed: LandedFile) -> int:
    """Return lines of a landing file, which is read whole and compared with the hash in its name.

    Raises:
        DamagedFile: It cannot be read, or its content is not what was landed.
    """
    content, rows = hashlib.sha256(), 0
    try:
        with gzip.open(root / landed.relative_path, "rb") as lines:
            while chunk := lines.read(_CHUNK):
                content.update(chunk)
                rows += chunk.count(b"\n")
    except (OSError, EOFError, zlib.error) as error:
        raise DamagedFile(f"cannot be read ({error})") from error
    if content.hexdigest()[:HASH_LENGTH] != landed.content_hash:
        raise DamagedFile("was changed: its content has not the hash that its name states")
    return rows


@contextmanager
def hold_landing_lock(root: Path, doing: str) -> Iterator[None]:
    """Hold a lock of the landing root: two processes that do the same there at once would do it twice.

    Args:
        root: Root of the landing files.
        doing: What is kept to one process: loading, or exporting what is due.

    Raises:
        TransientError: Another process has held it for ten minutes.
    """
    root.mkdir(parents=True, exist_ok=True)
    try:
        with process.hold_lock(root / f".{doing}.lock", within=_LOCK_WAIT_SECONDS):
            yield
    except process.LockedError:
        msg = f"Another process has been {doing} at {root} for ten minutes. Look for a run that hangs."
        raise TransientError(msg) from None


def sweep_unfinished(root: Path) -> int:
    """Remove what killed writers left behind more than a day ago; returns how many files."""
    oldest_kept = time.time() - _UNFINISHED_KEPT_SECONDS
    removed = 0
    for part in (root / _UNFINISHED).glob("*.part"):
        with suppress(FileNotFoundError):
            if part.stat().st_mtime < oldest_kept:
                part.unlink()
                removed += 1
    return removed


def _sync_folder(folder: Path) -> None:
    """Flush the folder entry, so that a power cut after the rename does not undo it."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
