"""Objects of a bucket, a container or a folder: listed page by page, read, written whole, removed.

Credentials come from the environment, as the clouds' own libraries find them.
"""

from __future__ import annotations

import hashlib
import os
import re
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from deployments.storage.place import Place

_PAGE = 1000
# Errors of the clouds' libraries, known by name because the libraries are optional.
_NO_CREDENTIALS = {"ClientAuthenticationError", "NoCredentialsError", "PartialCredentialsError", "ProfileNotFound"}
_NO_CREDENTIALS |= {"CredentialRetrievalError", "TokenRetrievalError", "UnauthorizedSSOTokenError"}
_REFUSED = (401, 403)
_LONGEST_TEXT = 300


class StorageError(Exception):
    """Storage cannot be used; `kind` is absent, denied, unreachable or library."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind


@dataclass(frozen=True)
class StoredObject:
    """One object: its path below the place, bytes, time of writing (nanoseconds) and a digest of its content."""

    path: str
    size: int
    modified_ns: int
    digest: str


class Storage:
    """The objects below a place."""

    def __init__(self, place: Place) -> None:
        self.place = place

    @cached_property
    def _files(self) -> Any:
        """The file system of fsspec; without its caches, which would hold what they listed."""
        with self._explaining():
            import fsspec

            options: dict[str, Any] = {"skip_instance_cache": True, "use_listings_cache": False}
            if self.place.kind == "azure":
                return fsspec.filesystem("abfs", account_name=self.place.account, **options)
            return fsspec.filesystem("s3" if self.place.kind == "s3" else "file", **options)

    def list_objects(self, prefix: str = "") -> Iterator[StoredObject]:
        """List the objects whose path starts with the prefix; one page of them is in memory.

        Raises:
            StorageError: It cannot be listed.
        """
        pages = {"s3": self._s3_pages, "azure": self._azure_pages, "file": self._file_pages}[self.place.kind](prefix)
        while True:
            with self._explaining():
                page = next(pages, None)
            if page is None:
                return
            yield from page

    def find(self, path: str) -> StoredObject | None:
        """Return the object of that path; None where there is none.

        Raises:
            StorageError: It cannot be asked.
        """
        with self._explaining():
            try:
                facts = self._files.info(self._key(path))
            except FileNotFoundError:
                return None
        return None if facts.get("type") == "directory" else _read_facts(path, facts)

    def read(self, path: str) -> bytes:
        """Return the content of an object.

        Raises:
            StorageError: It cannot be read.
        """
        with self._explaining():
            return bytes(self._files.cat_file(self._key(path)))

    def fetch(self, path: str, target: Path) -> None:
        """Copy an object into a local file.

        Raises:
            StorageError: It cannot be read.
        """
        with self._explaining():
            self._files.get_file(self._key(path), str(target))

    def send(self, source: Path, path: str) -> None:
        """Write a local file as an object, which is visible whole or not at all.

        Raises:
            StorageError: It cannot be written.
        """
        with self._explaining():
            if self.place.kind != "file":
                self._files.put_file(str(source), self._key(path), **self._overwriting())
                return
            target = Path(self._key(path))
            target.parent.mkdir(parents=True, exist_ok=True)
            part = target.with_name(f".{target.name}.{uuid.uuid4().hex}.part")
            try:
                with source.open("rb") as content, part.open("wb") as written:
                    while chunk := content.read(1 << 20):
                        written.write(chunk)
                    written.flush()
                    os.fsync(written.fileno())
                part.replace(target)
            finally:
                part.unlink(missing_ok=True)

    def remove(self, path: str) -> None:
        """Remove an object.

        Raises:
            StorageError: It may not be removed.
        """
        with self._explaining():
            self._files.rm_file(self._key(path))

    def _key(self, path: str) -> str:
        within = self.place.within(path)
        return f"/{within}" if self.place.kind == "file" else f"{self.place.bucket}/{within}"

    def _overwriting(self) -> dict[str, Any]:
        return {"overwrite": True} if self.place.kind == "azure" else {}

    def _s3_pages(self, prefix: str) -> Iterator[list[StoredObject]]:
        asked = {"Bucket": self.place.bucket, "Prefix": self.place.within(prefix), "MaxKeys": _PAGE}
        while True:
            answer = self._files.call_s3("list_objects_v2", **asked)
            facts = ({"name": found["Key"], "size": found["Size"], **found} for found in answer.get("Contents", []))
            yield [_read_facts(self._below(one["name"]), one) for one in facts if not one["name"].endswith("/")]
            if not answer.get("IsTruncated"):
                return
            asked["ContinuationToken"] = answer["NextContinuationToken"]

    def _azure_pages(self, prefix: str) -> Iterator[list[StoredObject]]:
        from fsspec.asyn import sync

        files = self._files
        container = files.service_client.get_container_client(self.place.bucket)
        pages = container.list_blobs(name_starts_with=self.place.within(prefix), results_per_page=_PAGE).by_page()

        async def next_page() -> list[Any] | None:
            try:
                return [blob async for blob in await anext(pages)]
            except StopAsyncIteration:
                return None

        while (page := sync(files.loop, next_page)) is not None:
            yield [
                _read_facts(
                    self._below(blob.name),
                    {"size": blob.size, "last_modified": blob.last_modified, "etag": blob.etag}
                    | {"content_settings": blob.content_settings},
                )
                for blob in page
            ]

    def _file_pages(self, prefix: str) -> Iterator[list[StoredObject]]:
        root = Path(self._key(""))
        for folder, folders, names in os.walk(root / prefix.rpartition("/")[0]):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            names = sorted(name for name in names if not name.startswith("."))
            for start in range(0, len(names), _PAGE):
                paths = (Path(folder, name) for name in names[start : start + _PAGE])
                found = ((path.relative_to(root).as_posix(), path) for path in paths)
                yield [
                    _read_facts(name, self._files.info(str(path))) for name, path in found if name.startswith(prefix)
                ]

    def _below(self, key: str) -> str:
        return key[len(self.place.prefix) + 1 :] if self.place.prefix else key

    @contextmanager
    def _explaining(self) -> Iterator[None]:
        """Errors of fsspec and its libraries as ours, without secrets."""
        try:
            yield
        except ImportError as error:
            raise StorageError(
                "library", f"a library is not installed ({error}): `make extras` installs those of S3 and Azure"
            ) from None
        except FileNotFoundError:
            raise StorageError("absent", f"there is no bucket, container or folder {self.place.url}") from None
        except PermissionError as error:
            raise StorageError("denied", _format_error(error)) from None
        except Exception as error:  # the clouds' libraries raise many kinds
            is_denied = type(error).__name__ in _NO_CREDENTIALS or getattr(error, "status_code", None) in _REFUSED
            kind = "denied" if is_denied else "absent" if "NotFound" in type(error).__name__ else "unreachable"
            raise StorageError(kind, _format_error(error)) from None


def _format_error(error: BaseException) -> str:
    """The first words of an error; what follows a question mark or a signature's name is masked."""
    text = re.sub(r"\?\S+|(?i:sig|key|secret|token)=\S+", "***", " ".join(str(error).split()))[:_LONGEST_TEXT]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _read_facts(path: str, facts: Mapping[str, Any]) -> StoredObject:
    """Read what a library tells of an object; times are datetimes or seconds, digests are ETags or MD5."""
    modified = next((facts[name] for name in ("LastModified", "last_modified", "mtime") if facts.get(name)), None)
    if isinstance(modified, datetime):
        modified = (modified if modified.tzinfo else modified.replace(tzinfo=UTC)).timestamp()
    modified_ns = int(float(modified or 0) * 1e9)
    settings = facts.get("content_settings") or {}
    digest = settings.get("content_md5")
    tag = digest.hex() if digest else str(facts.get("ETag") or facts.get("etag") or "").strip('"')
    size = int(facts.get("size") or 0)
    if not tag:
        tag = hashlib.md5(f"{path} {size} {modified_ns}".encode(), usedforsecurity=False).hexdigest()
    return StoredObject(path, size, modified_ns, tag)
