"""Bytes of a staged file: taken off the disk and out of their compression, whole or not at all."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from pathlib import Path

import pyarrow as pa

from deployments.embedded.errors import unsupported
from deployments.embedded.stages.files.file_format import FileFormat
from deployments.embedded.stages.files.rows import UTF8_ERROR, FileError
from deployments.embedded.stages.staged_file import StagedFile

_MAGIC = {b"\x1f\x8b": "GZIP", b"BZh": "BZ2", b"\x28\xb5\x2f\xfd": "ZSTD"}
_BY_SUFFIX = {".br": "BROTLI", ".deflate": "DEFLATE", ".raw_deflate": "RAW_DEFLATE"}


def read_bytes(file: StagedFile, chosen: FileFormat) -> bytes:
    """The file's content, uncompressed.

    Raises:
        FileError: the compressed data is cut off or damaged.
    """
    data = file.read()
    compression = chosen.compression
    if compression in ("AUTO", "AUTO_DETECT"):
        found = (name for magic, name in _MAGIC.items() if data.startswith(magic))
        compression = next(found, _BY_SUFFIX.get(Path(file.name).suffix.lower(), "NONE"))
    try:
        return _decompress(data, compression)
    except (EOFError, OSError, zlib.error, lzma.LZMAError, ValueError, pa.ArrowException) as error:
        raise FileError(
            f"Invalid data encountered during decompression for file: '{Path(file.name).name}', "
            f"compression type used: '{compression}', cause: '{error}'"
        ) from error


def decode(data: bytes, chosen: FileFormat) -> str:
    """The content as text, without a byte order mark.

    Raises:
        FileError: the bytes are not in the format's encoding.
    """
    replace = chosen.flag("REPLACE_INVALID_CHARACTERS", False) or chosen.flag("IGNORE_UTF8_ERRORS", False)
    try:
        text = data.decode(chosen.encoding, errors="replace" if replace else "strict")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise FileError(
            f"Invalid {chosen.encoding.upper()} detected at line {line}: byte 0x{data[error.start]:02X}", UTF8_ERROR
        ) from error
    except LookupError as error:
        raise unsupported(f"file format option ENCODING = {chosen.encoding}") from error
    return text.removeprefix("\ufeff")


def _decompress(data: bytes, compression: str) -> bytes:
    match compression:
        case "NONE":
            return data
        case "GZIP":
            return gzip.decompress(data)
        case "BZ2":
            return bz2.decompress(data)
        case "DEFLATE":
            return zlib.decompress(data)
        case "RAW_DEFLATE":
            return zlib.decompress(data, wbits=-15)
        case "ZSTD" | "BROTLI":
            with pa.CompressedInputStream(pa.BufferReader(data), compression.lower()) as stream:
                return bytes(stream.read())
    raise unsupported(f"file format option COMPRESSION = {compression}")
