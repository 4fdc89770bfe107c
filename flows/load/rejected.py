"""Lines of landing files that COPY skipped because they are no record: rows of the quarantine."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flows.landing import LandedFile, read_lines
from flows.load.copy import Copied
from flows.load.report import LoadResult

NOT_JSON = "not_json"


def find_rejected_lines(root: Path, load: LoadResult, held: set[int], copied: Copied) -> Iterator[dict[str, Any]]:
    """Yield quarantine rows for the lines of a file that RAW does not hold.

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
            yield {
                "quarantine_id": _make_quarantine_id(load, number),
                "table_name": load.table_name,
                "rule": NOT_JSON,
                "reason": f"the line is no JSON: {_find_json_fault(line) or copied.first_error}",
                "record": line.decode(errors="replace"),
                "source_file": load.source_file,
                "source_row": number,
                "load_id": load.load_id,
                "quarantined_at": load.loaded_at,
            }


def _make_quarantine_id(load: LoadResult, row: int) -> str:
    return hashlib.sha256(json.dumps([load.table_name, load.source_file, row, NOT_JSON]).encode()).hexdigest()[:32]


def _find_json_fault(line: bytes) -> str | None:
    try:
        json.loads(line)
    except ValueError as error:
        return str(error)
    return None
