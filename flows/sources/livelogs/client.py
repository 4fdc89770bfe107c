"""Requests to Google Sheets, or a server of its shape, through gspread: rows of a tab in batches, bounded retries.

gspread's addresses are constants, so its HTTP client is given one that changes their beginning. Its own back-off
(BackOffHTTPClient) sleeps by itself up to two minutes a time and is called not ready by its authors: the retries are
ours. An error's text never holds the key of the service account.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from ipaddress import ip_address
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests
from google.auth import exceptions as auth_exceptions
from google.auth.transport.requests import AuthorizedSession, Request
from google.oauth2.service_account import Credentials
from gspread.http_client import HTTPClient
from gspread.utils import rowcol_to_a1
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt

from flows.errors import ConfigError, TransientError
from flows.sources.source import Retries

SHEETS_URL = "https://sheets.googleapis.com/"
_SCOPES = ("https://www.googleapis.com/auth/spreadsheets.readonly",)
_ACCOUNT_FIELDS = ("client_email", "private_key", "token_uri")
# Numbers and truth as such, and not as their format shows them (1,234); times as text.
_AS_STORED = {"valueRenderOption": "UNFORMATTED_VALUE", "dateTimeRenderOption": "FORMATTED_STRING"}
_PASSING = (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError)

Result = TypeVar("Result")


@dataclass(frozen=True)
class Grid:
    """The size of a tab, empty rows and columns included."""

    rows: int
    columns: int


@dataclass(frozen=True)
class SheetsAccess:
    """Who asks where.

    Args:
        account: The service account's key, as Google Cloud hands it out.
        url: The Sheets API, or a server of its shape.
        retries: How often a request is repeated.
        rows_a_batch: Rows that one request asks for.
    """

    account: Mapping[str, Any] = field(repr=False)
    url: str = SHEETS_URL
    retries: Retries = field(default_factory=Retries)
    rows_a_batch: int = 5000


class SheetsClient:
    """Reads one spreadsheet.

    Raises:
        ConfigError: The key of the service account is none.
    """

    def __init__(self, access: SheetsAccess, sheet_id: str) -> None:
        credentials = _make_credentials(access.account)
        self._email = str(access.account["client_email"])
        self._retries = access.retries
        self._size = access.rows_a_batch
        self._sheet_id = sheet_id
        plain = requests.Session()
        plain.trust_env = not _is_loopback(access.account["token_uri"])
        session = AuthorizedSession(credentials, auth_request=Request(plain))  # type: ignore[no-untyped-call]
        session.trust_env = not _is_loopback(access.url)
        self._http = _RedirectedClient(credentials, session, access.url)
        self._http.set_timeout(access.retries.timeout_seconds)

    def tabs(self) -> dict[str, Grid]:
        """Return the tabs of the spreadsheet with their sizes.

        Raises:
            ConfigError: It does not exist or may not be read.
            TransientError: It cannot be reached now.
        """
        facts = self._ask(partial(self._http.fetch_sheet_metadata, self._sheet_id))
        grids = ((tab["properties"]["title"], tab["properties"].get("gridProperties", {})) for tab in facts["sheets"])
        return {title: Grid(grid.get("rowCount", 0), grid.get("columnCount", 0)) for title, grid in grids}

    def rows(self, tab: str, grid: Grid) -> Iterator[Sequence[Any]]:
        """Yield the rows of a tab, blank ones included, asked for in batches.

        Google leaves out what is empty at the end of a row and of a range, so a batch is filled up to its size.

        Raises:
            ConfigError: It may not be read.
            TransientError: It cannot be reached now.
        """
        waiting, quoted = 0, "'" + tab.replace("'", "''") + "'"
        for batch in range(math.ceil(grid.rows / self._size)):
            first, last = batch * self._size + 1, min((batch + 1) * self._size, grid.rows)
            values = self._read_range(f"{quoted}!A{first}:{rowcol_to_a1(last, max(grid.columns, 1))}")
            for row in values:
                if row:
                    yield from ([] for _ in range(waiting))
                    waiting = 0
                    yield row
                else:
                    waiting += 1
            waiting += last - first + 1 - len(values)

    def _read_range(self, name: str) -> list[list[Any]]:
        answer = self._ask(partial(self._http.values_batch_get, self._sheet_id, [name], dict(_AS_STORED)))
        return list(answer["valueRanges"][0].get("values", []))

    def _ask(self, request: Callable[[], Result]) -> Result:
        asking = Retrying(
            stop=stop_after_attempt(self._retries.attempts),
            wait=self._retries.make_pauses(),
            retry=retry_if_exception_type(TransientError),
            reraise=True,
        )
        answer: Result = asking(self._ask_once, request)
        return answer

    def _ask_once(self, request: Callable[[], Result]) -> Result:
        try:
            return request()
        except _Refused as refusal:
            raise self._explain_refusal(refusal.status, str(refusal)) from None
        except _PASSING as error:
            raise TransientError(f"The Sheets API does not answer ({type(error).__name__}). Run again later.") from None
        except ValueError:  # requests' JSONDecodeError, whose text would repeat the body
            raise TransientError("The Sheets API answered something else than JSON. Run again later.") from None
        except auth_exceptions.TransportError:
            raise TransientError("Google's token server does not answer. Run again later.") from None
        except auth_exceptions.GoogleAuthError as error:
            if getattr(error, "retryable", False):
                raise TransientError("Google's token server fails. Run again later.") from None
            raise ConfigError(
                f"Google gives no token to the service account {self._email}. "
                "Its key was deleted or is of another account: make a new one (SNOWCAST_LIVELOGS_SERVICE_ACCOUNT_*)."
            ) from None

    def _explain_refusal(self, status: int, message: str) -> Exception:
        if status in (408, 429) or status >= 500:  # noqa: PLR2004 - HTTP
            return TransientError(f"The Sheets API answered {status} ({message or 'no reason'}). Run again later.")
        if status in (401, 403):
            return ConfigError(
                f"The service account {self._email} may not read the sheet {self._sheet_id} ({status}: {message}). "
                "Share the sheet with that address as a viewer, and enable the Sheets API in its project."
            )
        if status == 404:  # noqa: PLR2004 - HTTP
            return ConfigError(
                f"There is no sheet {self._sheet_id}. SNOWCAST_LIVELOGS_SHEET_ID is the part of its address behind /d/."
            )
        return ConfigError(f"The Sheets API refuses to read the sheet {self._sheet_id} ({status}: {message}).")


class _RedirectedClient(HTTPClient):
    """gspread's HTTP client for another address than Google's."""

    def __init__(self, credentials: Credentials, session: AuthorizedSession, url: str) -> None:
        super().__init__(credentials, session)
        self._url = url.rstrip("/") + "/"

    def request(self, method: str, endpoint: str, *args: Any, **more: Any) -> requests.Response:
        """Ask; an error's status is that of HTTP (gspread's APIError fails where the body is not Google's)."""
        url = endpoint.replace(SHEETS_URL, self._url, 1)
        more = {"timeout": self.timeout, **more}
        response: requests.Response = self.session.request(method, url, *args, **more)
        if not response.ok:
            raise _Refused(response.status_code, _read_message(response))
        return response


class _Refused(Exception):  # noqa: N818 - raised on as one of our errors
    """An answer that is no success; the text is the server's reason."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def _read_message(response: requests.Response) -> str:
    try:
        return str(response.json()["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return ""


def _make_credentials(account: Mapping[str, Any]) -> Credentials:
    missing = [name for name in _ACCOUNT_FIELDS if not account.get(name)]
    if missing:
        raise ConfigError(
            f"The key of the service account has no {', '.join(missing)}. Expected the JSON file that Google Cloud "
            "makes for a key of a service account."
        )
    try:
        made: Credentials = Credentials.from_service_account_info(account, scopes=_SCOPES)  # type: ignore[no-untyped-call]
        return made
    except (ValueError, TypeError, auth_exceptions.GoogleAuthError):
        raise ConfigError(
            f"The private key of the service account {account['client_email']} cannot be read. "
            "Expected the JSON file as Google Cloud made it, \\n in the key included."
        ) from None


def _is_loopback(url: str) -> bool:
    """Whether an address is of this machine, which no proxy can reach."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
