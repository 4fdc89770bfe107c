"""COPY: staged files into a RAW table, many files in one statement, and what Snowflake answers of each.

Wherever an entity's files lie on their stage, the path of the landing file is made again from the file's name. Lines
that COPY skipped because they are no record become rows of the quarantine.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from flows.landing import LandedFile, read_lines
from flows.load.report import LoadResult
from flows.load.stage import TAIL, TAIL_LENGTH, name_stage, name_staged_file
from flows.settings import INTERNAL_STAGE, LandingTarget
from transforms.contract import RAW_COLUMNS, Table
from transforms.engine.stored import read_table
from transforms.functions import Session

NOT_JSON = "not_json"
_STAMP = TAIL - 1  # behind the underscore: where the snapshot time begins


@dataclass(frozen=True)
class Copied:
    """What COPY said about one file."""

    rows_parsed: int
    rows_loaded: int
    first_error: str | None
    is_skipped: bool = False


def copy_files(
    session: Session,
    database: str,
    table: Table,
    files: Sequence[LandedFile],
    *,
    loaded_at: datetime,
    force: bool = False,
    target: LandingTarget = INTERNAL_STAGE,
) -> dict[str, Copied]:
    """COPY staged files into a raw table.

    Args:
        session: Where to load; part of its open transaction.
        database: Holds the table and the stage.
        table: The raw table.
        files: Staged files of one source and entity, at most 1,000.
        loaded_at: Time written to every row.
        force: Load files that the load history knows, too.
        target: Where the files were brought to.

    Returns:
        Outcome by relative path; a file that the load history knows is not among them.
    """
    by_name = {landed.relative_path.rpartition("/")[2]: landed.relative_path for landed in files}
    names = ", ".join(f"'{name_staged_file(landed, target)}'" for landed in files)
    kind = f"{files[0].source}/{files[0].entity}"
    at = f"'{loaded_at:%Y-%m-%d %H:%M:%S.%f}'::TIMESTAMP_NTZ"
    rows = session.sql(
        f"{_express_copy(database, table, kind, at, name_stage(database, target))} FILES = ({names}) FORCE = {force}"
    ).collect()
    copied: dict[str, Copied] = {}
    for row in rows:
        answer = {name.lower(): value for name, value in row.as_dict().items()}
        # The stage's name or a bucket's path may stand in front.
        path = by_name.get(str(answer.get("file", "")).rpartition("/")[2])
        if path:
            copied[path] = Copied(int(answer["rows_parsed"]), int(answer["rows_loaded"]), answer.get("first_error"))
    return copied


def express_pipe(database: str, table: Table, target: LandingTarget) -> str:
    """Return the COPY of a raw table's pipe: as `copy_files`, of every file of the table's source and entity."""
    kind = str(table.source)
    # Session and account may have any time zone where a pipe runs.
    at = "CONVERT_TIMEZONE('UTC', METADATA$START_SCAN_TIME)::TIMESTAMP_NTZ"
    return _express_copy(database, table, kind, at, f"{name_stage(database, target)}/{kind}/")


def _express_copy(database: str, table: Table, kind: str, loaded_at: str, stage: str) -> str:
    """Return COPY of staged files into RAW's columns; all are of one kind, `<source>/<entity>`.

    Snapshot time and load id are cut out of the file's name, so that files of any number of snapshots share one
    statement. COPY takes only some functions and TO_TIMESTAMP without a format (data-load-transform in Snowflake's
    user guide): hence the text that is put together and cast.
    """
    # CONTINUE: one broken line must not keep the others out; the load finds what COPY skipped and quarantines it.
    return (
        f"COPY INTO {table.full_name(database)} ({', '.join(column.name for column in RAW_COLUMNS)}) "
        f"FROM (SELECT $1, {_express_landing_path(kind)}, METADATA$FILE_ROW_NUMBER, {_SNAPSHOT_AT}, {loaded_at}, "
        f"'{kind}' || SUBSTR(METADATA$FILENAME, -{TAIL}, {TAIL_LENGTH}) FROM @{stage}) "
        "FILE_FORMAT = (TYPE = JSON COMPRESSION = GZIP) ON_ERROR = CONTINUE"
    )


def read_loaded_rows(session: Session, database: str, table: Table, load_ids: Sequence[str]) -> dict[str, set[int]]:
    """Return row numbers that RAW holds of the loads, by load."""
    from snowflake.snowpark.functions import col

    held: dict[str, set[int]] = defaultdict(set)
    frame = session.table(table.full_name(database)).filter(col("_load_id").in_(*load_ids))
    for row in frame.select("_load_id", "_source_row").collect():
        held[str(row[0])].add(int(row[1]))
    return held


def remove_load(session: Session, table: Table, load_id: str) -> None:
    """Delete what RAW holds of a load that OPS.LOADS does not name."""
    from snowflake.snowpark.functions import col, lit

    read_table(session, table).delete(col("_load_id") == lit(load_id))


def find_rejected_lines(root: Path, load: LoadResult, held: set[int], copied: Copied) -> Iterator[dict[str, Any]]:
    """Yield rows of the quarantine for the lines of a file that RAW does not hold, because they are no record.

    Args:
        root: Root of the landing files.
        load: The file's row of OPS.LOADS.
        held: Row numbers that RAW holds.
        copied: What COPY said.
    """
    landed = LandedFile.parse(load.source_file)
    if landed is None:
        return
    for number, line in enumerate(read_lines(root, landed), start=1):
        if number not in held:
            parts = [load.table_name, load.source_file, number, NOT_JSON]
            yield {
                "quarantine_id": hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32],
                "table_name": load.table_name,
                "rule": NOT_JSON,
                "reason": f"the line is no JSON: {_find_json_fault(line) or copied.first_error}",
                "record": line.decode(errors="replace"),
                "source_file": load.source_file,
                "source_row": number,
                "load_id": load.load_id,
                "quarantined_at": load.loaded_at,
            }


def _find_json_fault(line: bytes) -> str | None:
    try:
        json.loads(line)
    except ValueError as error:
        return str(error)
    return None


def _express_landing_path(kind: str) -> str:
    """Return expression for the path of the landing file of a row, `<source>/<entity>/yyyy/mm/dd/<name>`."""
    year, month, day = (f"SUBSTR(METADATA$FILENAME, -{_STAMP - start}, {n})" for start, n in ((0, 4), (4, 2), (6, 2)))
    folders = f"'{kind}/' || {year} || '/' || {month} || '/' || {day}"
    return f"{folders} || '/{kind.partition('/')[2]}' || SUBSTR(METADATA$FILENAME, -{TAIL})"


def _express_timestamp() -> str:
    """Put `YYYY-MM-DD HH:MI:SS.FF3` together from the stamp `YYYYMMDDTHHMISSFF3Z` of the file's name."""
    places = ((0, 4, "-"), (4, 2, "-"), (6, 2, " "), (9, 2, ":"), (11, 2, ":"), (13, 2, "."), (15, 3, ""))
    parts = [f"SUBSTR(METADATA$FILENAME, -{_STAMP - start}, {length})" for start, length, _ in places]
    joined = "".join(f"{part} || '{mark}' || " for part, (_, _, mark) in zip(parts, places[:-1], strict=False))
    return f"({joined}{parts[-1]})::TIMESTAMP_NTZ"


_SNAPSHOT_AT = _express_timestamp()
