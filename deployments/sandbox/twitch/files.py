"""The world as files, as the source sends them: Helix pages of streams, arrays of users and games."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from deployments.sandbox.twitch.cursors import Cursor
from deployments.sandbox.twitch.records import HelixView
from deployments.sandbox.world.timestamps import epoch
from deployments.sandbox.world.world import World

_PAGE: Final = 100
Record = dict[str, Any]


@dataclass
class Generated:
    """What was written.

    Attributes:
        files: the files, in the order of their time.
        streams: the number of stream records.
        users: the number of user records.
        games: the number of game records.
    """

    files: list[Path] = field(default_factory=list)
    streams: int = 0
    users: int = 0
    games: int = 0


def generate(
    world: World,
    folder: Path,
    polls: int,
    interval: float,
    *,
    top: int | None = 1_000,
    on_poll: Callable[[int], None] = lambda poll: None,
) -> Generated:
    """Write polls of the world, from its start on, as Helix files.

    Args:
        world: what is polled.
        folder: where the files go; made if it is not there.
        polls: how many.
        interval: seconds between two polls.
        top: so many streams per poll, most watched first; None for all.
        on_poll: called with the number of each poll that is written.

    Returns:
        What was written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    view = HelixView(world)
    written = Generated()
    for poll in range(polls):
        _write_poll(view, folder, epoch(world.start) + round(poll * interval), top, written)
        on_poll(poll)
    return written


def _write_poll(view: HelixView, folder: Path, at: int, top: int | None, written: Generated) -> None:
    """One poll: its pages share the poll's time in their names."""
    streams = view.streams(at)[:top]
    pages = [streams[start : start + _PAGE] for start in range(0, len(streams), _PAGE)] or [[]]
    for number, page in enumerate(pages, 1):
        last = page[-1] if number < len(pages) else None
        cursor = {"cursor": Cursor(number, last["viewer_count"], last["id"]).encode()} if last else {}
        part = f"_p{number:03}" if len(pages) > 1 else ""
        written.files.append(_write(folder / f"streams_{at}000{part}.json", {"data": page, "pagination": cursor}))
    users = view.users(at, ids=_read_known(streams, "user_id"))
    games = view.games(at, ids=_read_known(streams, "game_id"))
    written.files.append(_write(folder / f"users_{at}000.json", users))
    written.files.append(_write(folder / f"games_{at}000.json", games))
    written.streams += len(streams)
    written.users += len(users)
    written.games += len(games)


def _read_known(records: Iterable[Record], name: str) -> list[str]:
    """Return the ids that records name, each once, in order."""
    return list(dict.fromkeys(record[name] for record in records if record[name]))


def _write(path: Path, content: Any) -> Path:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")
    return path
