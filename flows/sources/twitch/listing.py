"""Walks of Helix listings: pages by cursor with guards, look-ups by id in batches, and what each of them counted.

Helix repeats and misses streams across pages, its cursors can loop or be refused, and a page may be short. A walk
therefore ends when the source says so, when enough distinct ids came, or at the page cap; a loop or a refused cursor
begins it again once. Repeats are passed on (RAW keeps every record), only counted as such.
"""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from flows.errors import ConfigError
from flows.sources.twitch.client import HelixClient, Page, Parameters, RequestRefused

# Helix takes at most 100 of anything: records a page, ids or filter values a request.
PAGE_SIZE = 100
LOOKUP_SIZE = 100
# A cursor that moves on while no page brings a new id is a loop too.
_STALE_PAGES = 3
_EMPTY_PAGES = 2


@dataclass
class Listing:
    """What one listing of one entity received so far, and how it ended.

    Args:
        entity: streams, users or games.
        requested: Records or ids asked for; None where all were.
    """

    entity: str
    requested: int | None = None
    pages: int = 0
    rows: int = 0
    restarts: int = 0
    ended: str = "complete"
    notes: list[str] = field(default_factory=list)
    seen: dict[str, None] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)

    def take(self, page: Page) -> Page:
        """Count a page and give the part of it that is taken: no record after the last one that was asked for."""
        taken: list[Any] = []
        for record in page.records:
            if self.is_satisfied:
                break
            taken.append(record)
            self.seen.update(dict.fromkeys(ids_of([record], "id")))
        self.pages += 1
        self.rows += len(taken)
        return Page(taken, page.cursor)

    def end(self, how: str, note: str | None = None) -> None:
        """State how the listing ended."""
        self.ended = how
        if note:
            self.notes.append(note)

    @property
    def is_satisfied(self) -> bool:
        """Whether as many distinct records came as were asked for."""
        return self.requested is not None and len(self.seen) >= self.requested


def ids_of(records: Sequence[Any], name: str) -> Iterator[str]:
    """Yield values of an id field as text; records without one, and the empty id (no category), name nothing."""
    for record in records:
        value = record.get(name) if isinstance(record, dict) else None
        if isinstance(value, (str, int)) and value != "":
            yield str(value)


@dataclass
class _Pass:
    """One walk from the first page on: its guards start anew with it, what was received does not."""

    pages: int = 0
    stale_pages: int = 0
    empty_pages: int = 0
    ids: set[str] = field(default_factory=set)
    cursors: set[str] = field(default_factory=set)

    def count(self, page: Page) -> None:
        before = len(self.ids)
        self.pages += 1
        self.ids.update(ids_of(page.records, "id"))
        self.empty_pages = 0 if page.records else self.empty_pages + 1
        self.stale_pages = self.stale_pages + 1 if page.records and len(self.ids) == before else 0

    def loops_at(self, cursor: str) -> bool:
        looped = cursor in self.cursors or self.stale_pages >= _STALE_PAGES
        self.cursors.add(cursor)
        return looped


async def list_streams(
    client: HelixClient, listing: Listing, filters: Parameters, *, max_pages: int
) -> AsyncIterator[Page]:
    """Yield the pages of one Get Streams listing, most viewers first.

    Args:
        client: Where to ask.
        listing: Counts what came; its `requested` distinct streams are enough.
        filters: game_id, language, user_login: at most 100 values each.
        max_pages: Pages after which a walk stops as `capped`.
    """
    walk = _Pass()
    cursor: str | None = None
    while True:
        try:
            page = await client.fetch_page("streams", {**filters, "first": PAGE_SIZE, "after": cursor})
        except RequestRefused as refusal:
            if cursor is None:
                raise ConfigError(
                    f"Helix refused the streams that are asked for: {refusal}. Check the filters."
                ) from None
            if not _begin_again(listing, "refused", f"cursor refused after page {walk.pages} ({refusal})"):
                return
            walk, cursor = _Pass(), None
            continue
        walk.count(page)
        yield listing.take(page)
        cursor = page.cursor
        if cursor is None or listing.is_satisfied or walk.empty_pages >= _EMPTY_PAGES:
            return
        if walk.loops_at(cursor):
            if not _begin_again(listing, "looped", f"cursor looped after page {walk.pages}"):
                return
            walk, cursor = _Pass(), None
        elif walk.pages >= max_pages:
            listing.end("capped", f"stopped at the cap of {max_pages} pages")
            return


def _begin_again(listing: Listing, fault: str, note: str) -> bool:
    """Note the fault; True where the listing may begin again, which it may once."""
    if listing.restarts:
        listing.end(fault, note)
        return False
    listing.restarts += 1
    listing.notes.append(f"{note}, begun again")
    return True


async def look_up(client: HelixClient, listing: Listing, ids: Sequence[str]) -> AsyncIterator[Page]:
    """Yield the answers of Get Users or Get Games for the ids; those that did not come back are `listing.missing`."""
    for batch in batches(ids, LOOKUP_SIZE):
        try:
            page = await client.fetch_page(listing.entity, {"id": list(batch)})
        except RequestRefused as refusal:
            listing.end("refused", f"{len(batch)} ids from {batch[0]} on: {refusal}")
            continue
        yield listing.take(page)
    listing.missing = [name for name in ids if name not in listing.seen]


def batches(values: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """Consecutive slices of at most `size` values."""
    return (values[start : start + size] for start in range(0, len(values), size))


def filter_combinations(filters: dict[str, Sequence[str]]) -> Iterator[Parameters]:
    """Filters cut to Helix's 100 values each; every combination of the cuts is one listing."""
    names = [name for name, values in filters.items() if values]
    cuts = [[list(batch) for batch in batches(filters[name], PAGE_SIZE)] for name in names]
    for combination in itertools.product(*cuts):
        yield dict(zip(names, combination, strict=True))
