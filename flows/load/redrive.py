"""The quarantine: records that staging refused, looked at, repaired and driven through the pipeline once more."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

from flows.errors import ConfigError
from flows.landing import land
from flows.load.stage import make_load_id
from flows.settings import Settings
from flows.warehouse.session import Reader
from transforms.catalog import list_raw_tables, models
from transforms.contract import Table
from transforms.functions import Session
from transforms.ops import LOADS, QUARANTINE, REDRIVES


@dataclass(frozen=True)
class Refusal:
    """One quarantined record.

    Attributes:
        quarantine_id: Names it.
        table: Table that refused it.
        rule: The rule that it breaks.
        reason: Why, in words.
        record: The record as the source sent it.
        source_file: Landing file that it came from.
        source_row: Its row there.
        snapshot_at: When the source was observed.
        quarantined_at: When it was refused.
        redriven_at: When a repaired version was loaded; None where none was.
    """

    quarantine_id: str
    table: str
    rule: str
    reason: str
    record: Any
    source_file: str
    source_row: int
    snapshot_at: datetime | None
    quarantined_at: datetime
    redriven_at: datetime | None


_FIELDS = tuple(field.name for field in fields(Refusal))


def find_refusals(reader: Reader, settings: Settings, *, table: str | None = None, limit: int = 100) -> list[Refusal]:
    """Quarantined records, newest first."""
    return _read_refusals(reader, settings, "? IS NULL OR q.table_name = ?", [table, table], limit)


def find_refusal(reader: Reader, settings: Settings, quarantine_id: str) -> Refusal:
    """One quarantined record, by its id or the unique beginning of it.

    Raises:
        ConfigError: No record or more than one is named so.
    """
    found = _read_refusals(reader, settings, "STARTSWITH(q.quarantine_id, ?)", [quarantine_id], 2)
    if len(found) != 1:
        text = "names more than one record" if found else "names no record"
        raise ConfigError(f"{quarantine_id!r} {text} of the quarantine. `snowcast quarantine list` shows their ids.")
    return found[0]


def redrive(session: Session, settings: Settings, refused: Refusal, repaired: Any) -> str:
    """Land and load the repaired record with the snapshot time of the refused one; returns the new load's id.

    Only once: the ledger row is written before the load, so a second try finds it, also after a crash in between.

    Raises:
        ConfigError: It was redriven before, or nothing was repaired.
    """
    from flows.load.loader import load_pending
    from flows.load.messages import redriven
    from flows.load.pipes import landing_of
    from flows.load.positions import KIND as MESSAGES
    from transforms.engine.ledgers import append_rows

    if refused.redriven_at:
        raise ConfigError(
            f"{refused.quarantine_id} was redriven at {refused.redriven_at:%Y-%m-%d %H:%M:%S} UTC already."
        )
    if repaired == refused.record:
        raise ConfigError(
            f"{refused.quarantine_id}: the record is as it was refused ({refused.reason}). Repair it first."
        )
    raw = _find_raw_table(refused.table)
    source, entity = str(raw.source).split("/")
    if raw.source == MESSAGES:
        repaired = redriven(repaired, refused.record, refused.quarantine_id)
    landed = land(settings.landing_root, source, entity, refused.snapshot_at or refused.quarantined_at, [repaired])
    if landed is None:
        raise ConfigError(f"{refused.quarantine_id}: the repaired record is empty.")
    load_id = make_load_id(landed)
    row = {"quarantine_id": refused.quarantine_id, "load_id": load_id, "redriven_at": datetime.now(UTC)}
    append_rows(session, REDRIVES, [row])
    places = (settings.database, settings.landing_root, list_raw_tables())
    load_pending(session, *places, source=source, landing=landing_of(settings))
    return load_id


def _find_raw_table(name: str) -> Table:
    """Return the raw table behind a table that refuses records: a raw table itself, staging, or a history of it.

    Raises:
        ConfigError: The table refuses what it makes of many records.
    """
    model = models()[name]
    if model.table.refuses_rows:
        raise ConfigError(
            f"{name} refuses events, which have no file of their own. Repair the record that the event names at its "
            "source: its next delivery makes the event."
        )
    return model.table if model.table.source else _find_raw_table(model.inputs[0])


def _read_refusals(reader: Reader, settings: Settings, condition: str, values: list[Any], limit: int) -> list[Refusal]:
    database = settings.database
    statement = (
        "SELECT q.quarantine_id, q.table_name, q.rule, q.reason, q.record, q.source_file, q.source_row, "
        "l.snapshot_at, q.quarantined_at, r.redriven_at "
        f"FROM {QUARANTINE.full_name(database)} q "
        f"LEFT JOIN {LOADS.full_name(database)} l ON l.load_id = q.load_id "
        f"LEFT JOIN {REDRIVES.full_name(database)} r ON r.quarantine_id = q.quarantine_id "
        f"WHERE {condition} ORDER BY q.quarantined_at DESC, q.quarantine_id LIMIT {limit}"
    )
    rows = reader.rows(statement, values)
    return [Refusal(**dict(zip(_FIELDS, (*row[:4], _parse_variant(row[4]), *row[5:]), strict=True))) for row in rows]


def _parse_variant(variant: str | None) -> Any:
    if variant is None:
        return None
    try:
        return json.loads(variant)
    except ValueError:
        return variant
