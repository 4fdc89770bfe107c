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
    (folder / "old.csv").write_text(f"{','.join(STREAM).replace('dau', 'fans')}\n{line}\n")
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


def test_exports_load_and_the_bad_one_is_named(snowcast, exports: Path):
    before = counts(snowcast)
    done = snowcast("ingest", "livelogs", "--from-files", str(exports))
    assert done.code == 1
    assert "1 input refused, first: old.csv: looks like streams" in done.err
    assert "column fans, which nobody knows" in done.out
    assert "1 blank row is left out (first: row 3)" in done.out
    assert counts(snowcast) == {**before, "streams": before["streams"] + 1}


def test_a_sheet_that_shrank_is_told_with_both_counts(snowcast, tmp_path: Path):
    for day, count in ((2, 11), (3, 9)):  # after the sandbox's ten
        rows = [f"g{number},Rose,{number}" for number in range(1, count + 1)]
        (tmp_path / f"kinds_2099010{day}_040000.csv").write_text("\n".join(["giftID,name,point", *rows]) + "\n")
    done = snowcast("ingest", "livelogs", "--from-files", str(tmp_path))
    assert done.code == 0, done.out + done.err
    told = " ".join(done.out.split())
    assert "livelogs: a delivery brings 100% to 200% of the rows before: 1 of" in told
    assert "row_count 9, rows_before 11" in told


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
