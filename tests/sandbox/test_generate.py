"""The world as files."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

from deployments.sandbox import FAULTS, BillingView, World, generate
from deployments.sandbox.twitch.records import HelixView

ROOT = Path(__file__).parents[2]
README = Path(__file__).parents[2] / "deployments" / "sandbox" / "README.md"


def read(paths: list[Path], name: str) -> list:
    return [json.loads(path.read_text(encoding="utf-8")) for path in paths if path.name.startswith(name)]


def test_the_files_hold_the_polls_of_the_world(world: World, tmp_path: Path):
    told: list[int] = []
    written = generate(world, tmp_path / "pages", polls=3, interval=900, on_poll=told.append)
    assert told == [0, 1, 2]
    assert sorted(written.files) == sorted((tmp_path / "pages").iterdir())
    view = HelixView(world)
    expected = [record for poll in range(3) for record in view.streams(world.start + timedelta(minutes=15 * poll))]
    pages = read(written.files, "streams_")
    assert [record for page in pages for record in page["data"]] == expected
    assert written.streams == len(expected)
    assert max(len(page["data"]) for page in pages) == 100
    users, games = read(written.files, "users_"), read(written.files, "games_")
    assert len(users) == len(games) == 3
    assert sum(map(len, users)) == written.users > 0.95 * written.streams
    assert {game["id"] for game in games[0]} <= {record["game_id"] for record in expected}


def test_all_pages_of_a_poll_carry_its_time_in_their_names(world: World, tmp_path: Path):
    written = generate(world, tmp_path, polls=2, interval=60)
    times = {int(re.search(r"_(\d{13})(?!\d)", path.name)[1]) for path in written.files}
    assert times == {int(world.start.timestamp() + step) * 1_000 for step in (0, 60)}


def test_the_same_world_gives_the_same_files(tmp_path: Path):
    for folder in ("one", "two"):
        generate(World(9, 300), tmp_path / folder, polls=2, interval=900, top=20)
    one, two = ({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("one", "two"))
    assert one == two
    assert sum(len(page["data"]) for page in read(sorted((tmp_path / "one").iterdir()), "streams_")) == 40


def test_the_readme_lists_every_fault_with_what_it_does():
    text = README.read_text(encoding="utf-8")
    for name, meaning in FAULTS.items():
        assert f"| `{name}` | {meaning} |" in text


def command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`snowcast sandbox generate` as a process of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SNOWCAST_")}
    return subprocess.run(
        [sys.executable, "-m", "flows.cli", "sandbox", "generate", "--out", str(folder / "files"), *arguments],
        cwd=folder,
        env={**kept, "PYTHONPATH": str(ROOT), "SNOWCAST_HOME": str(folder / "home")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_command_writes_deliveries_of_billing(tmp_path: Path):
    done = command(tmp_path, "--source", "billing", "--days", "2", "--customers", "40", "--start", "2026-12-24")
    assert (done.returncode, done.stderr) == (0, "")
    assert "8 files in" in done.stdout
    expected = BillingView(World(7, 1), 40).files(datetime(2026, 12, 24), everything=True)
    files = {path.name: path.read_bytes().decode() for path in (tmp_path / "files").iterdir()}
    assert expected.items() <= files.items()
    assert {name[-12:] for name in files} == {"20261224.csv", "20261225.csv"}


def test_the_command_refuses_a_source_or_a_day_that_it_has_not(tmp_path: Path):
    for arguments, words in (
        (("--source", "billings"), "no files of 'billings'. Known: twitch, billing, livelogs."),
        (("--source", "billing", "--start", "2025-01-01"), "opened on 2025-09-01"),
    ):
        done = command(tmp_path, *arguments)
        assert done.returncode == 2
        assert words in done.stderr
