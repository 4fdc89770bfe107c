"""The Sheets API of the sandbox, asked as HTTP: tokens for who signs with the key, ranges as Google gives them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from google.auth import crypt, jwt

from deployments.sandbox import SHEET_ID, SandboxServer
from deployments.sandbox.world.timestamps import epoch

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def ask_token(server: SandboxServer, **claims: Any) -> httpx.Response:
    account, now = server.service_account(), int(time.time())
    payload = {
        "iss": account["client_email"],
        "aud": account["token_uri"],
        "scope": "https://www.googleapis.com/auth/spreadsheets.readonly",
        "iat": now,
        "exp": now + 3_600,
        **claims,
    }
    signed = jwt.encode(crypt.RSASigner.from_service_account_info(account), payload)
    form = {"grant_type": GRANT, "assertion": signed.decode()}
    return httpx.post(account["token_uri"], data=form, trust_env=False)


@pytest.fixture
def sheets(server: SandboxServer) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {ask_token(server).json()['access_token']}"}
    with httpx.Client(base_url=f"{server.url}/v4/spreadsheets/", headers=headers, trust_env=False) as client:
        yield client


def values(sheets: httpx.Client, *ranges: str, **options: str) -> list[dict[str, Any]]:
    answer = sheets.get(f"{SHEET_ID}/values:batchGet", params={"ranges": list(ranges), **options})
    assert answer.status_code == 200, answer.text
    return answer.json()["valueRanges"]


@pytest.mark.parametrize(
    "claims",
    [{"iss": "other@example.com"}, {"aud": "https://example.com"}, {"exp": 1}, {"scope": ""}, {"exp": 4_000_000_000}],
)
def test_a_token_needs_the_right_claims(server: SandboxServer, claims: dict[str, Any]):
    refused = ask_token(server, **claims)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")


def test_a_token_needs_the_right_key_and_every_request_needs_a_token(server: SandboxServer, world):
    with SandboxServer(world) as other:
        account = {**other.service_account(), "token_uri": server.service_account()["token_uri"]}
    signed = jwt.encode(
        crypt.RSASigner.from_service_account_info(account),
        {"iss": account["client_email"], "aud": account["token_uri"], "scope": "x", "iat": int(time.time())}
        | {"exp": int(time.time()) + 60},
    )
    form = {"grant_type": GRANT, "assertion": signed.decode()}
    assert httpx.post(account["token_uri"], data=form, trust_env=False).status_code == 400
    form = {"grant_type": "password"}
    assert httpx.post(account["token_uri"], data=form, trust_env=False).status_code == 400
    asked = httpx.get(f"{server.url}/v4/spreadsheets/{SHEET_ID}", trust_env=False)
    assert (asked.status_code, asked.json()["error"]["status"]) == (401, "UNAUTHENTICATED")


def test_ranges_end_where_their_values_end(server: SandboxServer, sheets: httpx.Client):
    rows = server.sheets.view.at(epoch(server.now))["GIFT_TYPE"]
    grid = sheets.get(SHEET_ID).json()["sheets"][2]["properties"]
    assert grid["gridProperties"] == {"rowCount": len(rows) + 20, "columnCount": 3}
    last = len(rows) + 20
    whole, part, column, below = values(
        *(sheets, "GIFT_TYPE", "'GIFT_TYPE'!B2:C3", "GIFT_TYPE!A1:A", f"GIFT_TYPE!A{last}:C{last}"),
        valueRenderOption="UNFORMATTED_VALUE",
    )
    assert whole["values"] == rows
    assert part["values"] == [row[1:] for row in rows[1:3]]
    assert column["values"] == [row[:1] for row in rows]
    assert "values" not in below
    (formatted,) = values(sheets, "TRANSACTIONS!I2:J2")
    is_cancelled = server.sheets.view.at(epoch(server.now))["TRANSACTIONS"][1][8]
    assert formatted["values"] == [[str(is_cancelled).upper()]]


@pytest.mark.parametrize("name", ["NOTES", "LOGS!A99999:B99999", "GIFT_TYPE!AA1:AB2", "!"])
def test_a_range_that_is_not_there_is_refused(sheets: httpx.Client, name: str):
    answer = sheets.get(f"{SHEET_ID}/values:batchGet", params={"ranges": name})
    assert (answer.status_code, answer.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")


@pytest.mark.parametrize("path", ["other", f"{SHEET_ID}/values/LOGS", f"{SHEET_ID}/developerMetadata"])
def test_what_is_not_served_is_not_found(sheets: httpx.Client, path: str):
    assert sheets.get(path).status_code == 404


def test_faults_change_the_tabs(server: SandboxServer, sheets: httpx.Client):
    rows = server.sheets.view.at(epoch(server.now))["GIFT_TYPE"]
    server.inject("changed_header", tab="GIFT_TYPE")
    server.inject("blank_rows", rows=2, after=1)
    server.inject("formula_errors", rows=1, after=2)
    server.inject("fewer_rows", rows=3, after=3)
    server.inject("new_column", after=4)
    shown = [values(sheets, "GIFT_TYPE", valueRenderOption="UNFORMATTED_VALUE")[0]["values"] for _ in range(6)]
    assert shown[0] == [["giftID", "name", "point (new)"], *rows[1:]]
    assert shown[1] == [*rows[:2], [], [], *rows[2:]]
    assert shown[2] == [rows[0], [rows[1][0], "#REF!", rows[1][2]], *rows[2:]]
    assert shown[3] == rows[:-3]
    assert shown[4] == [[*rows[0], "note"], *([*row, "sandbox"] for row in rows[1:])]
    assert shown[5] == rows
