"""Landing files that OPS.LOADS does not name yet."""

from __future__ import annotations

import json
import logging
from datetime import datetime
from pathlib import Path
from typing import Any

from flows.landing import POLLS_ENTITY, LandedFile, list_landed_files, read_lines
from transforms.contract import Table
from transforms.functions import Session
from transforms.ops import LOADS

logger = logging.getLogger(__name__)


def read_loaded_files(session: Session, database: str) -> frozenset[str]:
    """Source files that OPS.LOADS names."""
    rows = session.sql(f"SELECT source_file FROM {LOADS.full_name(database)}").collect()
    return frozenset(str(row[0]) for row in rows)


def find_pending_files(session: Session, database: str, root: Path, source: str | None = None) -> list[LandedFile]:
    """List landing files (of one source) that are not loaded yet, ordered by path."""
    landed = list_landed_files(root, source)
    if not landed:
        return []
    loaded = read_loaded_files(session, database)
    return [one for one in landed if one.relative_path not in loaded]


def has_target(landed: LandedFile, raw_tables: dict[str, Table]) -> bool:
    """Whether a raw table takes files of this kind; one that none takes is told."""
    if landed.entity == POLLS_ENTITY or name_kind(landed) in raw_tables:
        return True
    logger.warning("%s: no raw table takes files of its kind; it stays where it is", landed.relative_path)
    return False


def read_poll_records(root: Path, landed: LandedFile) -> list[dict[str, Any]]:
    """Read completeness records of polls from their landing file, as rows of OPS.POLLS."""
    records = [json.loads(line) for line in read_lines(root, landed)]
    times = ("snapshot_at", "recorded_at")
    return [{**record, **{name: datetime.fromisoformat(record[name]) for name in times}} for record in records]


def name_kind(landed: LandedFile) -> str:
    """Return the kind of a landing file, as the contract of its raw table names it."""
    return f"{landed.source}/{landed.entity}"
