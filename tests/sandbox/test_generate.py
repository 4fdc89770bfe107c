"""The world as files."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path

from deployments.sandbox import FAULTS, World, generate
from deployments.sandbox.helix_records import HelixView

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
