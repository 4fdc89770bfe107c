"""One page of a listing, sound or spoilt as the faults say."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping
from typing import Any

from deployments.sandbox.http.faults import FaultRule
from deployments.sandbox.http.messages import HelixError, Request
from deployments.sandbox.twitch.cursors import Cursor, decode

Record = dict[str, Any]


def page_of(
    records: list[Record], request: Request, rank: Callable[[int, Record], int], faults: Mapping[str, FaultRule]
) -> dict[str, Any]:
    """Return the page of a sorted listing that a request asks for.

    Args:
        records: the whole listing in order.
        request: with `first` and perhaps `after`.
        rank: what a listing is sorted by, falling, from place and record.
        faults: the faults that fired on this request.

    Returns:
        The body: data and pagination.

    Raises:
        HelixError: 400 for a bad `first` or cursor.
    """
    if "empty_listing" in faults:
        return {"data": [], "pagination": {}}
    size = page_size(request)
    cursor = cursor_of(request)
    if cursor and "refuse_cursor" in faults:
        raise HelixError(400, "Invalid cursor.")
    start = _find_start(records, cursor, rank, faults)
    end = start + min(size, faults["short_page"].rows if "short_page" in faults else size)
    data = [] if "empty_page" in faults else records[start:end]
    if "loop_cursor" in faults:
        return {"data": data, "pagination": {"cursor": request.one("after")}}
    if end >= len(records) and "empty_page" not in faults:
        return {"data": data, "pagination": {}}
    page = cursor.page + 1 if cursor else 1
    if data:
        follow = Cursor(page, rank(end - 1, data[-1]), data[-1]["id"])
    else:
        follow = Cursor(page, cursor.viewers, cursor.last_id) if cursor else Cursor(page, 2**62, "")
    return {"data": data, "pagination": {"cursor": follow.encode()}}


def page_size(request: Request) -> int:
    """Return the number of records asked for: 1 to 100, 20 if not said."""
    text = request.one("first") or "20"
    if not text.isdigit() or not 1 <= int(text) <= 100:
        limit = "less than or equal to 100" if text.isdigit() and int(text) else "greater than or equal to 1"
        raise HelixError(400, f'The parameter "first" was malformed: the value must be {limit}')
    return int(text)


def cursor_of(request: Request) -> Cursor | None:
    """Return the cursor of a request, None for a first page."""
    text = request.one("after")
    if not text:
        return None
    cursor = decode(text)
    if cursor is None:
        raise HelixError(400, "Invalid cursor.")
    return cursor


def _find_start(
    records: list[Record],
    cursor: Cursor | None,
    rank: Callable[[int, Record], int],
    faults: Mapping[str, FaultRule],
) -> int:
    """Return the place of the page's first record: behind the cursor's record, or behind where it would be by now."""
    if cursor is None:
        return 0
    places = [(-rank(place, record), record["id"]) for place, record in enumerate(records)]
    start = bisect_right(places, (-cursor.viewers, cursor.last_id))
    if "repeat_pages" in faults:
        start -= faults["repeat_pages"].rows
    if "miss_rows" in faults:
        start += faults["miss_rows"].rows
    return max(start, 0)
