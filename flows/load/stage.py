"""The stages that landing files go to, a load's name, and the upload.

On the internal stage the files of an entity lie in one folder, whatever their dates, so that one PUT takes them all. In
storage outside they lie at the path of the landing file, and the stage reads them where they are.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from deployments.storage import Place, Storage, StorageError
from flows.errors import ConfigError, TransientError
from flows.landing import LandedFile
from flows.settings import INTERNAL_STAGE, LandingTarget
from transforms.contract import check_identifier
from transforms.functions import Session

# A landing file's name ends in `_<snapshot: 19>_<hash: 16>.ndjson.gz`: places counted from the end of the path.
TAIL, TAIL_LENGTH = 47, 37
_UPLOADS_AT_ONCE = 8
# Source -> where its landing files go: `Settings.landing_of`.
Targets = Callable[[str], LandingTarget]


def internal(_source: str) -> LandingTarget:
    """Return the internal stage, where files of every source go unless the settings name another place."""
    return INTERNAL_STAGE


def name_stage(database: str, target: LandingTarget) -> str:
    """Return full name of the stage that landing files go to."""
    return f"{check_identifier(database).upper()}.RAW.{check_identifier(target.stage)}"


def name_staged_file(landed: LandedFile, target: LandingTarget) -> str:
    """Return the path of a landing file on its stage."""
    if target.place is not None:
        return landed.relative_path
    return f"{landed.source}/{landed.entity}/{landed.relative_path.rpartition('/')[2]}"


def make_load_id(landed: LandedFile) -> str:
    """Return the load's name: `<source>/<entity>_<snapshot>_<content hash>`, made of the file's path alone."""
    return f"{landed.source}/{landed.entity}{landed.relative_path[-TAIL:][:TAIL_LENGTH]}"


@dataclass(frozen=True)
class Uploads:
    """How the files of several entities are brought to their stage: one after the other, or at the same time.

    Args:
        each: `map`, or something that does several at the same time.
        lend: Lends a login to one of them; None: they share one.
    """

    each: Callable[[Callable[[str], None], Sequence[str]], Iterable[None]] = map
    lend: Callable[[], AbstractContextManager[Session]] | None = None


IN_TURN = Uploads()


def put_files(
    session: Session,
    database: str,
    root: Path,
    files: Iterable[LandedFile],
    targets: Targets = internal,
    uploads: Uploads = IN_TURN,
) -> None:
    """Bring landing files to where their stage reads them.

    Args:
        session: Logged in to the warehouse.
        database: Holds the stages.
        root: Root of the landing files.
        files: What to bring.
        targets: Where the files of a source go.
        uploads: How those of several entities are brought.

    Raises:
        ConfigError: A place does not exist, or may not be written.
        TransientError: A place cannot be reached.
    """
    by_folder: dict[str, list[LandedFile]] = defaultdict(list)
    for landed in files:
        by_folder[f"{landed.source}/{landed.entity}"].append(landed)

    def bring(folder: str) -> None:
        group = by_folder[folder]
        target = targets(group[0].source)
        if target.place is not None:
            _upload(root, group, target.place)
            return
        location, paths = f"@{name_stage(database, target)}/{folder}", [root / one.relative_path for one in group]
        with uploads.lend() if uploads.lend else nullcontext(session) as login:
            _put(login, location, paths)

    for _ in uploads.each(bring, list(by_folder)):
        pass


def _put(session: Session, location: str, paths: Sequence[Path]) -> None:
    """PUT files in one statement. One that is there is written again: the upload that made it may have been cut off."""
    with tempfile.TemporaryDirectory(prefix="snowcast-put-") as selection:
        # PUT takes one pattern, so the files that are meant are gathered under one.
        for path in paths:
            (Path(selection) / path.name).symlink_to(path.resolve())
        session.file.put(f"{selection}/*", location, auto_compress=False, overwrite=True)


def _upload(root: Path, files: Sequence[LandedFile], place: Place) -> None:
    """Write files into storage, unless they are there: whole, as an object is visible whole or not at all."""
    storage = Storage(place)

    def send(landed: LandedFile) -> None:
        path = root / landed.relative_path
        there = storage.find(landed.relative_path)
        # The name tells the content; another size is a file that something else has cut off or replaced.
        if there is None or there.size != path.stat().st_size:
            storage.send(path, landed.relative_path)

    try:
        with ThreadPoolExecutor(_UPLOADS_AT_ONCE) as pool:
            for _ in pool.map(send, files):
                pass
    except StorageError as error:
        if error.kind == "unreachable":
            raise TransientError(
                f"{place.url} cannot be reached ({error}). What is landed is kept; try again."
            ) from None
        raise ConfigError(
            f"SNOWCAST_LANDING: {place.url} cannot be written ({error}). `snowcast doctor --stage` says why."
        ) from None
