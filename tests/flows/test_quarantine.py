"""Files of a person: good and bad ones, the records that are refused, and a repaired one that is driven again."""

from __future__ import annotations

import json

import pytest

SNAPSHOT = 1_695_574_829_212


def stream(stream_id: str, viewers: object) -> dict[str, object]:
    """A record as Get Streams sends it."""
    return {
        "id": stream_id,
        "user_id": f"1{stream_id}",
        "user_login": f"login_{stream_id}",
        "user_name": f"Name {stream_id}",
        "game_id": "33214",
        "game_name": "Fortnite",
        "type": "live",
        "title": "a title",
        "viewer_count": viewers,
        "started_at": "2023-09-24T15:00:00Z",
        "language": "en",
        "thumbnail_url": "https://example.test/{width}x{height}.jpg",
        "tag_ids": [],
        "tags": ["English"],
        "is_mature": False,
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A page with one malformed record, a page that is cut off, and something else."""
    folder = tmp_path_factory.mktemp("files")
    page = {"data": [stream("1", 10), stream("2", [98688, 999]), stream("3", 30)], "pagination": {}}
    (folder / f"streams_{SNAPSHOT}.json").write_text(json.dumps(page))
    (folder / "cut_20230924_170500.json").write_text(json.dumps(page)[:200])
    (folder / "notes_20230924_170500.txt").write_text("nothing of Helix\n")
    return folder


def test_bad_files_are_named_and_the_good_one_loads(snowcast, folder):
    done = snowcast("ingest", "twitch", "--from-files", str(folder))
    assert done.code == 1
    assert "cut_20230924_170500.json" in done.out
    assert "notes_20230924_170500.txt" in done.out
    assert "2 inputs refused" in done.err
    rows = json.loads(snowcast("sql", "SELECT COUNT(*) AS n FROM RAW.RAW_TWITCH_STREAMS", "--format", "json").out)
    assert rows == [{"N": 3}]


def test_the_same_files_again_load_nothing(snowcast, folder):
    snowcast("ingest", "twitch", "--from-files", str(folder))
    rows = json.loads(snowcast("sql", "SELECT COUNT(*) AS n FROM RAW.RAW_TWITCH_STREAMS", "--format", "json").out)
    assert rows == [{"N": 3}]


def test_every_record_is_accounted_for_and_the_bad_one_has_a_reason(snowcast):
    done = snowcast("build", "--select", "stg_twitch_streams")
    assert done.code == 0, done.out + done.err
    account = (
        "SELECT raw_rows, staged_rows, quarantined_rows FROM OPS.RECONCILIATION WHERE table_name = 'stg_twitch_streams'"
    )
    assert json.loads(snowcast("sql", account, "--format", "json").out) == [
        {"RAW_ROWS": 3, "STAGED_ROWS": 2, "QUARANTINED_ROWS": 1}
    ]
    refused = json.loads(snowcast("quarantine", "list", "--json").out)
    assert len(refused) == 1
    assert refused[0]["table"] == "stg_twitch_streams"
    assert "viewer_count is a list" in refused[0]["reason"]
    assert "viewer_count" in snowcast("quarantine", "list").out
    shown = json.loads(snowcast("quarantine", "show", refused[0]["quarantine_id"][:8]).out)
    assert shown["record"]["viewer_count"] == [98688, 999]
    assert json.loads(snowcast("status", "--json").out)["quarantine"] == [
        {"table": "stg_twitch_streams", "rule": refused[0]["rule"], "records": 1, "redriven": 0}
    ]


def test_a_repaired_record_is_driven_once_with_its_own_snapshot_time(snowcast, tmp_path):
    refused = json.loads(snowcast("quarantine", "list", "--json").out)[0]
    unchanged = json.dumps(refused["record"])
    assert snowcast("quarantine", "redrive", refused["quarantine_id"], "--record", unchanged).code == 2
    (tmp_path / "repaired.json").write_text(json.dumps({**refused["record"], "viewer_count": 98688}))
    arguments = ("quarantine", "redrive", refused["quarantine_id"], "--file", str(tmp_path / "repaired.json"))
    assert snowcast(*arguments).code == 0
    again = snowcast(*arguments)
    assert again.code == 2
    assert "already" in again.err
    assert snowcast("build", "--select", "stg_twitch_streams").code == 0
    rows = "SELECT stream_id, viewer_count, snapshot_at FROM STAGING.STG_TWITCH_STREAMS ORDER BY stream_id"
    found = json.loads(snowcast("sql", rows, "--format", "json").out)
    assert [(row["STREAM_ID"], row["VIEWER_COUNT"]) for row in found] == [("1", 10), ("2", 98688), ("3", 30)]
    assert len({row["SNAPSHOT_AT"] for row in found}) == 1
    assert json.loads(snowcast("status", "--json").out)["quarantine"][0]["redriven"] == 1


def test_an_id_that_names_nothing_is_told(snowcast):
    done = snowcast("quarantine", "show", "zzz")
    assert done.code == 2
    assert "names no record" in done.err
