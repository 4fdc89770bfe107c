"""What one session keeps about files: its temporary stages and file formats, and uploads that are not in place yet."""

from __future__ import annotations

import shutil
import threading
import uuid
import weakref
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deployments.embedded.context import StatementContext

ObjectName = tuple[str, ...]

_sessions: weakref.WeakKeyDictionary[Any, FileSession] = weakref.WeakKeyDictionary()
_swept: set[Path] = set()
_guard = threading.Lock()


@dataclass
class Upload:
    """Files that a client writes into a folder of its own, to be moved to the stage when it comes back."""

    incoming: Path
    target: Path
    overwrite: bool


@dataclass
class FileSession:
    """Temporary stages with their options, temporary file formats, and what is under way, of one session."""

    folder: Path
    stages: dict[ObjectName, dict[str, Any]] = field(default_factory=dict)
    formats: dict[ObjectName, dict[str, Any]] = field(default_factory=dict)
    uploads: list[Upload] = field(default_factory=list)
    relations: list[str] = field(default_factory=list)

    def settle(self) -> None:
        """Move what the session's client has finished uploading to its stage, each file in one step."""
        while self.uploads:
            upload = self.uploads.pop()
            for file in sorted(upload.incoming.iterdir()) if upload.incoming.is_dir() else []:
                target = upload.target / file.name
                if file.is_file() and (upload.overwrite or not target.exists()):
                    target.parent.mkdir(parents=True, exist_ok=True)
                    file.replace(target)
            shutil.rmtree(upload.incoming, ignore_errors=True)


def end_file_session(connection: Any) -> None:
    """Put uploads in place, and remove the temporary stages of a session that ends."""
    with _guard:
        session = _sessions.pop(connection, None)
    if session is not None:
        session.settle()
        shutil.rmtree(session.folder, ignore_errors=True)


def file_session(context: StatementContext) -> FileSession:
    """The session's own part; its folder goes when the session goes."""
    connection = context.connection
    with _guard:
        if context.stages not in _swept:
            for left_over in ("temporary", "incoming"):
                shutil.rmtree(context.stages / left_over, ignore_errors=True)
            _swept.add(context.stages)
        session = _sessions.get(connection)
        if session is None:
            session = FileSession(context.stages / "temporary" / uuid.uuid4().hex)
            _sessions[connection] = session
            weakref.finalize(connection, shutil.rmtree, session.folder, ignore_errors=True)
    return session
