"""Where files are delivered: a local file or folder, or a place that fsspec can list (`s3://…`, `abfs://…`).

A remote file is fetched whole into a temporary file when it is opened, so that reading never stops half-way. What a
place is called in messages holds no secret: a password before `@` and everything behind `?` are masked, also where a
library's error repeats them.
"""

from __future__ import annotations

import os
import re
import stat
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import IO, Any, Protocol
from urllib.parse import unquote

from flows.errors import ConfigError, SourceError
from flows.files.archives import ENDINGS, open_parts
from flows.files.file import InputFile, RefusedFile

MASK = "***"
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*(?=::|://)")
_PASSWORD = re.compile(r"//[^/@]*:([^/@]*)@")
# What the libraries name the time and the tag of a file in their listings.
_MODIFIED, _TAGS = ("LastModified", "last_modified", "mtime", "updated", "modified", "created"), ("ETag", "etag")
# Errors of cloud libraries that say that no credentials are set, or that they are wrong; known by name, because the
# libraries are optional.
_NO_CREDENTIALS = {
    "ClientAuthenticationError",
    "NoCredentialsError",
    "PartialCredentialsError",
    "CredentialRetrievalError",
    "ProfileNotFound",
    "TokenRetrievalError",
    "UnauthorizedSSOTokenError",
}
_REFUSED = (401, 403)
_LONGEST_TEXT = 300
# A shorter value of a query is a flag or a number: masking it in a text would hide other words.
_SHORTEST_SECRET = 4


class Location(Protocol):
    """Where files come from: a `FileLocation`, or the tabs of a spreadsheet that is asked."""

    @property
    def holds(self) -> str:
        """What it has, for messages: `files in`, `tabs of`."""

    @property
    def display_name(self) -> str:
        """Name the place, for messages and ledgers, without secrets."""

    @property
    def prefix(self) -> str:
        """What the paths of its files begin with."""

    def files(self) -> list[InputFile]:
        """Return what it holds.

        Raises:
            ConfigError: It does not exist, holds nothing or may not be read.
            SourceError: It cannot be reached.
        """


@dataclass(frozen=True)
class FileLocation:
    """A file or folder, by its path or URL.

    Args:
        url: As it was given; it may hold a secret.
        named_by: The option or setting that gave it, for messages.
    """

    url: str = field(repr=False)
    named_by: str = "--from-files"
    holds = "files in"

    @property
    def is_remote(self) -> bool:
        """Whether fsspec has to reach it."""
        return bool(_SCHEME.match(self.url)) and not self.url.startswith("file://")

    @property
    def display_name(self) -> str:
        """Name the place, for messages and ledgers."""
        return mask_secrets(self.url, self.url)

    @property
    def path(self) -> Path:
        """The path of a local place."""
        return Path(self.url.removeprefix("file://")).expanduser().absolute()

    @property
    def prefix(self) -> str:
        """What the paths of its files begin with, where it is a local folder."""
        return f"{self.path}/"

    def files(self) -> list[InputFile]:
        """Return its files, hidden ones left out; archives and workbooks are opened into their parts.

        Raises:
            ConfigError: It does not exist, holds no file, may not be read, or needs a library that is not installed.
            SourceError: It cannot be reached.
        """
        files = list(_find_remote_files(self) if self.is_remote else _find_local_files(self))
        if not files:
            raise ConfigError(
                f"{self.named_by}: {self.display_name} holds no files. Expected a file or a folder of files."
            )
        parts: list[InputFile] = []
        for file in sorted(files, key=lambda file: file.label):
            # Whether a local file is an archive shows in its first bytes; a remote one is not fetched for that.
            is_asked = not self.is_remote or file.name.lower().endswith(ENDINGS)
            parts += open_parts(file) if is_asked else [file]
        return parts


def mask_secrets(text: str, url: str) -> str:
    """Return the text without the secrets of the URL."""
    password = _PASSWORD.search(url)
    query = url.partition("?")[2]
    values = [part.partition("=")[2] for part in query.split("&")]
    secrets = [query, *(value for value in values if len(value) >= _SHORTEST_SECRET), password[1] if password else ""]
    for secret in sorted({form for one in secrets for form in (one, unquote(one))}, key=len, reverse=True):
        if secret:
            text = text.replace(secret, MASK)
    return text


def _find_local_files(place: FileLocation) -> Iterator[InputFile]:
    root = place.path
    if not root.exists():
        raise ConfigError(
            f"{place.named_by}: {place.display_name} does not exist. Expected a file or a folder of files."
        )
    found = [root] if root.is_file() else sorted(root.rglob("*"))
    for file in found:
        label = file.name if file == root else file.relative_to(root).as_posix()
        if file == root or not _is_hidden(label):
            parent = root.parent.name if file == root else root.name
            yield from _make_local_file(file, readable_name(label), readable_name(parent))


def readable_name(name: str) -> str:
    """Return the name as text can hold it: each byte that is no UTF-8 as its hexadecimal escape."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _make_local_file(file: Path, label: str, parent: str) -> Iterator[InputFile]:
    """Yield the file, or what of its kind is refused; folders are none."""
    path = readable_name(str(file))
    try:
        state = file.stat()
    except OSError as error:
        reason = "is a link that leads nowhere" if file.is_symlink() else f"cannot be read: {error.strerror}"
        yield InputFile(label, None, BytesIO, parent, path, fault=reason)
        return
    if stat.S_ISDIR(state.st_mode):
        if file.is_symlink():
            text = "is a link to a folder, which is not followed: give that folder itself"
            yield InputFile(label, None, BytesIO, parent, path, fault=text)
        return
    fault = None if stat.S_ISREG(state.st_mode) else "is no regular file (a pipe, socket or device) and is not opened"
    yield InputFile(
        label,
        modified_at=_to_datetime(state.st_mtime),
        open=lambda: file.open("rb"),
        parent=parent,
        path=path,
        size=state.st_size,
        version=str(state.st_mtime_ns),
        fault=fault,
    )


def _to_datetime(seconds: float) -> datetime | None:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _find_remote_files(place: FileLocation) -> Iterator[InputFile]:
    with _translate_remote_errors(place):
        import fsspec

        filesystem, root = fsspec.core.url_to_fs(place.url, skip_instance_cache=True)
        found: Mapping[str, Mapping[str, Any]] = filesystem.find(root, detail=True)
        if not found:
            # Finding nothing is no error of theirs, also where the place is not there.
            filesystem.info(root)
    for name, facts in found.items():
        label = name.removeprefix(root).strip("/") or name.rstrip("/").rpartition("/")[2]
        # Object stores may show a folder as an object whose name ends in a slash.
        if facts.get("type") == "directory" or name.endswith("/") or _is_hidden(label):
            continue
        modified_at = _read_time(facts)
        yield InputFile(
            mask_secrets(label, place.url),
            modified_at=modified_at,
            open=_make_fetcher(place, filesystem, name),
            parent=root.rstrip("/").rpartition("/")[2],
            path=mask_secrets(f"{place.url.partition('://')[0]}://{name}", place.url),
            size=facts.get("size"),
            version=str(next((facts[tag] for tag in _TAGS if facts.get(tag)), modified_at)),
        )


def _make_fetcher(place: FileLocation, filesystem: Any, name: str) -> Any:
    def fetch() -> IO[bytes]:
        copy = tempfile.NamedTemporaryFile(prefix="snowcast-")  # noqa: SIM115 - the reader closes it
        try:
            with _translate_remote_errors(place):
                filesystem.get_file(name, copy.name)
        except ConfigError as refusal:
            copy.close()
            raise RefusedFile(f"cannot be read: {refusal}") from None
        except BaseException:
            copy.close()
            raise
        return copy

    return fetch


@contextmanager
def _translate_remote_errors(place: FileLocation) -> Iterator[None]:
    """Errors of fsspec and its libraries as ours, without secrets.

    Raises:
        ConfigError: It does not exist, may not be read, or a library is missing.
        SourceError: Anything else.
    """
    where = f"{place.named_by}: {place.display_name}"
    try:
        yield
    except ImportError as error:
        raise ConfigError(
            f"{where} needs a library that is not installed ({error}). `make extras` installs those of S3 and Azure."
        ) from None
    except FileNotFoundError:
        raise ConfigError(f"{where} does not exist. Expected a file or a folder of files.") from None
    except PermissionError as error:
        raise ConfigError(
            f"{where} may not be read with the credentials that are set ({_format_error(error, place)})."
        ) from None
    except Exception as error:
        if type(error).__name__ in _NO_CREDENTIALS or getattr(error, "status_code", None) in _REFUSED:
            raise ConfigError(
                f"{where} cannot be read without valid credentials ({_format_error(error, place)})."
            ) from None
        if isinstance(error, ValueError) and "rotocol" in str(error):
            raise ConfigError(
                f"{where}: {_format_error(error, place)}. Expected a folder, s3://… or abfs://…."
            ) from None
        text = _format_error(error, place)
        raise SourceError(
            f"{where} cannot be reached ({text}). Run again later: what is landed already is kept."
        ) from None


def _format_error(error: BaseException, place: FileLocation) -> str:
    text = mask_secrets(" ".join(str(error).split()), place.url)[:_LONGEST_TEXT]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _is_hidden(label: str) -> bool:
    return any(part.startswith(".") for part in label.split("/"))


def _read_time(facts: Mapping[str, Any]) -> datetime | None:
    """Return when the file was written, in UTC; libraries give a number of seconds, a datetime or its text."""
    value = next((facts[name] for name in _MODIFIED if facts.get(name)), None)
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    return None
