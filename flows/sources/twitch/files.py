"""Helix records in files: pages, arrays, single records, JSON lines, and CSV of the Helix columns."""

from __future__ import annotations

from collections.abc import Collection

from flows.files.kinds import make_declared_kind

SOURCE = "twitch"
# Keys that only records of the entity have together, in order of preference.
_SIGNATURES: tuple[tuple[str, frozenset[str]], ...] = (
    ("streams", frozenset({"user_id", "viewer_count"})),
    ("streams", frozenset({"user_id", "started_at", "game_id"})),
    ("users", frozenset({"login", "display_name"})),
    ("games", frozenset({"name", "box_art_url"})),
    ("games", frozenset({"id", "name", "igdb_id"})),
)


def entity_of(keys: Collection[str]) -> str | None:
    """Return the Helix entity that a record's keys show, None where they show none."""
    given = set(keys)
    return next((entity for entity, signature in _SIGNATURES if signature <= given), None)


HELIX_FILES = make_declared_kind(SOURCE, holds="streams, users or games", entity_of=entity_of)
