"""The folder of a home's dashboard: where it listens, and the file by which a run tells it that something is new."""

from __future__ import annotations

from pathlib import Path

FOLDER, ENDPOINT, CHANGED = "dashboard", "endpoint.json", "changed"


def tell_dashboard(home: Path) -> None:
    """Let the home's dashboard, where it has one, read what people will look at before they come."""
    folder = home / FOLDER
    if (folder / ENDPOINT).exists():
        (folder / CHANGED).touch()
