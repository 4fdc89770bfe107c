"""Google Sheets over the live logs of the simulated world: tokens, the spreadsheet, its values, faults on request."""

from __future__ import annotations

import re
import secrets
import threading
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from deployments.sandbox.http.clock import Clock
from deployments.sandbox.http.faults import FaultBoard, FaultRule
from deployments.sandbox.http.messages import Answer, Request
from deployments.sandbox.http.spoil import spoil_answer
from deployments.sandbox.livelogs.service_account import ServiceAccount
from deployments.sandbox.livelogs.spoil import spoil_tab
from deployments.sandbox.livelogs.tabs import TABS, LiveLogsView, Row

SHEET_ID: Final = "sandbox-live-logs"
PREFIXES: Final = ("/v4/", "/sheets/")
TOKEN_PATH: Final = "/sheets/token"
_TOKEN_SECONDS: Final = 3_599
_SPARE_ROWS: Final = 20
_GRANT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_RANGE: Final = re.compile(r"(?P<tab>'(?:[^']|'')+'|[^'!]+)(?:!(?P<from>[A-Z]*\d*)(?::(?P<to>[A-Z]*\d*))?)?")
_CELL: Final = re.compile(r"([A-Z]*)(\d*)")
_PHRASES: Final = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
}
_STATUS_FAULTS: Final = {
    "429": (429, "Quota exceeded for quota metric 'Read requests' and limit 'Read requests per minute per user'"),
    "no_access": (403, "The caller does not have permission"),
}


class SheetsError(Exception):
    """An answer of the Sheets API other than 200."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        error = {"code": status, "message": message, "status": _PHRASES.get(status, "UNKNOWN")}
        self.answer = Answer(status, {"error": error})


class SheetsApi:
    """Answers requests as the Sheets API and Google's token endpoint do.

    Args:
        view: the live logs.
        clock: tells the simulated time.
        faults: what is in force.
        requests: counts the requests of each path.
        root: the address of the server, once it is known.
    """

    def __init__(
        self, view: LiveLogsView, clock: Clock, faults: FaultBoard, requests: Counter[str], root: str = ""
    ) -> None:
        self.view = view
        self.account = ServiceAccount()
        self.root = root
        self._clock = clock
        self._faults = faults
        self._requests = requests
        self._tokens: dict[str, float] = {}
        self._lock = threading.Lock()

    @property
    def token_url(self) -> str:
        """Where a service account asks for its token."""
        return self.root + TOKEN_PATH

    def answer(self, request: Request) -> Answer:
        """Return the answer to a request under one of PREFIXES."""
        with self._lock:
            self._requests[request.path] += 1
        faults = self._faults.fire(request)
        try:
            for name, (status, message) in _STATUS_FAULTS.items():
                if name in faults:
                    raise SheetsError(status, message)
            if request.path == TOKEN_PATH:
                answer = self._issue_token(request, faults)
            else:
                self._check_token(request, faults)
                answer = Answer(200, self._make_content(request, faults))
        except SheetsError as error:
            answer = error.answer
        spoilt = spoil_answer(answer, faults)
        if spoilt.status >= 500:  # noqa: PLR2004 - HTTP
            spoilt.content = SheetsError(spoilt.status, "The service is currently unavailable.").answer.content
        return spoilt

    def _issue_token(self, request: Request, faults: Mapping[str, FaultRule]) -> Answer:
        fields = request.fields()
        if fields.get("grant_type") != _GRANT:
            return Answer(400, {"error": "unsupported_grant_type", "error_description": "Invalid grant_type"})
        if "invalid_client" in faults or not self.account.accepts(fields.get("assertion", ""), self.token_url):
            return Answer(400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."})
        token = secrets.token_urlsafe(24)
        with self._lock:
            self._tokens[token] = time.time() + _TOKEN_SECONDS
        return Answer(200, {"access_token": token, "expires_in": _TOKEN_SECONDS, "token_type": "Bearer"})

    def _check_token(self, request: Request, faults: Mapping[str, FaultRule]) -> None:
        if "expired_token" in faults:
            with self._lock:
                self._tokens.clear()
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or self._tokens.get(token, 0) < time.time():
            raise SheetsError(401, "Request had invalid authentication credentials.")

    def _make_content(self, request: Request, faults: Mapping[str, FaultRule]) -> dict[str, Any]:
        sheet, _, rest = request.path.removeprefix("/v4/spreadsheets/").partition("/")
        if request.method != "GET" or sheet != SHEET_ID:
            raise SheetsError(404, "Requested entity was not found.")
        tabs = {name: spoil_tab(name, rows, faults) for name, rows in self.view.at(self._clock.now()).items()}
        if not rest:
            return _describe_sheet(tabs)
        if rest != "values:batchGet":
            raise SheetsError(404, "Requested entity was not found.")
        is_formatted = request.one("valueRenderOption") != "UNFORMATTED_VALUE"
        ranges = [_list_values(name, tabs, is_formatted) for name in request.many("ranges")]
        return {"spreadsheetId": SHEET_ID, "valueRanges": ranges}


def _describe_sheet(tabs: Mapping[str, list[Row]]) -> dict[str, Any]:
    """Return the spreadsheet without its cells."""
    sheets = [
        {
            "properties": {
                "sheetId": number,
                "title": name,
                "index": number,
                "sheetType": "GRID",
                "gridProperties": {"rowCount": len(rows) + _SPARE_ROWS, "columnCount": len(rows[0])},
            }
        }
        for number, (name, rows) in enumerate(tabs.items())
    ]
    return {"spreadsheetId": SHEET_ID, "properties": {"title": "Live logs"}, "sheets": sheets}


def _list_values(name: str, tabs: Mapping[str, list[Row]], is_formatted: bool) -> dict[str, Any]:
    """Return a range's rows; what is empty at the end of a row, and rows at the end of the range, are left out."""
    match = _RANGE.fullmatch(name)
    tab = match["tab"].strip("'").replace("''", "'") if match else ""
    if match is None or tab not in tabs:
        raise SheetsError(400, f"Unable to parse range: {name}")
    rows = tabs[tab]
    columns, last_row = len(rows[0]), len(rows) + _SPARE_ROWS
    left, top = _make_cell(match["from"] or "A1", 1, 1)
    right, bottom = _make_cell(match["to"] or "", columns, last_row)
    if top > last_row or left > columns:
        limits = f"Max rows: {last_row}, max columns: {columns}"
        raise SheetsError(400, f"Range ({name}) exceeds grid limits. {limits}")
    cells = [_format_cell(row[left - 1 : right], is_formatted) for row in rows[top - 1 : bottom]]
    while cells and not cells[-1]:
        cells.pop()
    return {"range": name, "majorDimension": "ROWS", "values": cells} if cells else {"range": name}


def _make_cell(text: str, column: int, row: int) -> tuple[int, int]:
    """Column and row of a cell's name, counted from 1; the given ones where it names none."""
    letters, digits = _CELL.fullmatch(text).groups()  # type: ignore[union-attr]
    for place, letter in enumerate(letters):
        column = (0 if place == 0 else column * 26) + ord(letter) - ord("A") + 1
    return column, int(digits) if digits else row


def _format_cell(row: Row, is_formatted: bool) -> Row:
    cells = [str(cell).upper() if isinstance(cell, bool) else str(cell) for cell in row] if is_formatted else list(row)
    while cells and cells[-1] == "":
        cells.pop()
    return cells


__all__ = ["PREFIXES", "SHEET_ID", "TABS", "TOKEN_PATH", "SheetsApi"]
