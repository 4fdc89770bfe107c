"""The state of the warehouse in one look: how fresh, how many rows, what is quarantined, how the last runs ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from flows.load.messages import REDRIVEN
from flows.settings import Settings
from flows.steps.standing import parse_standing, standing_statement
from transforms.catalog import select_models
from transforms.ops import POLLS, QUARANTINE, REDRIVES, RUNS, STREAM_POSITIONS

if TYPE_CHECKING:
    from flows.warehouse.session import Reader

_LAST_RUNS = 5
_RATE_MINUTES = 10


@dataclass(frozen=True)
class Freshness:
    """The newest snapshot of one entity of a source, and how old it is."""

    source: str
    entity: str
    newest_snapshot_at: datetime
    age_minutes: float
    polls: int


@dataclass(frozen=True)
class TableRows:
    """How many rows a table has; `closed` tables broke a critical rule and block what is built from them."""

    schema: str
    table: str
    rows: int
    closed: bool


@dataclass(frozen=True)
class Refused:
    """Quarantined records of one table and rule; `redriven` of them were repaired and loaded again."""

    table: str
    rule: str
    records: int
    redriven: int


@dataclass(frozen=True)
class Consumed:
    """What is loaded of one partition of a topic, as it is now; `lag` is that of the last batch."""

    topic: str
    partition: int
    next_offset: int
    messages: int
    quarantined: int
    lag: int | None
    per_minute: float
    last_commit: datetime


@dataclass(frozen=True)
class PastRun:
    """One run of a flow."""

    run_id: str
    flow: str
    state: str
    started_at: datetime
    seconds: float
    summary: str


@dataclass(frozen=True)
class Status:
    """What `snowcast status --json` prints, field by field."""

    warehouse: str
    database: str
    at: datetime
    freshness: list[Freshness]
    tables: list[TableRows]
    quarantine: list[Refused]
    stream: list[Consumed]
    runs: list[PastRun]


def read_status(reader: Reader, settings: Settings) -> Status:
    """Read the state from the tables and the ledgers."""
    database = settings.database
    return Status(
        warehouse=settings.warehouse,
        database=database,
        at=datetime.now(UTC).replace(tzinfo=None),
        freshness=_read_freshness(reader, database),
        tables=_count_rows(reader, database),
        quarantine=_read_refused(reader, database),
        stream=_read_consumed(reader, database),
        runs=_read_past_runs(reader, database),
    )


def _read_freshness(reader: Reader, database: str) -> list[Freshness]:
    """Return newest snapshot per raw table: files count as well as polls."""
    raw = [model.table for model in select_models(["raw"])]
    parts = [
        f"SELECT '{table.source}', MAX(_SNAPSHOT_AT), COUNT(DISTINCT _SNAPSHOT_AT) FROM {table.full_name(database)}"
        for table in raw
    ]
    polls = {
        f"{row[0]}/{row[1]}": row[2]
        for row in reader.rows(
            f"SELECT source, entity, COUNT(*) FROM {POLLS.full_name(database)} GROUP BY source, entity"
        )
    }
    now = datetime.now(UTC).replace(tzinfo=None)
    found = []
    for name, newest, snapshots in reader.rows(" UNION ALL ".join(parts)):
        if newest is not None:
            source, entity = name.split("/")
            age = round((now - newest).total_seconds() / 60, 1)
            found.append(Freshness(source, entity, newest, age, polls.get(name, snapshots)))
    return sorted(found, key=lambda one: (one.source, one.entity))


def _count_rows(reader: Reader, database: str) -> list[TableRows]:
    tables = [model.table for model in select_models()]
    parts = [f"SELECT '{table.name}', COUNT(*) FROM {table.full_name(database)}" for table in tables]
    counts = {row[0]: row[1] for row in reader.rows(" UNION ALL ".join(parts))}
    closed = parse_standing(reader.rows(standing_statement(database))).closed
    order = {str(layer): place for place, layer in enumerate(type(tables[0].layer))}
    rows = [TableRows(str(t.layer), t.name, counts[t.name], t.name in closed) for t in tables]
    return sorted(rows, key=lambda one: (order[one.schema], one.table))


def _read_refused(reader: Reader, database: str) -> list[Refused]:
    statement = (
        "SELECT q.table_name, q.rule, COUNT(*), COUNT(r.quarantine_id) "
        f"FROM {QUARANTINE.full_name(database)} q LEFT JOIN {REDRIVES.full_name(database)} r "
        "ON r.quarantine_id = q.quarantine_id GROUP BY q.table_name, q.rule ORDER BY q.table_name, q.rule"
    )
    return [Refused(*row) for row in reader.rows(statement)]


def _read_consumed(reader: Reader, database: str) -> list[Consumed]:
    """Read how far each topic is loaded: of the topic of that name which was read last."""
    since = datetime.now(UTC).replace(tzinfo=None) - timedelta(minutes=_RATE_MINUTES)
    statement = (
        "SELECT topic, partition_number, MAX(last_offset) + 1, SUM(messages), SUM(quarantined), "
        f"MAX_BY(lag, recorded_at), SUM(IFF(recorded_at >= '{since:%Y-%m-%d %H:%M:%S}'::TIMESTAMP_NTZ, messages, 0)), "
        f"MAX(recorded_at) FROM (SELECT * FROM {STREAM_POSITIONS.full_name(database)} "
        f"WHERE NOT STARTSWITH(incarnation, '{REDRIVEN}') "
        "QUALIFY incarnation = FIRST_VALUE(incarnation) OVER (PARTITION BY topic ORDER BY recorded_at DESC, load_id)) "
        "GROUP BY topic, partition_number ORDER BY topic, partition_number"
    )
    return [
        Consumed(topic, partition, following, messages, quarantined, lag, round(recent / _RATE_MINUTES, 1), committed)
        for topic, partition, following, messages, quarantined, lag, recent, committed in reader.rows(statement)
    ]


def _read_past_runs(reader: Reader, database: str) -> list[PastRun]:
    statement = (
        f"SELECT run_id, flow, state, started_at, ended_at, summary FROM {RUNS.full_name(database)} "
        f"ORDER BY started_at DESC LIMIT {_LAST_RUNS}"
    )
    return [
        PastRun(run_id, flow, state, started, round((ended - started).total_seconds(), 1), summary or "")
        for run_id, flow, state, started, ended, summary in reader.rows(statement)
    ]
