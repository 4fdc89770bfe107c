"""What a process has set before it imports libraries: Prefect's folder in its home, and silence unless told."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from flows.startup import PREFIX, SILENCED, find_home, prepare_environment


@pytest.fixture(autouse=True)
def _nothing_given(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in (*SILENCED, f"{PREFIX}HOME", f"{PREFIX}TELEMETRY", "PREFECT_HOME"):
        monkeypatch.setenv(name, "")  # so that what the test sets is taken back
        monkeypatch.delenv(name)


@pytest.mark.parametrize(
    ("variable", "file", "is_silent"),
    [
        (None, "", True),
        ("false", "", True),
        ("True", "", False),
        (None, "on", False),
        ("0", "yes", True),
        ("", "1", False),
    ],
)
def test_libraries_report_only_where_it_is_switched_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str | None, file: str, is_silent: bool
):
    (tmp_path / ".env").write_text(f"{PREFIX}TELEMETRY={file}\n", encoding="utf-8")
    if variable is not None:
        monkeypatch.setenv(f"{PREFIX}TELEMETRY", variable)
    prepare_environment()
    assert {name: os.environ.get(name) for name in SILENCED} == (SILENCED if is_silent else dict.fromkeys(SILENCED))


def test_what_is_set_stays(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DO_NOT_TRACK", "0")
    monkeypatch.setenv("PREFECT_HOME", "/elsewhere")
    prepare_environment()
    assert (os.environ["DO_NOT_TRACK"], os.environ["PREFECT_HOME"]) == ("0", "/elsewhere")


def test_the_home_is_that_of_the_variable_then_of_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    assert find_home() == tmp_path / ".snowcast"
    (tmp_path / ".env").write_text(f"{PREFIX}HOME=~/of_the_file\n", encoding="utf-8")
    assert find_home() == Path.home() / "of_the_file"
    monkeypatch.setenv(f"{PREFIX}HOME", "of_the_variable")
    assert find_home() == tmp_path / "of_the_variable"
    prepare_environment()
    assert os.environ["PREFECT_HOME"] == str(tmp_path / "of_the_variable" / "prefect")
