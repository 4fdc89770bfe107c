"""Small files for tests, and statements sent through the plain connector."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from snowflake.connector.errors import ProgrammingError

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection

Rows = list[tuple[Any, ...]]
NOTHING: Rows = [("Copy executed with 0 files processed.",)]


def run(connection: SnowflakeConnection, sql: str) -> Rows:
    return connection.cursor().execute(sql).fetchall()


def write_ndjson(path: Path, records: Iterable[Any]) -> Path:
    text = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
    return write_gzip(path, text.encode())


def write_gzip(path: Path, content: bytes) -> Path:
    path.write_bytes(gzip.compress(content, mtime=0))
    return path


def write_text(path: Path, text: str) -> Path:
    path.write_bytes(text.encode())
    return path


def put(connection: SnowflakeConnection, path: Path, stage: str, options: str = "AUTO_COMPRESS=FALSE") -> Rows:
    return run(connection, f"PUT 'file://{path}' {stage} {options}")


def statuses(rows: Rows) -> list[str]:
    return [row[1] for row in rows]


def refusal(connection: SnowflakeConnection, sql: str) -> ProgrammingError:
    with pytest.raises(ProgrammingError) as refused:
        run(connection, sql)
    return refused.value


def count(connection: SnowflakeConnection, table: str) -> int:
    return int(run(connection, f"SELECT COUNT(*) FROM {table}")[0][0])
