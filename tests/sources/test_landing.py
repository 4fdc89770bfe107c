"""Landing files: whole or invisible, never changed, the same bytes for the same records."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import time
import tracemalloc
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from flows.errors import ConfigError
from flows.landing import (
    DamagedFile,
    LandedFile,
    LandingWriter,
    count_rows,
    encode_record,
    hold_landing_lock,
    land,
    list_landed_files,
    sweep_unfinished,
)
from tests.sources.conftest import records_in, visible_files

AT = datetime(2026, 11, 1, 18, 0, 0, 123999, tzinfo=UTC)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
RECORDS = st.lists(st.dictionaries(st.text(), ANYTHING, max_size=4), min_size=1, max_size=5)


def test_name_states_entity_time_and_content(tmp_path: Path) -> None:
    landed = land(tmp_path, "twitch", "games", AT, [{"id": "1"}, {"id": "2", "name": "Ω\u2028"}])

    assert landed == LandedFile(
        "twitch/games/2026/11/01/games_20261101T180000123Z_10f655471f2884cb.ndjson.gz",
        "twitch",
        "games",
        AT.replace(microsecond=123000),
        "10f655471f2884cb",
        2,
    )


@given(records=RECORDS)
def test_same_records_at_the_same_time_are_the_same_bytes(
    records: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    roots = [tmp_path_factory.mktemp("landing") for _ in range(2)]
    first, second = (land(root, "twitch", "streams", AT, records) for root in roots)

    assert first is not None
    assert first == second
    assert records_in(roots[0], first) == records
    assert (roots[0] / first.relative_path).read_bytes() == (roots[1] / first.relative_path).read_bytes()
    assert count_rows(roots[0], first) == len(records)


@given(record=ANYTHING | st.lists(st.floats() | st.floats(1e-9, 1e-3)) | st.lists(st.integers(-(10**30), 10**30)))
def test_a_line_is_what_json_writes_whatever_is_in_the_record(record: Any) -> None:
    """A version that wrote other bytes would take what is delivered again for something new."""
    try:
        expected = json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        expected = json.dumps(record, separators=(",", ":")).encode()

    assert encode_record(record) == expected


def test_what_json_does_not_write_is_an_error() -> None:
    for record in ({"at": AT}, {"id": object()}):
        with pytest.raises(TypeError):
            encode_record(record)


def test_a_large_file_holds_what_it_says_and_in_this_order(tmp_path: Path) -> None:
    records = [{"id": str(number), "title": "x" * 500} for number in range(4_000)]  # parts are compressed beside

    landed = land(tmp_path, "twitch", "streams", AT, records)

    assert landed is not None
    assert records_in(tmp_path, landed) == records
    assert count_rows(tmp_path, landed) == len(records)


def test_a_part_that_cannot_be_written_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fill_disk(self: gzip.GzipFile, part: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(gzip.GzipFile, "write", fill_disk)
    with pytest.raises(OSError, match="No space left"):
        land(tmp_path, "twitch", "streams", AT, [{"title": "x" * 300_000}, {"title": "y"}])

    assert visible_files(tmp_path) == []


@given(records=RECORDS, other=RECORDS)
def test_other_records_are_another_file(
    records: list[dict[str, Any]], other: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp("landing")
    first, second = (land(root, "twitch", "streams", AT, each) for each in (records, other))

    assert (first == second) == (json.dumps(records) == json.dumps(other))


@given(moment=st.datetimes(datetime(1971, 1, 1), datetime(2999, 1, 1)))
def test_a_path_tells_what_was_landed(moment: datetime, tmp_path_factory: pytest.TempPathFactory) -> None:
    root = tmp_path_factory.mktemp("landing")
    landed = land(root, "twitch", "users", moment, [{}])

    assert landed is not None
    found = list_landed_files(root, "twitch")
    assert found == [LandedFile.parse(landed.relative_path)]
    assert found[0].snapshot_at == moment.replace(microsecond=moment.microsecond // 1000 * 1000, tzinfo=UTC)


def test_a_zoned_time_is_converted(tmp_path: Path) -> None:
    zoned = datetime(2026, 11, 2, 1, tzinfo=timezone(timedelta(hours=3)))
    landed = land(tmp_path, "twitch", "users", zoned, [{}])

    assert landed is not None
    assert "/2026/11/01/users_20261101T220000000Z_" in landed.relative_path


def test_half_an_emoji_is_kept(tmp_path: Path) -> None:
    landed = land(tmp_path, "twitch", "streams", AT, [{"title": "cut \ud83d"}])

    assert landed is not None
    assert records_in(tmp_path, landed) == [{"title": "cut \ud83d"}]


def test_no_records_are_no_file(tmp_path: Path) -> None:
    assert land(tmp_path, "twitch", "streams", AT, []) is None
    assert visible_files(tmp_path) == []


def test_an_error_on_the_way_leaves_nothing(tmp_path: Path) -> None:
    def records() -> Any:
        yield {"id": "1"}
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        land(tmp_path, "twitch", "streams", AT, records())

    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_file_that_is_there_is_never_written_again(tmp_path: Path) -> None:
    landed = land(tmp_path, "twitch", "streams", AT, [{"id": "1"}])
    assert landed is not None
    before = (tmp_path / landed.relative_path).stat()

    land(tmp_path, "twitch", "streams", AT, [{"id": "1"}])

    after = (tmp_path / landed.relative_path).stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_changed_and_cut_files_are_noticed(tmp_path: Path) -> None:
    changed = land(tmp_path, "twitch", "streams", AT, [{"id": "1"}])
    cut = land(tmp_path, "twitch", "users", AT, [{"id": "1"}])
    assert changed is not None
    assert cut is not None
    (tmp_path / changed.relative_path).write_bytes(gzip.compress(b'{"id":"2"}\n'))
    (tmp_path / cut.relative_path).write_bytes((tmp_path / cut.relative_path).read_bytes()[:-4])

    with pytest.raises(DamagedFile, match="was changed"):
        count_rows(tmp_path, changed)
    with pytest.raises(DamagedFile, match="cannot be read"):
        count_rows(tmp_path, cut)


def test_other_files_under_the_root_are_not_landing_files(tmp_path: Path) -> None:
    folder = tmp_path / "twitch/streams/2026/11/01"
    folder.mkdir(parents=True)
    for name in (
        "notes.txt",
        "streams_20261101T180000123Z.ndjson.gz",
        "streams_20269901T180000123Z_" + "0" * 16 + ".ndjson.gz",
    ):
        (folder / name).touch()

    assert list_landed_files(tmp_path) == []


def test_memory_does_not_grow_with_the_number_of_records(tmp_path: Path) -> None:
    def peak(pages: int) -> int:
        tracemalloc.start()
        with LandingWriter(tmp_path, "twitch", "streams", AT) as writer:
            for page in range(pages):
                writer.write_all({"id": f"{page}-{n}", "title": "x" * 500} for n in range(100))
            writer.finish()
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(1)
    # Other threads of the process are counted, too; the records of 57 pages are three megabytes.
    assert peak(60) < peak(3) + 1_000_000


def test_what_killed_writers_left_is_swept_after_a_day(tmp_path: Path) -> None:
    unfinished = tmp_path / ".unfinished"
    unfinished.mkdir()
    old, new = unfinished / "streams-old.part", unfinished / "streams-new.part"
    old.touch()
    new.touch()
    two_days_ago = time.time() - 2 * 24 * 3600
    os.utime(old, (two_days_ago, two_days_ago))

    assert sweep_unfinished(tmp_path) == 1
    assert list(unfinished.iterdir()) == [new]


def test_a_landing_root_that_cannot_be_written_is_a_configuration_error(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.touch()

    with pytest.raises(ConfigError, match="SNOWCAST_HOME"):
        land(blocked, "twitch", "streams", AT, [{}])


def test_only_one_process_loads_at_a_time(tmp_path: Path) -> None:
    script = "import sys; from pathlib import Path; from flows.landing import hold_landing_lock\n"
    script += "with hold_landing_lock(Path(sys.argv[1]), 'loading'): print('loading')"
    with hold_landing_lock(tmp_path, "loading"):
        child = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE)
        with pytest.raises(subprocess.TimeoutExpired):
            child.communicate(timeout=2)
    assert child.communicate(timeout=30)[0] == b"loading\n"
