"""The stage that landing files go to: its name, a load's name, and the upload, many files in one statement.

On the stage the files of an entity lie in one folder, whatever their dates, so that one PUT takes them all.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from flows.landing import LandedFile
from transforms.contract import check_identifier

if TYPE_CHECKING:
    from snowflake.snowpark import Session


STAGE = "LANDING"
# A landing file's name ends in `_<snapshot: 19>_<hash: 16>.ndjson.gz`: places counted from the end of the path.
TAIL, TAIL_LENGTH = 47, 37


def name_stage(database: str) -> str:
    """Return full name of the stage that landing files go to."""
    return f"{check_identifier(database).upper()}.RAW.{STAGE}"


def make_load_id(landed: LandedFile) -> str:
    """Return the load's name: `<source>/<entity>_<snapshot>_<content hash>`, made of the file's path alone."""
    return f"{landed.source}/{landed.entity}{landed.relative_path[-TAIL:][:TAIL_LENGTH]}"


def put_files(session: Session, database: str, root: Path, files: Iterable[LandedFile]) -> None:
    """Copy landing files to the stage; one PUT per entity.

    A file that is there already is written again: the upload that made it may have been cut off.
    """
    by_folder: dict[str, list[Path]] = defaultdict(list)
    for landed in files:
        by_folder[f"{landed.source}/{landed.entity}"].append(root / landed.relative_path)
    for folder, paths in by_folder.items():
        with tempfile.TemporaryDirectory(prefix="snowcast-put-") as selection:
            # PUT takes one pattern, so the files that are meant are gathered under one.
            for path in paths:
                (Path(selection) / path.name).symlink_to(path.resolve())
            session.file.put(f"{selection}/*", f"@{name_stage(database)}/{folder}", auto_compress=False, overwrite=True)
