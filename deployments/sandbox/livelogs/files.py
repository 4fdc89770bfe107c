"""The live logs as files: each tab as the CSV that a spreadsheet program exports."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from pathlib import Path

from deployments.sandbox.livelogs.tabs import LiveLogsView, Row
from deployments.sandbox.world.timestamps import epoch
from deployments.sandbox.world.world import World


def write_livelogs(world: World, folder: Path, at: datetime) -> list[Path]:
    """Write the tabs as they are at a time.

    Args:
        world: whose live logs.
        folder: where the files go; made if it is not there.
        at: the time, which the files' names state in milliseconds since 1970.

    Returns:
        The files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    stamp = epoch(at) * 1_000
    tabs = LiveLogsView(world).at(epoch(at))
    return [_write(folder / f"{name}_{stamp}.csv", rows) for name, rows in tabs.items()]


def _write(path: Path, rows: list[Row]) -> Path:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    path.write_text(text.getvalue(), encoding="utf-8", newline="")
    return path
