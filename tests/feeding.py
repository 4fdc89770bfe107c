"""Feeding a test's warehouse: empty tables, raw records as COPY leaves them, frames from rows, tables as rows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from snowflake.snowpark import DataFrame, Session
from snowflake.snowpark.types import StructField, StructType

from expectations.rules.schemas import list_declared_columns
from transforms.activity.definitions.activity import Thresholds
from transforms.build import build_table
from transforms.catalog import find_raw_table, models, select_models
from transforms.contract import Layer, Table
from transforms.engine.batches import read_states
from transforms.engine.stored import read_table
from transforms.engine.tables import prepare_tables
from transforms.engine.write import BuildResult
from transforms.marts.mart_viewer_spikes import SpikeLimits
from transforms.ops import LEDGERS
from transforms.types import DataType, DecimalType

PARAMETERS: dict[str, Any] = {
    "gap_cap_seconds": 2700,
    "sample_gap_cap_seconds": 180,
    "today": date(2023, 12, 31),
    "current_month": date(2023, 12, 1),
    "anonymous_user_ids": ("anonymous",),
    "point_value": None,
    "currency": "USD",
    "decimal_comma": False,
    "shared_id_spaces": (),
    "thresholds": Thresholds(),
    "spike_limits": SpikeLimits(),
    "product_properties": (),
    "tracked_properties": ("plan", "cohort"),
}
T0 = datetime(2023, 9, 24, 17, 0)
_LOADED_AT = "'2023-10-01'::TIMESTAMP_NTZ"


def minutes(count: float) -> datetime:
    """That many minutes after T0."""
    return T0 + timedelta(minutes=count)


def prepare(session: Session) -> None:
    """Make the schemas and every table, empty; a statement per table, where the writers take four."""
    cursor = session.connection.cursor()
    for layer in Layer:
        cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {_database(session)}.{layer}")
    for table in [*LEDGERS, *[model.table for model in models().values()]]:
        if not table.is_view:
            cursor.execute(definition(table, table.full_name(_database(session))))
    prepare_tables(session)


def definition(table: Table, full_name: str) -> str:
    """The statement that makes the table as `create_table` does."""
    kinds = list_declared_columns(table)
    columns = [
        f"{column.name} {_type(column.type, kinds[column.name])}{'' if column.nullable else ' NOT NULL'}"
        for column in table.stored_columns
    ]
    return f"CREATE TABLE IF NOT EXISTS {full_name} ({', '.join(columns)})"


def _type(type: DataType, kind: str) -> str:
    if isinstance(type, DecimalType):
        return f"NUMBER({type.precision}, {type.scale})"
    return "NUMBER(38, 0)" if kind == "NUMBER" else kind


@dataclass(frozen=True)
class LandingFile:
    """One landing file: its records were observed at one time."""

    entity: str
    snapshot_at: datetime
    records: tuple[Any, ...]
    name: str = ""
    source: str = "twitch"

    @property
    def path(self) -> str:
        if self.name:
            return self.name
        spelled = json.dumps(self.records, sort_keys=True, default=str)
        return (
            f"{self.source}/{self.entity}/{self.snapshot_at:%Y%m%dT%H%M%S%f}_"
            f"{hashlib.md5(spelled.encode()).hexdigest()[:8]}"
        )

    @property
    def load_id(self) -> str:
        return hashlib.md5(self.path.encode()).hexdigest()

    @property
    def table(self) -> Table:
        return find_raw_table(self.source, self.entity)


def stream(stream_id: str, viewer_count: Any, **fields: Any) -> dict[str, Any]:
    """A Get Streams record."""
    record = {
        "id": stream_id,
        "user_id": f"u{stream_id}",
        "user_login": f"login_{stream_id}",
        "user_name": f"Name {stream_id}",
        "game_id": "g1",
        "game_name": "Chess",
        "type": "live",
        "title": "hello",
        "viewer_count": viewer_count,
        "started_at": "2023-09-24T16:00:00Z",
        "language": "en",
        "thumbnail_url": "https://example.com/{width}x{height}.jpg",
        "tag_ids": [],
        "tags": ["English"],
        "is_mature": False,
    }
    return {**record, **fields}


def sample_of(stream_id: str, at: datetime, viewer_count: Any, **fields: Any) -> dict[str, Any]:
    """The record of a message: a sample of a stream, and where in the topic it was."""
    record = {
        "timestamp": f"{at.isoformat(timespec='milliseconds')}Z",
        "stream_id": stream_id,
        "user_id": f"u{stream_id}",
        "user_login": f"login_{stream_id}",
        "user_name": f"Name {stream_id}",
        "game_id": "g1",
        "game_name": "Chess",
        "title": "hello",
        "viewer_count": viewer_count,
        "started_at": "2023-09-24T16:00:00Z",
        "language": "en",
        "_topic": "samples",
        "_incarnation": "one",
        "_partition": 0,
        "_offset": 0,
        "_message_at": f"{at.isoformat(timespec='milliseconds')}Z",
        "_key": stream_id,
    }
    return {**record, **fields}


def consumed(snapshot_at: datetime, *records: Any, name: str = "") -> LandingFile:
    """A batch of messages of the topic as it was landed."""
    return LandingFile("samples", snapshot_at, records, name, source="kafka")


def delivered(entity: str, snapshot_at: datetime, *records: Any, name: str = "") -> LandingFile:
    """A file of billing as it was landed: a record per line, every value as text."""
    return LandingFile(entity, snapshot_at, records, name, source="billing")


def exported(entity: str, snapshot_at: datetime, *records: Any, name: str = "") -> LandingFile:
    """An hour of Amplitude's export, its events list or its merges, as they were landed."""
    return LandingFile(entity, snapshot_at, records, name, source="amplitude")


def read_from_sheet(entity: str, snapshot_at: datetime, *records: Any, name: str = "") -> LandingFile:
    """A tab of the live logs as it was landed: a record per row."""
    return LandingFile(entity, snapshot_at, records, name, source="livelogs")


def load(session: Session, *files: LandingFile) -> None:
    """Put the files' records into RAW and the loads into the ledger, as loading does; a statement per table."""
    rows: dict[str, list[tuple[Any, ...]]] = {}
    for file in files:
        rows.setdefault(file.table.full_name(_database(session)), []).extend(
            (json.dumps(record), file.path, number, file.snapshot_at.isoformat(), file.load_id)
            for number, record in enumerate(file.records, start=1)
        )
    for name, of_table in rows.items():
        _insert(session, f"{name} SELECT PARSE_JSON(?), ?, ?, CAST(? AS TIMESTAMP_NTZ), {_LOADED_AT}, ?", of_table)
    ledger = [
        (f.load_id, f.table.name, f.path, f.load_id, f.snapshot_at.isoformat(), len(f.records), len(f.records))
        for f in files
    ]
    values = f"?, ?, ?, ?, CAST(? AS TIMESTAMP_NTZ), ?, ?, 0, {_LOADED_AT}"
    _insert(session, f"{_database(session)}.OPS.LOADS SELECT {values}", ledger)


def build_all(
    session: Session,
    names: Sequence[str] = (),
    *,
    mode: str = "incremental",
    window: tuple[datetime, datetime] | None = None,
    parameters: Mapping[str, Any] = PARAMETERS,
    run_id: str = "run",
) -> dict[str, BuildResult]:
    """Build the tables in order as a run does, which reads their states once; without names all of them."""
    built = [model for model in select_models(list(names)) if model.build is not None]
    states = read_states(session, built)
    return {
        model.table.name: build_table(
            session, model.table.name, run_id=run_id, mode=mode, parameters=parameters, window=window, states=states
        )
        for model in built
    }


def frame_of(session: Session, table: Table, rows: Iterable[Mapping[str, Any]]) -> DataFrame:
    """A frame of the table's stored columns; columns that a row does not name are NULL."""
    names = [column.name for column in table.stored_columns]
    values = [tuple(row.get(name, "" if name == "_build_id" else None) for name in names) for row in rows]
    schema = StructType([StructField(field.name, field.datatype) for field in table.schema.fields])
    return session.create_dataframe(values, schema=schema)


def rows_of(frame: DataFrame, *names: str) -> list[tuple[Any, ...]]:
    """The frame's rows, of those columns, sorted; comparable between tables."""
    chosen = frame.select(*names) if names else frame
    return sorted((tuple(row) for row in chosen.collect()), key=lambda row: [(v is None, str(v)) for v in row])


def content(session: Session, name: str) -> list[tuple[Any, ...]]:
    """The stored rows of a table without the build that wrote them."""
    table = models()[name].table
    kept = [column.name for column in table.stored_columns if column.name != "_build_id"]
    return rows_of(read_table(session, table).select(*kept))


def written(result: BuildResult) -> tuple[int, int, int]:
    """Inserted, updated, deleted."""
    return result.rows_inserted, result.rows_updated, result.rows_deleted


def _database(session: Session) -> str:
    return str(session.get_current_database()).strip('"')


def _insert(session: Session, what: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows bound together: written as VALUES, each of their values would be parsed."""
    if rows:
        session.connection.cursor().executemany(f"INSERT INTO {what}", rows)
