"""Pagination cursors: opaque to the client, a place in a sorted listing to us."""

from __future__ import annotations

import base64
import json
from typing import NamedTuple


class Cursor(NamedTuple):
    """After which record a page begins.

    Attributes:
        page: number of the page that it leads to; the first page is 0.
        viewers: viewer count of the last record shown (or its place, in lists that are not by viewers).
        last_id: id of the last record shown.
    """

    page: int
    viewers: int
    last_id: str

    def encode(self) -> str:
        """Return the cursor as text, nested as the platform's own are."""
        place = base64.b64encode(json.dumps(list(self)).encode()).decode()
        return base64.b64encode(json.dumps({"b": {"Cursor": None}, "a": {"Cursor": place}}).encode()).decode()


def decode(text: str) -> Cursor | None:
    """Return the cursor that a text stands for, or None if it is none of ours."""
    try:
        place = json.loads(base64.b64decode(text, validate=True))["a"]["Cursor"]
        page, viewers, last_id = json.loads(base64.b64decode(place, validate=True))
        return Cursor(int(page), int(viewers), str(last_id))
    except (ValueError, KeyError, TypeError):
        return None
