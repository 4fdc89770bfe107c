"""What the files of a source look like, and which entity each of their records is.

Where the contracts of the tables that they become declare their columns (`make_declared_kind`), a header shows the
entity of which it has the most columns that no other entity has. Which columns an entity has, must have, and whether a
delivery lists all of it, is then declared by its tables alone: RAW names the fields, staging those that it needs.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import lru_cache, partial
from typing import Any

from flows.files.file import Header, Note, RefusedFile, UnrecognisedFile
from transforms.catalog import find_readers, list_raw_tables
from transforms.contract import Table

# Records that are looked at before a file counts as none of the source's.
_LOOK_AHEAD = 1000
_SHOWN_KEYS = 6
_KEPT_FORMATS = 256
_NEAR = 0.6  # names of which so much is alike may be meant


@dataclass(frozen=True)
class FileKind:
    """The files of one source.

    Args:
        source: Its name, e.g. twitch.
        holds: The entities in words, for messages.
        entity_of: The entity that the keys of a record or header show; None where they show none.
        required: Fields that an entity must have, each with the names that it may go by: a file is refused of whose
            records none has one of them.
        complete: Entities of which each delivery lists everything that exists.
        is_daily: Deliveries are daily: a day alone states their time, folders may state it, and manifests are read.
        encoding: Of the files' text.
        encoding_setting: The setting that states another encoding.
        known: Columns that a header of an entity should have: one that lacks some is reported, and they are NULL.
        fields: Every name that the source's tables declare: a header may write them in other capitals.
        is_sheet: They are tabs of a spreadsheet or exports of one: blank rows and formula errors are looked for.
        protected: Gives a record of an entity as it may be written down, without personal data. A line that is no
            record may hold some too, so of it only its place is written down. None: records are landed as they are.
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
    fields: frozenset[str] = frozenset()
    protected: Callable[[str, Any], Any] | None = None

    def naming(self, names: Sequence[str]) -> tuple[list[str], bool]:
        """Return the names of a header as they are declared, and whether they show what the file holds."""
        declared = {name.casefold(): name for name in sorted(self.fields)}
        found = [name if name in self.fields else declared.get(name.casefold(), name) for name in names]
        return found, self.entity_of(found) is not None

    def missing(self, entity: str, names: Collection[str]) -> list[str]:
        """Return required fields of the entity that are not among the names."""
        return [known[0] for known in self.required.get(entity, ()) if not set(known) & set(names)]

    def unknown(self, entity: str, names: Collection[str]) -> list[str]:
        """Return columns of a header that the entity is not known to have; none where its columns are not stated."""
        return [name for name in names if name not in self.known[entity]] if entity in self.known else []


def recognise_records(kind: FileKind, items: Iterator[Any]) -> Iterator[tuple[str, Any]]:
    """Yield records of pages, arrays and rows, each with its entity; one that is not recognised goes with the others.

    A CSV's header and notes come with its entity too.

    Raises:
        RefusedFile: No record is one of the source's, or all records of an entity lack a field that it must have.
    """
    waiting: list[Any] = []
    notes: list[Note] = []
    entity: str | None = None
    fields = _Fields(kind)
    entity_of = lru_cache(_KEPT_FORMATS)(kind.entity_of)  # most records of a file have the same keys
    for item in items:
        if isinstance(item, Note):
            notes.append(item)
            continue
        for record in _unpack_records(kind, item):
            entity = entity_of(_read_keys(record)) or entity
            if entity is None:
                waiting.append(record)
                if len(waiting) > _LOOK_AHEAD:
                    raise UnrecognisedFile(_explain_unrecognised(kind, waiting))
                continue
            fields.saw(entity, record)
            if isinstance(record, Header):
                fields.check()
                notes += _note_missing(kind, entity, record)
            for note in notes:
                yield entity, note
            notes.clear()
            for earlier in waiting:
                yield entity, earlier
            waiting.clear()
            yield entity, record
    is_table = kind.is_daily or kind.is_sheet
    if any(is_table or not isinstance(record, Header) for record in waiting):
        raise UnrecognisedFile(_explain_unrecognised(kind, waiting))
    fields.check()


class _Fields:
    """The required fields that no record of a file has had so far."""

    def __init__(self, kind: FileKind) -> None:
        self._kind = kind
        self._missing: dict[str, list[str]] = {}
        self._format_names: dict[str, Sequence[str]] = {}

    def saw(self, entity: str, record: Any) -> None:
        """Take in the fields of a header or record."""
        if self._missing.get(entity) != [] and (names := _read_keys(record)):
            lacking = self._kind.missing(entity, names)
            known = self._missing.get(entity)
            self._missing[entity] = lacking if known is None else [name for name in known if name in lacking]
            self._format_names.setdefault(entity, names)

    def check(self) -> None:
        """Refuse a file that cannot be what it looks like.

        Raises:
            RefusedFile: No record of an entity has one of the fields that it must have.
        """
        for entity, missing in self._missing.items():
            if missing:
                names = self._format_names[entity]
                near = [
                    f"rename {found} to {name}?"
                    for name in missing
                    if (found := _find_similar(self._kind, name, names))
                ]
                text = "; ".join([f"it has {_format_names(names)}", *near])
                raise RefusedFile(f"looks like {entity}, but its header has no column {', '.join(missing)}; {text}")


def _find_similar(kind: FileKind, name: str, names: Sequence[str]) -> str | None:
    """Return the name among those that no table declares that may be meant."""
    alike = {other: _measure_likeness(name, other) for other in names if other not in kind.fields}
    best = max(alike, key=lambda other: alike[other], default=None)
    return best if best is not None and alike[best] >= _NEAR else None


def _measure_likeness(name: str, other: str) -> float:
    one, two = (text.casefold().replace("_", "").replace(" ", "") for text in (name, other))
    return 1.0 if two.endswith(one) else SequenceMatcher(None, one, two).ratio()


def _note_missing(kind: FileKind, entity: str, header: Header) -> Iterator[Note]:
    lacking = sorted(kind.known.get(entity, frozenset()) - set(header.names))
    if lacking:
        unknown = kind.unknown(entity, header.names)
        more = f"; it has {', '.join(unknown[:_SHOWN_KEYS])}, which nobody knows" if unknown else ""
        yield Note(f"its header has no column {', '.join(lacking)}: NULL in every row{more}")


def _unpack_records(kind: FileKind, item: Any) -> Iterator[Any]:
    if isinstance(item, dict) and isinstance(item.get("data"), list) and kind.entity_of(item) is None:
        yield from item["data"]
    elif isinstance(item, list) and (not item or not all(isinstance(cell, str) for cell in item)):
        yield from item
    else:
        yield item


def _explain_unrecognised(kind: FileKind, records: list[Any]) -> str:
    keys = next((keys for keys in map(_read_keys, records) if keys), None)
    if keys is None:
        return f"holds no records of {kind.holds}"
    return f"holds something else than {kind.holds}: its records have {_format_names(keys)}"


def _read_keys(record: Any) -> tuple[str, ...]:
    if isinstance(record, dict):  # most are: told at a tenth of what it takes to ask for a Mapping
        return tuple(record)
    return tuple(record.names if isinstance(record, Header) else record if isinstance(record, Mapping) else ())


def _format_names(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN_KEYS]) + (", …" if len(names) > _SHOWN_KEYS else "")


# So many columns of its own show an entity; one is enough where it has no more than two.
_TELLING = 2


def make_declared_kind(source: str, *, tells_missing: bool = False, **options: Any) -> FileKind:
    """Return what the files of a source look like, by the contracts of its tables.

    Args:
        source: E.g. billing.
        tells_missing: A header that lacks a field which RAW names is reported, also where staging can do without.
        **options: More fields of FileKind.
    """
    tables = {str(table.source).partition("/")[2]: table for table in list_raw_tables(source)}
    required = {entity: _list_required(table) for entity, table in tables.items()}
    names = {entity: frozenset(table.fields).union(*required[entity]) for entity, table in tables.items()}
    own = {
        entity: fields.difference(*(others for other, others in names.items() if other != entity))
        for entity, fields in names.items()
    }
    options.setdefault("entity_of", partial(_recognise_entity, own=own))
    options.setdefault("holds", ", ".join(sorted(tables)[:-1]) + f" or {max(tables)}")
    return FileKind(
        source=source,
        required=required,
        complete=frozenset(entity for entity, table in tables.items() if table.is_complete),
        known={entity: frozenset(table.fields) for entity, table in tables.items()} if tells_missing else {},
        fields=frozenset().union(*names.values()),
        **options,
    )


def _list_required(table: Table) -> list[tuple[str, ...]]:
    """Fields that staging cannot do without, each with the names that it had before."""
    columns = [column for reader in find_readers(table.name) for column in reader.table.columns]
    return [(column.payload, *column.formerly) for column in columns if column.payload and not column.nullable]


def _recognise_entity(keys: Collection[str], own: Mapping[str, frozenset[str]]) -> str | None:
    found = {entity: len(fields.intersection(keys)) for entity, fields in own.items()}
    most = max(found.values(), default=0)
    best = [entity for entity, count in found.items() if count == most]
    if len(best) > 1:
        return None
    return best[0] if most >= min(_TELLING, len(own[best[0]]) - 1) and most else None
