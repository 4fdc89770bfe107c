"""400 damaged files of each source in one ingest: each refused one is named, and no record disappears."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.sources.damaging import RECORDS, damaged_files, good_file

SEED, FILES = 7, 400
ACCOUNTS = """
    SELECT SUM(raw_rows) AS raw_rows, SUM(staged_rows) AS staged_rows, SUM(quarantined_rows) AS quarantined_rows,
           SUM(superseded_rows) AS superseded_rows
    FROM OPS.RECONCILIATION
"""


@pytest.fixture
def given(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    folder = tmp_path / "given"
    folder.mkdir()
    name, content = good_file(request.param)
    for file_name, file_content in {**damaged_files(request.param, FILES, SEED), name: content}.items():
        (folder / file_name).write_bytes(file_content)
    return folder


@pytest.mark.long
@pytest.mark.parametrize(("given", "source"), [(source, source) for source in RECORDS], indirect=["given"])
def test_no_damage_stops_an_ingest_or_loses_a_record(snowcast, given: Path, source: str):
    done = snowcast("ingest", source, "--from-files", str(given))
    assert done.code == 1, done.out + done.err
    assert "Traceback" not in done.out + done.err
    unnamed = [file.name for file in given.iterdir() if file.name not in done.out]
    assert unnamed == [], f"seed {SEED}"
    built = snowcast("build", "--select", "staging")
    assert built.code == 0, built.out + built.err
    (sums,) = json.loads(snowcast("sql", ACCOUNTS, "--format", "json").out)
    found = {name.lower(): int(value) for name, value in sums.items()}
    print(f"{source}: {FILES} damaged files, seed {SEED}: {found}")  # noqa: T201 - the figures of the run
    assert found["raw_rows"] > 0
    parts = found["staged_rows"] + found["quarantined_rows"] + found["superseded_rows"]
    assert found["raw_rows"] == parts
