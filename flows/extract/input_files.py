"""Files that a user hands over: found in folders and zip archives, unpacked from gzip, dated, read as items.

What a file is, is told by its content: gzip and zip by their first bytes, JSON by its first character, everything
else is tried as CSV. A file that cannot be read raises `RefusedFile` with the reason, so that the others go on.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, NoReturn

from flows.errors import ConfigError

_GZIP, _ZIP = b"\x1f\x8b", b"PK"
_SHOWN = 40
_EPOCH_MILLISECONDS = re.compile(r"(?:^|_)(\d{13})(?!\d)")
_STAMPS = (
    (re.compile(r"(?:^|_)(\d{8}_\d{6})(?!\d)"), "%Y%m%d_%H%M%S"),
    (re.compile(r"_(\d{8}T\d{9})Z_[0-9a-f]{16}\."), "%Y%m%dT%H%M%S%f"),
)
csv.field_size_limit(16 * 1024 * 1024)

ByteLines = IO[bytes] | gzip.GzipFile


class RefusedFile(Exception):  # noqa: N818 - a finding about the user's file, reported and never raised to the user
    """The file cannot be read as a whole; the text says why, to follow the file's name."""


@dataclass(frozen=True)
class BadLine:
    """A line of a file of JSON lines that is no JSON."""

    number: int
    content: bytes
    reason: str


@dataclass(frozen=True)
class InputFile:
    """One file, or one member of a zip archive.

    Args:
        label: How reports name it: the path under the folder that was given, `archive.zip!member` for a member.
        names: Names that may hold the snapshot time, the most specific first.
        modified_at: The file's modification time.
        open: Opens it for reading bytes.
    """

    label: str
    names: tuple[str, ...]
    modified_at: datetime
    open: Callable[[], IO[bytes]]


def find_inputs(path: Path) -> list[InputFile]:
    """The files under a folder, hidden ones left out, or the one file; archives are opened into their members.

    Raises:
        ConfigError: The path does not exist, or no file is in it.
    """
    if not path.exists():
        raise ConfigError(f"{path} does not exist. --from-files takes a file or a folder of files.")
    if path.is_file():
        files = [path]
    else:
        files = sorted(file for file in path.rglob("*") if file.is_file() and not _is_hidden(file.relative_to(path)))
    if not files:
        raise ConfigError(f"{path} holds no files. --from-files takes a file or a folder of files.")
    return [part for file in files for part in _parts(file, path)]


def snapshot_time(file: InputFile, given: datetime | None) -> tuple[datetime, bool]:
    """When the source was observed, and whether that is stated: by the name or `given`, not by the file's time."""
    for name in file.names:
        stated = _stated_time(name)
        if stated:
            return stated, True
    return (given, True) if given else (file.modified_at, False)


def read_items(file: InputFile) -> Iterator[Any]:
    """Yield what the file holds: JSON values (a page or an array is one), CSV rows as dicts of text, or `BadLine`s.

    Raises:
        RefusedFile: It is cut off, neither JSON nor CSV, or cannot be unpacked.
    """
    try:
        with file.open() as raw:
            start = raw.read(2)
            raw.seek(0)
            if start == _ZIP:
                raise RefusedFile("is an archive inside an archive")
            if start == _GZIP:
                with gzip.open(raw) as unpacked:
                    yield from _read_unpacked(unpacked)
            else:
                yield from _read_unpacked(raw)
    except EOFError:
        raise RefusedFile("is cut off: its gzip data end too early") from None
    except (gzip.BadGzipFile, zlib.error, zipfile.BadZipFile) as error:
        raise RefusedFile(f"cannot be unpacked: {error}") from None
    except UnicodeDecodeError as error:
        raise RefusedFile(f"is not UTF-8 text (byte {error.start})") from None
    except (OSError, RuntimeError) as error:
        raise RefusedFile(f"cannot be read: {error}") from None


def parse_json(text: str | bytes) -> Any:
    """One JSON value; NaN and Infinity, which Python takes and JSON has not, are a ValueError."""
    return json.loads(text, parse_constant=_refuse_constant)


def _is_hidden(relative: Path) -> bool:
    return any(part.startswith(".") for part in relative.parts)


def _parts(file: Path, root: Path) -> list[InputFile]:
    label = file.name if file == root else file.relative_to(root).as_posix()
    modified_at = datetime.fromtimestamp(file.stat().st_mtime, UTC)
    whole = InputFile(label, (file.name,), modified_at, lambda: file.open("rb"))
    if not zipfile.is_zipfile(file):
        return [whole]
    with zipfile.ZipFile(file) as archive:
        members = [info.filename for info in archive.infolist() if not info.is_dir()]
    return [
        InputFile(f"{label}!{member}", (Path(member).name, file.name), modified_at, _member_opener(file, member))
        for member in members
    ] or [whole]


def _member_opener(file: Path, member: str) -> Callable[[], IO[bytes]]:
    return lambda: zipfile.ZipFile(file).open(member)


def _stated_time(name: str) -> datetime | None:
    epoch = _EPOCH_MILLISECONDS.search(name)
    if epoch:
        return datetime.fromtimestamp(int(epoch[1]) / 1000, UTC)
    for pattern, form in _STAMPS:
        stamp = pattern.search(name)
        if stamp:
            try:
                return datetime.strptime(stamp[1], form).replace(tzinfo=UTC)
            except ValueError:
                continue
    return None


def _read_unpacked(binary: ByteLines) -> Iterator[Any]:
    first = next((line for line in binary if line.strip(b"\xef\xbb\xbf \t\r\n")), b"").removeprefix(b"\xef\xbb\xbf")
    if not first:
        raise RefusedFile("is empty")
    if first.lstrip()[:1] not in (b"{", b"["):
        yield from _read_csv(first, binary)
        return
    second = next((line for line in binary if line.strip()), b"")
    if second and _is_json(first):
        yield from _read_json_lines(first, second, binary)
    else:
        yield from _read_json(first + second + binary.read())


def _read_json(content: bytes) -> Iterator[Any]:
    text = content.decode()
    try:
        yield parse_json(text)
    except (ValueError, RecursionError) as error:
        lines = text.splitlines()
        if any(_is_json(line.encode()) for line in lines[1:]) and _is_record_line(lines[0]):
            yield from _read_json_lines(b"", b"", io.BytesIO(content))
        elif isinstance(error, json.JSONDecodeError):
            raise RefusedFile(_explain(error, text)) from None
        else:
            raise RefusedFile(f"is not valid JSON: {error}") from None


def _read_json_lines(first: bytes, second: bytes, rest: ByteLines) -> Iterator[Any]:
    lines = (line for part in ((first, second), rest) for line in part)
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield parse_json(line)
        except (ValueError, RecursionError) as error:
            if not line.endswith(b"\n"):
                raise RefusedFile(f"is cut off in line {number}, its last one") from None
            yield BadLine(number, line.strip(), str(error))


def _read_csv(header: bytes, binary: ByteLines) -> Iterator[Any]:
    """CSV rows as the header names them; a row of another length is a list, for staging to refuse, not to guess at."""
    rows = csv.reader((line.decode() for part in ((header,), binary) for line in part), strict=True)
    try:
        names = next(rows)
        if len(names) < 2 or len(set(names)) < len(names):
            raise RefusedFile(f"is neither JSON nor CSV with a header; it begins with {header[:_SHOWN]!r}")
        short: list[str] | None = None
        for row in rows:
            if short is not None:
                yield short
                short = None
            if len(row) == len(names):
                yield dict(zip(names, row, strict=True))
            elif row:
                short = row
        if short is not None and len(short) < len(names):
            raise RefusedFile(f"is cut off: its last row has {len(short)} of {len(names)} fields")
        if short is not None:
            yield short
    except csv.Error as error:
        cut = "is cut off: its last quoted field has no end" if "unexpected end" in str(error) else ""
        raise RefusedFile(cut or f"is not valid CSV: line {rows.line_num}: {error}") from None


def _is_json(line: bytes) -> bool:
    try:
        parse_json(line)
    except (ValueError, RecursionError):
        return False
    return True


def _is_record_line(line: str) -> bool:
    """Whether a broken first line looks like a record on one line and not like the start of a longer document."""
    return line.lstrip().startswith('{"') and line.rstrip().endswith("}")


def _explain(error: json.JSONDecodeError, text: str) -> str:
    where = f"line {error.lineno}, column {error.colno}"
    if error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string"):
        return f"is cut off: its JSON ends in the middle ({where})"
    return f"is not valid JSON: {error.msg} at {where}"


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
