"""Stories: a folder each, with the files of every day and what the tables hold in the end.

`day_N/<entity>_<YYYYMMDD>_<HHMMSS>` is a Helix page where it is JSON and a file of billing where it is CSV;
`expect/<table>.csv` names the columns that the story is about and all their rows. Every day is built twice: the second
time nothing is written.
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
from transforms.catalog import models
from transforms.engine.stored import read_table

pytestmark = pytest.mark.lengthy

STORIES = sorted(path for path in Path(__file__).parent.iterdir() if (path / "expect").is_dir())


def landing_file(path: Path) -> LandingFile:
    entity, day, time = path.stem.rsplit("_", 2)
    at = datetime.strptime(f"{day}{time}", "%Y%m%d%H%M%S")
    if path.suffix == ".json":
        return LandingFile(entity, at, tuple(json.loads(path.read_text(encoding="utf-8"))["data"]), name=path.stem)
    return LandingFile(entity, at, tuple(lines_of(path)), name=path.stem, source="billing")


def lines_of(path: Path) -> list[dict[str, str]]:
    """The lines of a CSV, each by the names of its columns."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def spelled(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    return "" if value is None else str(value)


@pytest.mark.parametrize("story", STORIES, ids=lambda path: path.name)
def test_story(session: Session, story: Path):
    prepare(session)
    files = {day: [landing_file(path) for path in sorted(day.iterdir())] for day in sorted(story.glob("day_*"))}
    tables = [f"+{expected.stem}" for expected in sorted((story / "expect").glob("*.csv"))]
    for of_day in files.values():
        load(session, *of_day)
        build_all(session, tables)
        again = build_all(session, tables)
        assert all(result.skipped for result in again.values())
    for expected in sorted((story / "expect").glob("*.csv")):
        header = expected.read_text(encoding="utf-8").splitlines()[0].split(",")
        frame = read_table(session, models()[expected.stem].table).select(*header)
        found = sorted([spelled(value) for value in row] for row in frame.collect())
        assert found == sorted(list(line.values()) for line in lines_of(expected)), f"{story.name}: {expected.stem}"
