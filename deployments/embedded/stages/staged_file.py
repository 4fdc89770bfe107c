"""Files of a stage, whether they lie in the warehouse's home or in storage outside."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path, PurePosixPath

from deployments.embedded.errors import snowflake_error, unsupported
from deployments.embedded.scanner import Options
from deployments.embedded.stages.access import explain
from deployments.storage import Storage, StorageError, StoredObject


@dataclass(frozen=True)
class Stage:
    """A place for files.

    Attributes:
        label: Its full name, as load history and errors show it.
        shown_as: What stands before a file's path in LIST and COPY results.
        folder: Where the files are; of an external stage, where files are kept that DuckDB reads itself.
        options: What CREATE STAGE said (FILE_FORMAT, ON_ERROR, …).
        storage: Where the files of an external stage are.
    """

    label: str
    shown_as: str
    folder: Path
    options: Options
    storage: Storage | None = None

    def files(self, prefix: str) -> Iterator[StagedFile]:
        """Yield the files whose path starts with the prefix, in the order of their paths."""
        if self.storage is None:
            yield from self._walk(prefix)
            return
        with self.explain_errors():
            for found in self.storage.list_objects(prefix):
                yield self._of_storage(found)

    def file(self, name: str) -> StagedFile | None:
        """The file of that path, or None."""
        if self.storage is None:
            path = self.folder / check_path(name)
            return self._of_folder(path) if path.is_file() else None
        with self.explain_errors():
            found = self.storage.find(check_path(name))
        return self._of_storage(found) if found else None

    def own_folder(self, statement: str) -> Path:
        """The folder of an internal stage.

        Raises:
            ProgrammingError: The stage is external, and the statement is not for those.
        """
        if self.storage is not None:
            raise unsupported(f"{statement} external stage", "Write to its storage with the cloud's own tools.")
        return self.folder

    @contextmanager
    def explain_errors(self) -> Iterator[None]:
        """Explain errors of storage as Snowflake's."""
        try:
            yield
        except StorageError as error:
            raise explain(error, self.shown_as) from None

    def _walk(self, prefix: str) -> list[StagedFile]:
        base = self.folder / prefix.rpartition("/")[0]
        found = [self._of_folder(path) for path in (base.rglob("*") if base.is_dir() else []) if path.is_file()]
        return sorted((file for file in found if file.name.startswith(prefix)), key=lambda file: file.name)

    def _of_folder(self, path: Path) -> StagedFile:
        status = path.stat()
        return StagedFile(self, path.relative_to(self.folder).as_posix(), path, status.st_size, status.st_mtime_ns)

    def _of_storage(self, found: StoredObject) -> StagedFile:
        kept = hashlib.sha256(f"{found.path} {found.digest}".encode()).hexdigest()
        return StagedFile(self, found.path, self.folder / kept, found.size, found.modified_ns, found.digest)


@dataclass(frozen=True)
class StagedFile:
    """One file of a stage; `name` is its path within the stage, `digest` that of storage outside."""

    stage: Stage
    name: str
    path: Path
    size: int
    modified_ns: int
    digest: str | None = None

    @property
    def md5(self) -> str:
        """Digest of the file as it is stored."""
        return self.digest or _md5(self.path, self.size, self.modified_ns)

    @property
    def shown_name(self) -> str:
        """The name as LIST and COPY show it."""
        return self.stage.shown_as + self.name

    @property
    def metadata_name(self) -> str:
        """The name as METADATA$FILENAME tells it: of an external stage its path in the bucket."""
        return self.stage.storage.place.within(self.name) if self.stage.storage else self.name

    @property
    def modified(self) -> datetime:
        """When it was uploaded."""
        return datetime.fromtimestamp(self.modified_ns / 1e9, tz=UTC)

    def read(self) -> bytes:
        """Its content; of an external stage straight from storage."""
        if self.stage.storage is None:
            return self.path.read_bytes()
        with self.stage.explain_errors():
            return self.stage.storage.read(self.name)

    def local_path(self) -> Path:
        """A file of its content that DuckDB may open; of an external stage it is kept while the session lasts."""
        if self.stage.storage is not None and not self.path.exists():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            part = self.path.with_suffix(".part")
            with self.stage.explain_errors():
                self.stage.storage.fetch(self.name, part)
            part.replace(self.path)
        return self.path

    def remove(self) -> None:
        """Remove it from its stage."""
        if self.stage.storage is None:
            self.path.unlink(missing_ok=True)
            return
        with self.stage.explain_errors():
            self.stage.storage.remove(self.name)


def check_path(path: str) -> str:
    """Check that the path stays inside its stage.

    Raises:
        ProgrammingError: it does not.
    """
    if "\0" in path or path.startswith("/") or ".." in PurePosixPath(path).parts:
        raise snowflake_error(
            f"SQL compilation error:\nInvalid file path '{path}': it leaves the stage.", 1011, "42601"
        )
    return path


def make_matcher(pattern: str | None) -> Callable[[StagedFile], bool]:
    """Return a test for files whose path, as a whole, matches a pattern.

    Raises:
        ProgrammingError: It is no regular expression.
    """
    if pattern is None:
        return lambda _file: True
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise snowflake_error(f"Invalid regular expression: '{pattern}', {error}", 100048, "2201B") from error
    return lambda file: bool(
        compiled.fullmatch(file.name) or compiled.fullmatch(file.shown_name) or compiled.fullmatch(file.metadata_name)
    )


@lru_cache(maxsize=100_000)
def _md5(path: Path, size: int, modified_ns: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest()
