"""Files that a person hands over: what they hold is told by content, bad ones are named, the others land."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from flows.errors import ConfigError
from flows.files.report import EMPTY, LANDED, LOADED_BEFORE, REFUSED, FileReport
from tests.sources.conftest import land_helix_files, records_in, visible_files

STREAM = {
    "id": "7",
    "user_id": "70",
    "game_id": "33214",
    "title": "🎮",
    "viewer_count": 5,
    "started_at": "2023-09-24T13:30:18Z",
}
USER = {"id": "70", "login": "ada", "display_name": "Ada", "broadcaster_type": ""}
GAME = {"id": "33214", "name": "Fortnite", "box_art_url": "https://example.test/{width}", "igdb_id": "1905"}
EPOCH = 1695574829212
AT = datetime(2023, 9, 24, 17, 0, 29, 212000, tzinfo=UTC)
HELIX = Path(__file__).parents[3] / "shared/data/helix"


def as_csv(*records: dict[str, Any]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(records[0]))
    writer.writeheader()
    writer.writerows(records)
    return text.getvalue()


def land_one(tmp_path: Path, name: str, content: str | bytes, **options: Any) -> FileReport:
    folder = tmp_path / "given"
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    (report,) = [one for one in land_helix_files(folder, tmp_path / "landing", **options) if one.file == name]
    return report


def landed_by_entity(tmp_path: Path, report: FileReport) -> dict[str, list[Any]]:
    return {file.entity: records_in(tmp_path / "landing", file) for file in report.landed}


@pytest.mark.parametrize(("entity", "record"), [("streams", STREAM), ("users", USER), ("games", GAME)])
@pytest.mark.parametrize(
    "form",
    [
        pytest.param(lambda record: json.dumps({"data": [record], "pagination": {}}), id="page"),
        pytest.param(lambda record: json.dumps({"data": [record]}, indent=2), id="indented-page"),
        pytest.param(lambda record: json.dumps([record]), id="array"),
        pytest.param(lambda record: json.dumps(record), id="record"),
        pytest.param(lambda record: json.dumps(record) + "\n\n", id="one-line"),
        pytest.param(lambda record: "\ufeff" + json.dumps([record]), id="byte-order-mark"),
        pytest.param(lambda record: gzip.compress(json.dumps([record]).encode()), id="gzip"),
    ],
)
def test_what_a_json_file_holds_is_told_by_its_records(
    form: Any, entity: str, record: dict[str, Any], tmp_path: Path
) -> None:
    report = land_one(tmp_path, f"anything_{EPOCH}", form(record))

    assert landed_by_entity(tmp_path, report) == {entity: [record]}
    assert (report.status, report.rows, report.is_refused, report.warnings) == (LANDED, 1, False, ())
    assert report.landed[0].snapshot_at == AT


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_csv_values_stay_text(mark: str, tmp_path: Path) -> None:
    stream = STREAM | {"title": 'two\nlines, "quoted"', "tags": "['a', 'b']", "is_mature": "False"}
    report = land_one(tmp_path, f"streams_{EPOCH}.csv", mark + as_csv(stream))

    assert landed_by_entity(tmp_path, report) == {"streams": [stream | {"viewer_count": "5"}]}


def test_json_lines_and_pages_a_line(tmp_path: Path) -> None:
    other = STREAM | {"id": "8"}
    lines = [json.dumps(STREAM), json.dumps({"data": [other]}), json.dumps(USER)]
    report = land_one(tmp_path, f"mixed_{EPOCH}.ndjson", "\n".join(lines))

    assert landed_by_entity(tmp_path, report) == {"streams": [STREAM, other], "users": [USER]}


def test_a_bad_line_is_landed_as_it_is_and_makes_the_run_refuse_part(tmp_path: Path) -> None:
    lines = ["{'python': 1}", json.dumps(STREAM), '{"id": oops}', json.dumps(STREAM | {"id": "8"})]
    report = land_one(tmp_path, f"streams_{EPOCH}.ndjson", "\n".join(lines[1:]) + "\n")

    with gzip.open(tmp_path / "landing" / report.landed[0].relative_path, "rt") as landed:
        assert landed.read().splitlines()[1] == '{"id": oops}'
    assert (report.status, report.rows, report.bad_lines, report.is_refused) == (LANDED, 3, 1, True)
    assert "line 2" in report.warnings[0]


def test_a_record_of_an_unknown_shape_goes_with_the_others(tmp_path: Path) -> None:
    report = land_one(tmp_path, f"page_{EPOCH}.json", json.dumps({"data": [{"id": "1"}, STREAM, "text"]}))

    assert landed_by_entity(tmp_path, report) == {"streams": [{"id": "1"}, STREAM, "text"]}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "is empty"),
        (" \n\n", "is empty"),
        (json.dumps({"data": [STREAM, STREAM]}, indent=1)[:-40], "is cut off"),
        (json.dumps({"data": [STREAM, STREAM]})[:-40], "is cut off"),
        (json.dumps(STREAM) + "\n" + json.dumps(STREAM)[:30], "is cut off in line 2"),
        ('{"data": [}', "is not valid JSON: Expecting value at line 1, column 11"),
        ('{"data": [NaN]}', "is not valid JSON: NaN"),
        ("[" * 100_000, "is not valid JSON"),
        ("# Notes\nabout Twitch", "is neither JSON nor CSV"),
        ("<html>, <body>", "holds no records"),
        (b"\x89PNG\r\n\x1a\n\x00\xff", "is not UTF-8 text"),
        (as_csv(STREAM, STREAM)[:-30], "is cut off: its last row has"),
        (as_csv(STREAM | {"started_at": "a\nb"})[:-4], "is cut off"),
        ("payment_id,user_id,amount\n1,U1,3\n", "holds something else than streams, users or games: its records have"),
        (json.dumps([1, 2]), "holds no records of streams, users or games"),
        (json.dumps({"events": []}), "holds something else"),
        (gzip.compress(json.dumps([STREAM]).encode())[:-12], "is cut off: its gzip data"),
        (b"\x1f\x8bnot gzip at all", "cannot be unpacked"),
        (b"PK\x03\x04nothing", "is an archive"),
    ],
)
def test_a_bad_file_is_reported_by_name_with_its_reason_and_the_others_land(
    content: str | bytes, reason: str, tmp_path: Path
) -> None:
    folder = tmp_path / "given"
    folder.mkdir()
    (folder / f"good_{EPOCH}.json").write_text(json.dumps([STREAM]))
    bad = land_one(tmp_path, "bad", content)
    good = land_one(tmp_path, f"good_{EPOCH}.json", json.dumps([STREAM]))

    if reason == "holds no records":
        assert bad.status == EMPTY
    else:
        assert (bad.status, bad.is_refused) == (REFUSED, True)
    assert str(bad.reason).startswith(reason)
    assert good.status == LANDED
    assert len(visible_files(tmp_path / "landing")) == 1


def test_a_page_without_records_is_no_fault(tmp_path: Path) -> None:
    report = land_one(tmp_path, "empty.json", '{"data": [], "pagination": {}}')

    assert (report.status, report.is_refused) == (EMPTY, False)


def test_an_uneven_csv_row_is_landed_as_a_list_and_told(tmp_path: Path) -> None:
    text = as_csv(STREAM, STREAM | {"id": "8"})
    header, first, last = text.splitlines()
    report = land_one(tmp_path, f"streams_{EPOCH}.csv", "\n".join([header, first + ",more", last]))

    (records,) = landed_by_entity(tmp_path, report).values()
    assert records[0] == [*first.split(","), "more"]
    assert records[1]["id"] == "8"
    assert "not the fields of the others" in report.warnings[0]


def test_members_of_a_zip_are_files(tmp_path: Path) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as members:
        members.writestr("pages/users.json", json.dumps([USER]))
        members.writestr("pages/bad.json", "[")
    folder = tmp_path / "given"
    folder.mkdir()
    (folder / f"export_{EPOCH}.zip").write_bytes(archive.getvalue())

    bad, good = land_helix_files(folder, tmp_path / "landing")

    assert (bad.file, bad.status) == (f"export_{EPOCH}.zip!pages/bad.json", REFUSED)
    assert landed_by_entity(tmp_path, good) == {"users": [USER]}
    assert good.landed[0].snapshot_at == AT


@pytest.mark.parametrize(
    ("name", "moment"),
    [
        (f"streams_{EPOCH}.json", AT),
        (f"{EPOCH}.json", AT),
        ("streams_20230924_170029.json", AT.replace(microsecond=0)),
        ("streams_20230924T170029212Z_0123456789abcdef.ndjson", AT),
    ],
)
def test_the_name_states_the_snapshot_time_before_the_option(name: str, moment: datetime, tmp_path: Path) -> None:
    report = land_one(tmp_path, name, json.dumps([STREAM]), snapshot_at=datetime(2020, 1, 1, tzinfo=UTC))

    assert report.landed[0].snapshot_at == moment
    assert report.warnings == ()


def test_the_option_states_the_time_where_the_name_does_not(tmp_path: Path) -> None:
    report = land_one(tmp_path, "streams_99999999_999999.json", json.dumps([STREAM]), snapshot_at=AT)

    assert (report.landed[0].snapshot_at, report.warnings) == (AT, ())


def test_the_modification_time_is_taken_with_a_warning(tmp_path: Path) -> None:
    folder = tmp_path / "given"
    folder.mkdir()
    file = folder / "streams.json"
    file.write_text(json.dumps([STREAM]))
    os.utime(file, (EPOCH / 1000, EPOCH / 1000))

    (report,) = land_helix_files(file, tmp_path / "landing")

    assert abs(report.landed[0].snapshot_at - AT).total_seconds() < 0.002
    assert "modification time 2023-09-24 17:00:29 UTC" in report.warnings[0]


def test_a_renamed_copy_is_recognised_by_its_records(tmp_path: Path) -> None:
    first = land_one(tmp_path, f"streams_{EPOCH}.json", json.dumps([STREAM]))
    copy = land_one(tmp_path, "a renamed copy", json.dumps({"data": [STREAM]}))

    assert (copy.status, copy.rows, copy.is_refused) == (LOADED_BEFORE, 0, False)
    assert first.landed[0].relative_path in str(copy.reason)
    assert len(visible_files(tmp_path / "landing")) == 1


def test_a_copy_in_the_same_folder_is_recognised_whatever_its_name_sorts_as(tmp_path: Path) -> None:
    folder = tmp_path / "given"
    folder.mkdir()
    for name in ("a_copy.json", f"streams_{EPOCH}.json", "z_copy.json"):
        (folder / name).write_text(json.dumps([STREAM]))

    reports = land_helix_files(folder, tmp_path / "landing")

    assert [report.status for report in reports] == [LOADED_BEFORE, LANDED, LOADED_BEFORE]


def test_a_copy_is_recognised_by_the_ledger_when_the_landing_folder_is_gone(tmp_path: Path) -> None:
    first = land_one(tmp_path, f"streams_{EPOCH}.json", json.dumps([STREAM]))
    loaded = [file.relative_path for file in first.landed]

    (again,) = land_helix_files(tmp_path / "given", tmp_path / "other landing", loaded=loaded)
    assert again.status == LOADED_BEFORE
    copy = tmp_path / "copy"
    copy.write_text(json.dumps([STREAM]))
    (report,) = land_helix_files(copy, tmp_path / "third landing", loaded=loaded)
    assert report.status == LOADED_BEFORE
    assert not (tmp_path / "third landing/twitch").exists()


def test_equal_records_at_another_stated_time_are_another_observation(tmp_path: Path) -> None:
    land_one(tmp_path, f"games_{EPOCH}.json", json.dumps([GAME]))
    later = land_one(tmp_path, f"games_{EPOCH + 900_000}.json", json.dumps([GAME]))

    assert later.status == LANDED
    assert len(visible_files(tmp_path / "landing")) == 2


def test_hidden_files_are_left_out(tmp_path: Path) -> None:
    folder = tmp_path / "given"
    (folder / ".git").mkdir(parents=True)
    (folder / ".git/config").touch()
    (folder / ".DS_Store").touch()
    (folder / "deep").mkdir()
    (folder / "deep/users.json").write_text(json.dumps([USER]))

    assert [report.file for report in land_helix_files(folder, tmp_path / "landing")] == ["deep/users.json"]


def test_no_files_at_all_are_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="holds no files"):
        land_helix_files(tmp_path, tmp_path / "landing")
    with pytest.raises(ConfigError, match="does not exist"):
        land_helix_files(tmp_path / "nowhere", tmp_path / "landing")


@pytest.mark.skipif(not HELIX.is_dir(), reason="the real Helix pages are not beside the project")
def test_the_real_pages_land_whole(tmp_path: Path) -> None:
    reports = land_helix_files(HELIX, tmp_path)

    rows = {report.file: report.rows for report in reports}
    assert sum(rows[name] for name in rows if name.endswith(".json")) == 397
    assert (rows["games.csv"], rows["streams_one_snapshot.csv"]) == (20, 392)
    assert {report.status for report in reports} == {LANDED}
    moments = [report.landed[0].snapshot_at for report in reports if report.file.endswith(".json")]
    assert len(set(moments)) == 4
    for report in (report for report in reports if report.file.endswith(".json")):
        page = json.loads((HELIX / report.file).read_text())
        assert records_in(tmp_path, report.landed[0]) == page["data"]
