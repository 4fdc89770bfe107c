"""What the files of a source look like, and which entity each of their records is."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flows.extract.input_files import Header, RefusedFile, UnrecognisedFile

# Records that are looked at before a file counts as none of the source's.
_LOOK_AHEAD = 1000
_SHOWN_KEYS = 6


@dataclass(frozen=True)
class FileKind:
    """The files of one source.

    Args:
        source: Its name, e.g. twitch.
        holds: The entities in words, for messages.
        entity_of: The entity that the keys of a record or header show; None where they show none.
        required: Columns that a CSV of an entity must have, each with the names that it may go by.
        complete: Entities of which each delivery lists everything that exists.
        is_daily: Deliveries are daily: a day alone states their time, folders may state it, and manifests are read.
        encoding: Of the files' text.
        encoding_setting: The setting that states another encoding.
        known: Columns that an entity is known to have: a header that lacks one of them is told with those it has more.
        is_sheet: They are tabs of a spreadsheet or exports of one: blank rows and formula errors are looked for.
    """

    source: str
    holds: str
    entity_of: Callable[[Collection[str]], str | None]
    required: Mapping[str, Sequence[tuple[str, ...]]] = field(default_factory=dict)
    complete: frozenset[str] = frozenset()
    is_daily: bool = False
    encoding: str = "utf-8"
    encoding_setting: str | None = None
    known: Mapping[str, frozenset[str]] = field(default_factory=dict)
    is_sheet: bool = False

    def missing(self, entity: str, names: Collection[str]) -> list[str]:
        """Required columns of the entity that a header lacks."""
        return [known[0] for known in self.required.get(entity, ()) if not set(known) & set(names)]

    def unknown(self, entity: str, names: Collection[str]) -> list[str]:
        """Columns of a header that the entity is not known to have; none where its columns are not stated."""
        return [name for name in names if name not in self.known[entity]] if entity in self.known else []


def recognised(kind: FileKind, items: Iterator[Any]) -> Iterator[tuple[str, Any]]:
    """Records of pages, arrays and rows, each with its entity; one that is not recognised goes with the others.

    A CSV's header comes with its entity too.

    Raises:
        RefusedFile: No record is one of the source's, or a CSV lacks a column that its entity must have.
    """
    waiting: list[Any] = []
    entity: str | None = None
    for item in items:
        for record in _records_of(kind, item):
            entity = kind.entity_of(_keys(record)) or entity
            if entity is None:
                waiting.append(record)
                if len(waiting) > _LOOK_AHEAD:
                    raise UnrecognisedFile(_unrecognised(kind, waiting))
                continue
            if isinstance(record, Header):
                _check_header(kind, entity, record)
            for earlier in waiting:
                yield entity, earlier
            waiting.clear()
            yield entity, record
    if any(kind.required or not isinstance(record, Header) for record in waiting):
        raise UnrecognisedFile(_unrecognised(kind, waiting))


def _check_header(kind: FileKind, entity: str, header: Header) -> None:
    missing = kind.missing(entity, header.names)
    if missing:
        unknown = kind.unknown(entity, header.names)
        more = f"column {', '.join(unknown)}, which nobody knows" if unknown else _shown(header.names)
        raise RefusedFile(f"looks like {entity}, but its header has no column {', '.join(missing)}; it has {more}")


def _records_of(kind: FileKind, item: Any) -> Iterator[Any]:
    if isinstance(item, dict) and isinstance(item.get("data"), list) and kind.entity_of(item) is None:
        yield from item["data"]
    elif isinstance(item, list) and (not item or not all(isinstance(cell, str) for cell in item)):
        yield from item
    else:
        yield item


def _unrecognised(kind: FileKind, records: list[Any]) -> str:
    keys = next((keys for keys in map(_keys, records) if keys), None)
    if keys is None:
        return f"holds no records of {kind.holds}"
    return f"holds something else than {kind.holds}: its records have {_shown(keys)}"


def _keys(record: Any) -> Sequence[str]:
    if isinstance(record, Header):
        return record.names
    return list(record) if isinstance(record, Mapping) else ()


def _shown(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN_KEYS]) + (", …" if len(names) > _SHOWN_KEYS else "")
