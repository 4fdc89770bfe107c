"""Stories: a folder each, with the files of every day and what the tables hold in the end.

`day_N/<entity>_<YYYYMMDD>_<HHMMSS>.json` is a Helix page; `expect/<table>.csv` names the columns that the story is
about and all their rows. Every day is built twice: the second time nothing is written.
"""

from __future__ import annotations

import csv
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from snowflake.snowpark import Session

from tests.feeding import LandingFile, build_all, load, prepare
from transforms.batches import stored
from transforms.catalog import models

STORIES = sorted(path for path in Path(__file__).parent.iterdir() if (path / "expect").is_dir())


def landing_file(path: Path) -> LandingFile:
    entity, day, time = path.stem.split("_")
    records = json.loads(path.read_text(encoding="utf-8"))["data"]
    return LandingFile(entity, datetime.strptime(f"{day}{time}", "%Y%m%d%H%M%S"), tuple(records), name=path.stem)


def spelled(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    return "" if value is None else str(value)


@pytest.mark.parametrize("story", STORIES, ids=lambda path: path.name)
def test_story(session: Session, story: Path):
    prepare(session)
    for day in sorted(story.glob("day_*")):
        load(session, *[landing_file(path) for path in sorted(day.glob("*.json"))])
        build_all(session)
        again = build_all(session)
        assert all(result.skipped for result in again.values())
    for expected in sorted((story / "expect").glob("*.csv")):
        with expected.open(encoding="utf-8", newline="") as file:
            header, *rows = list(csv.reader(file))
        frame = stored(session, models()[expected.stem].table).select(*header)
        found = sorted([spelled(value) for value in row] for row in frame.collect())
        assert found == sorted(rows), f"{story.name}: {expected.stem}"
