"""`snowcast ingest livelogs`: the sandbox's sheet, exports, and what a wrong configuration ends in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.livelogs import STREAM

COUNTS = """
    SELECT (SELECT COUNT(*) FROM RAW.RAW_LIVELOGS_STREAMS) AS streams,
           (SELECT COUNT(*) FROM RAW.RAW_LIVELOGS_GIFTS) AS gifts,
           (SELECT COUNT(*) FROM RAW.RAW_LIVELOGS_GIFT_TYPES) AS kinds
"""


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a good export and one whose header was changed."""
    folder = tmp_path_factory.mktemp("exports")
    line = ",".join(STREAM.values())
    (folder / "LOGS_20261101_040000.csv").write_text(f"{','.join(STREAM)}\n{line}\n{',' * 28}\n")
    (folder / "old.csv").write_text(f"{','.join(STREAM).replace('userID', 'streamerID')}\n{line}\n")
    return folder


def counts(snowcast) -> dict[str, int]:
    (row,) = json.loads(snowcast("sql", COUNTS, "--format", "json").out)
    return {name.lower(): count for name, count in row.items()}


def test_the_sandbox_s_sheet_is_read_through_gspread_and_every_row_loads(snowcast):
    done = snowcast("ingest", "livelogs")
    assert done.code == 0, done.out + done.err
    assert [f"read {tab}" in done.out for tab in ("LOGS", "TRANSACTIONS", "GIFT_TYPE")] == [True] * 3
    found = counts(snowcast)
    assert f"{sum(found.values()):,} rows" in done.out
    assert found["streams"] > 0
    assert found["gifts"] > 10
    assert found["kinds"] == 10


def test_a_sheet_that_shrank_is_told_with_both_counts(snowcast, tmp_path: Path):
    for day, count in ((2, 11), (3, 9)):  # after the sandbox's ten
        rows = [f"g{number},Rose,{number}" for number in range(1, count + 1)]
        (tmp_path / f"kinds_2099010{day}_040000.csv").write_text("\n".join(["giftID,name,point", *rows]) + "\n")
    done = snowcast("ingest", "livelogs", "--from-files", str(tmp_path))
    assert done.code == 0, done.out + done.err
    told = " ".join(done.out.split())
    assert "livelogs: a delivery brings 100% to 200% of the rows before: 1 of" in told
    assert "row_count 9, rows_before 11" in told


def test_exports_load_and_the_bad_one_is_named(snowcast, exports: Path):
    before = counts(snowcast)
    done = snowcast("ingest", "livelogs", "--from-files", str(exports))
    assert done.code == 1
    assert "1 input refused, first: old.csv: " in done.err
    assert "userID" in done.err
    assert "streamerID" in done.err
    assert "1 blank row is left out (first: row 3)" in done.out
    assert counts(snowcast) == {**before, "streams": before["streams"] + 1}


def test_the_sandbox_stays_out_where_real_logs_were_delivered(snowcast):
    done = snowcast("ingest", "livelogs")
    assert done.code == 0, done.out + done.err
    assert "so the sandbox's are not read" in done.out


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "needs one SNOWCAST_LIVELOGS_SERVICE_ACCOUNT_FILE, _JSON or _BLOCK; none is set"),
        ({"FILE": "/nowhere.json", "JSON": "{}"}, "_FILE and SNOWCAST_LIVELOGS_SERVICE_ACCOUNT_JSON are set"),
        ({"FILE": "/nowhere.json"}, "/nowhere.json cannot be read"),
        ({"JSON": "s3cret"}, "holds no JSON object"),
        ({"JSON": '{"client_email": "a@b"}'}, "has no private_key, token_uri"),
        ({"BLOCK": "unknown-block"}, "Prefect has no Secret block 'unknown-block'"),
    ],
)
def test_a_sheet_without_a_service_account_is_a_wrong_configuration(snowcast, given: dict[str, str], told: str):
    settings = {f"SNOWCAST_LIVELOGS_SERVICE_ACCOUNT_{name}": value for name, value in given.items()}
    done = snowcast("ingest", "livelogs", SNOWCAST_LIVELOGS_SHEET_ID="1a", **settings)
    assert done.code == 2
    assert told in " ".join(done.err.split())
    assert "s3cret" not in done.out + done.err


@pytest.fixture
def own_sheet(snowcast, home: Path) -> dict[str, str]:
    """Settings of a sheet of one's own, which is the sandbox's, and the key of its service account."""
    from flows.services.sandbox import ensure_sandbox
    from flows.settings import load_settings

    sandbox = ensure_sandbox(load_settings())
    (home / "key.json").write_text(json.dumps(sandbox.service_account()))
    return {"SNOWCAST_LIVELOGS_SHEET_ID": "sandbox-live-logs", "SNOWCAST_LIVELOGS_URL": sandbox.url}


def test_a_sheet_of_one_s_own_is_read_with_the_key_of_a_prefect_block(snowcast, own_sheet: dict[str, str], home: Path):
    from prefect.blocks.system import Secret

    before = counts(snowcast)
    Secret(value=(home / "key.json").read_text()).save("live-logs-reader", overwrite=True)
    block = {"SNOWCAST_LIVELOGS_SERVICE_ACCOUNT_BLOCK": "live-logs-reader"}
    done = snowcast("ingest", "livelogs", **own_sheet, **block)
    assert done.code == 0, done.out + done.err
    assert "PRIVATE KEY" not in done.out + done.err
    after = counts(snowcast)
    assert after["kinds"] == before["kinds"] + 10


def test_the_doctor_asks_the_sheet_for_its_tabs(snowcast, own_sheet: dict[str, str], home: Path):
    key = {"SNOWCAST_LIVELOGS_SERVICE_ACCOUNT_FILE": str(home / "key.json")}
    assert "3 tabs of the sheet sandbox-live-logs" in " ".join(snowcast("doctor", **own_sheet, **key).out.split())
    wrong = " ".join(snowcast("doctor", SNOWCAST_LIVELOGS_TABS="LOGS,GIFTS,KINDS").out.split())
    assert "has no tab GIFTS, KINDS; it has LOGS, TRANSACTIONS, GIFT_TYPE" in wrong
