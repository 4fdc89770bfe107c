"""Files that somebody delivers: members of zip archives, unpacked from gzip, in any encoding, read as items.

What a file is shows in its content: gzip and zip by their first bytes, JSON by its first character, everything
else is tried as CSV. A file that cannot be read raises `RefusedFile` with the reason, so that the others go on.
"""

from __future__ import annotations

import codecs
import gzip
import io
import itertools
import json
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NoReturn

import orjson

from flows.files.file import BadLine, InputFile, RefusedFile, escape_unprintable
from flows.files.limits import Bounded
from flows.files.rows import MARK, Naming, as_they_are, read_csv, read_tab

_GZIP, _ZIP = b"\x1f\x8b", b"PK"
_DIGITS = bytes.maketrans(b"123456789", b"000000000")
_LONG_NUMBER = b"0" * 19

Lines = Iterator[bytes]


def read_items(file: InputFile, encoding: str = "utf-8", naming: Naming = as_they_are) -> Iterator[Any]:
    """Yield what the file holds: JSON values (a page or an array is one), or a CSV's `Header` and its rows as dicts.

    A row of another length than the header is a list, a line of JSON lines that is no JSON a `BadLine`.

    Args:
        file: The file; gzip is unpacked.
        encoding: Of its text.
        naming: What the names of a CSV's or tab's header are declared as.

    Raises:
        RefusedFile: It is cut off, neither JSON nor CSV, not in that encoding, or cannot be unpacked.
    """
    if file.rows is not None:
        yield from read_tab(file.rows(), naming)
        return
    try:
        with file.open() as raw:
            start = raw.read(2)
            raw.seek(0)
            if start == _ZIP:
                raise RefusedFile("is an archive inside an archive")
            if start == _GZIP:
                with gzip.open(raw) as unpacked:
                    bounded = io.BufferedReader(Bounded(unpacked, file.packed or file.size))
                    yield from _read_unpacked(_recode_to_utf8(bounded, encoding), naming)
            else:
                bounded = io.BufferedReader(Bounded(raw, file.packed))
                yield from _read_unpacked(_recode_to_utf8(bounded, encoding), naming)
    except EOFError:
        raise RefusedFile("is cut off: its gzip data end too early") from None
    except (gzip.BadGzipFile, zlib.error, zipfile.BadZipFile) as error:
        raise RefusedFile(f"cannot be unpacked: {error}") from None
    except UnicodeError as error:
        raise RefusedFile(f"is not {encoding.upper()} text ({_explain_fault(error)})") from None
    except (OSError, RuntimeError) as error:
        raise RefusedFile(f"cannot be read: {error}") from None


def parse_json(text: str | bytes) -> Any:
    """One JSON value; NaN and Infinity, which Python takes and JSON has not, are a ValueError."""
    return json.loads(text, parse_constant=_refuse_constant)


def _parse_utf8(content: bytes) -> Any:
    """One JSON value of UTF-8 text: what orjson reads alike it reads in a third of the time, long numbers it rounds."""
    if _LONG_NUMBER not in content.translate(_DIGITS):
        with suppress(ValueError):
            return orjson.loads(content)
    return parse_json(content.decode())


def _recode_to_utf8(binary: io.BufferedReader[Bounded], encoding: str) -> Lines:
    """Return the lines in UTF-8; line ends inside quoted fields stay as they are."""
    if codecs.lookup(encoding).name == "utf-8":
        return iter(binary)
    return (line.encode() for line in io.TextIOWrapper(binary, encoding, newline="\n"))


def _explain_fault(error: UnicodeError) -> str:
    if not isinstance(error, UnicodeDecodeError):
        return str(error)
    return f"byte 0x{error.object[error.start]:02x} after {error.object[max(0, error.start - 20) : error.start]!r}"


def _read_unpacked(binary: Lines, naming: Naming) -> Iterator[Any]:
    first = next((line for line in binary if line.strip(MARK + b" \t\r\n\x1a")), b"")
    while first.startswith(MARK):  # two programs may have put one before the other's
        first = first.removeprefix(MARK)
    if not first:
        raise RefusedFile("is empty")
    if first[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        raise RefusedFile("is not UTF-8 text: it begins with the byte order mark of UTF-16")
    if b"\x00" in first:
        raise RefusedFile("is not UTF-8 text: its first line has NUL bytes, as UTF-16 without a mark has")
    if first.lstrip()[:1] not in (b"{", b"["):
        yield from read_csv(itertools.chain((first,), binary), naming)
        return
    second = next((line for line in binary if line.strip()), b"")
    if second and _is_json(first):
        yield from _read_json_lines(first, second, binary)
    else:
        rest = binary.read() if isinstance(binary, io.BufferedReader) else b"".join(binary)
        yield from _read_json(b"".join((first, second, rest)))


def _read_json(content: bytes) -> Iterator[Any]:
    try:
        yield _parse_utf8(content)
    except UnicodeError:
        raise
    except (ValueError, RecursionError) as error:
        text = content.decode()
        lines = text.splitlines()
        if any(_is_json(line.encode()) for line in lines[1:]) and _is_record_line(lines[0]):
            yield from _read_json_lines(b"", b"", iter(io.BytesIO(content)))
        elif isinstance(error, json.JSONDecodeError):
            raise RefusedFile(_explain(error, text)) from None
        else:
            raise RefusedFile(f"is not valid JSON: {error}") from None


def _read_json_lines(first: bytes, second: bytes, rest: Lines) -> Iterator[Any]:
    lines = (line for part in ((first, second), rest) for line in part)
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield _parse_utf8(line)
        except (ValueError, RecursionError) as error:
            if not line.endswith(b"\n"):
                raise RefusedFile(f"is cut off in line {number}, its last one") from None
            # Without control characters, which a warehouse would take for line ends or refuse.
            content = escape_unprintable(line.strip().decode("utf-8", "backslashreplace"))
            # Of several values on one line COPY would make several rows; as one text it stays one, and is refused.
            is_several = isinstance(error, json.JSONDecodeError) and error.msg == "Extra data"
            yield BadLine(number, (json.dumps(content) if is_several else content).encode(), str(error))


def _is_json(line: bytes) -> bool:
    try:
        _parse_utf8(line)
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
