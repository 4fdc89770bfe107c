"""Damaged files of every source: no reader fails, each file is told by name, and the others land."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.files.convert import deliver_files
from flows.files.kinds import FileKind
from flows.files.known_files import DeliveredBefore
from flows.files.locations import FileLocation
from flows.files.report import LANDED
from flows.landing import read_lines
from flows.settings import load_settings
from flows.sources.amplitude.files import amplitude_files
from flows.sources.amplitude.personal import PersonalData
from flows.sources.billing import billing_files
from flows.sources.identity import IdentitySource
from flows.sources.livelogs.sheet import livelogs_files
from flows.sources.twitch.files import HELIX_FILES
from tests.sources.damaging import RECORDS, damaged_files, good_file

SEED, FILES = 20_261_128, 120


def kind_of(source: str) -> FileKind:
    if source == "amplitude":
        return amplitude_files(PersonalData((), None))
    kinds = {"twitch": HELIX_FILES, "livelogs": livelogs_files(), "billing": billing_files()}
    return kinds.get(source) or IdentitySource().file_kind(load_settings())


@pytest.mark.parametrize("source", RECORDS)
def test_every_damaged_file_is_told_and_the_good_one_lands(source: str, tmp_path: Path):
    given, landing = tmp_path / "given", tmp_path / "landing"
    given.mkdir()
    name, content = good_file(source)
    damaged = damaged_files(source, FILES, SEED)
    for file_name, file_content in {**damaged, name: content}.items():
        (given / file_name).write_bytes(file_content)
    kind = kind_of(source)
    reports = list(deliver_files(kind, FileLocation(str(given)), landing, DeliveredBefore(landing, kind.source)))

    told = {report.file.partition("!")[0] for report in reports}
    assert told == {*damaged, name}, f"seed {SEED}"
    assert all(report.reason for report in reports if report.is_refused and not report.landed)
    assert next(report for report in reports if report.file == name).status == LANDED
    rows = sum(len(list(read_lines(landing, landed))) for report in reports for landed in report.landed if report.rows)
    assert rows == sum(report.rows for report in reports)
    assert sum(report.is_refused for report in reports) > FILES / 4
