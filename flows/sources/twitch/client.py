"""Requests to a Helix-shaped server through twitchAPI: one page at a time, as raw JSON, with bounded retries.

twitchAPI's own `get_streams` builds objects from each record: fields that it does not know are lost, times are parsed
and one record whose `viewer_count` is no number ends the listing with a TypeError. So pages are read through the
library's request layer (`_api_request`), which keeps its authentication, token refresh and rate limit handling, and
the JSON is left as the source sent it. What the layer leaves open is closed here:

- on 429 it sleeps until the reset and hands back the 429 body as if it were a page: it is asked for again;
- with a reset header that is missing or far away it raises KeyError or sleeps for as long: our back-off is used;
- it sleeps on `Ratelimit-Remaining: 0` before the body is read, when the connection may be gone: it is read first;
- a token refresh that fails leaves its lock set, and the next 401 waits for ever: the lock is released;
- its message for refused credentials shows the token URL with the client secret in it: it is never passed on.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NoReturn, TypeVar

from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout
from pydantic import SecretStr
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_attempt
from twitchAPI.helper import build_url
from twitchAPI.twitch import Twitch
from twitchAPI.type import (
    AuthScope,
    AuthType,
    TwitchAPIException,
    TwitchAuthorizationException,
    TwitchBackendException,
    TwitchResourceNotFound,
    UnauthorizedException,
)

from flows.errors import ConfigError, SourceError
from flows.files.readers import parse_json
from flows.sources.source import Retries

logger = logging.getLogger(__name__)

Result = TypeVar("Result")
Parameters = dict[str, str | int | list[str] | None]

# Helix refills its bucket within a minute; a reset further away than this is a clock that differs from ours.
LONGEST_RATE_WAIT_SECONDS = 90.0
_AUTH_STATUS = re.compile(r"failed with code (\d{3})")
_REFUSED_CREDENTIALS = (400, 401, 403)


class _Retry(Exception):  # noqa: N818 - control flow between an attempt and its retry, never seen outside
    """The attempt failed in a way that may pass; the text says how."""


class _TokenRefused(_Retry):
    """A token that was just issued was refused."""


class RequestRefused(Exception):  # noqa: N818 - the caller decides whether it is one
    """Helix answered 400: a cursor or a filter that it does not take."""


@dataclass(frozen=True)
class Page:
    """One answer of Helix: its records as they came, and where the listing goes on."""

    records: list[Any]
    cursor: str | None = field(repr=False)


class HelixClient(Twitch):  # type: ignore[misc, unused-ignore]
    """twitchAPI's client, reading raw pages. Use `async with`; entering it fetches the app token."""

    def __init__(
        self, client_id: str, client_secret: SecretStr, *, base_url: str, auth_url: str, retries: Retries
    ) -> None:
        self._retries = retries
        self._timeout = ClientTimeout(total=retries.timeout_seconds)
        super().__init__(
            client_id,
            client_secret.get_secret_value(),
            authenticate_app=False,
            base_url=base_url.rstrip("/") + "/",
            auth_base_url=auth_url.rstrip("/") + "/",
            session_timeout=self._timeout,
        )

    async def __aenter__(self) -> HelixClient:
        await self._with_retries(self.auth_base_url + "token", self._authenticate)
        self._session = ClientSession(timeout=self._timeout)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def fetch_page(self, path: str, parameters: Parameters) -> Page:
        """Read one page.

        Raises:
            RequestRefused: Helix answered 400.
            ConfigError: The credentials, or the token made from them, are refused.
            SourceError: Every attempt failed, or Helix refuses for another reason.
        """
        url = build_url(self.base_url + path, parameters, remove_none=True, split_lists=True)
        return await self._with_retries(self.base_url + path, partial(self._attempt, url))

    async def _attempt(self, url: str) -> Page:
        try:
            response = await self._api_request("GET", self._session, url, AuthType.APP, [])
            body = await response.read()
        except UnauthorizedException as error:
            raise _TokenRefused("401 after a fresh token") from error
        except TwitchAuthorizationException as error:
            self._judge_refused_token(error)
        except TwitchBackendException as error:
            raise _Retry(str(error)) from error
        except TwitchResourceNotFound:
            msg = f"{url.partition('?')[0]} answered 404: no Helix is served there. Check SNOWCAST_TWITCH_BASE_URL."
            raise ConfigError(msg) from None
        except TwitchAPIException as error:
            raise RequestRefused(str(error)) from error
        if response.status != 200:
            _judge_status(response.status, url)
        return _parse_page(body)

    async def _authenticate(self) -> None:
        try:
            await self.authenticate_app([])
        except TwitchAuthorizationException as error:
            self._judge_refused_token(error)

    def _judge_refused_token(self, error: TwitchAuthorizationException) -> NoReturn:
        """Wrong credentials end the run; anything else the token server answers may pass. Neither shows `error`."""
        match = _AUTH_STATUS.search(str(error))
        status = int(match[1]) if match else None
        where = self.auth_base_url + "token"
        if status in _REFUSED_CREDENTIALS:
            raise ConfigError(
                f"Twitch refused the credentials: {where} answered {status} for client id {self.app_id!r}. "
                "Check SNOWCAST_TWITCH_CLIENT_ID and SNOWCAST_TWITCH_CLIENT_SECRET."
            ) from None
        if status == 404:
            raise ConfigError(
                f"{where} answered 404: no token is issued there. Check SNOWCAST_TWITCH_AUTH_URL."
            ) from None
        raise _Retry(f"token request answered {status}" if status else "token answer held no token") from None

    async def _with_retries(self, url: str, attempt: Callable[[], Awaitable[Result]]) -> Result:
        """Repeat `attempt` while it fails in a way that may pass; `url` is named when it does not."""
        retrying = AsyncRetrying(
            stop=stop_after_attempt(self._retries.attempts),
            wait=self._retries.make_pauses(),
            retry=retry_if_exception_type((_Retry, ClientError, OSError, asyncio.TimeoutError)),
            before_sleep=_log_retry(url),
            reraise=True,
        )
        try:
            return await retrying(attempt)
        except _TokenRefused:
            raise ConfigError(
                f"{url} answered 401 to a token just issued by {self.auth_base_url}token. "
                "Do SNOWCAST_TWITCH_BASE_URL and SNOWCAST_TWITCH_AUTH_URL belong together?"
            ) from None
        except (_Retry, ClientError, OSError) as error:
            raise SourceError(
                f"{url} could not be read after {self._retries.attempts} attempts; the last one: "
                f"{_describe_error(error)}. "
                "Is the source up and reachable? Run again later: what is landed already is kept."
            ) from None

    async def _check_request_return(
        self,
        session: ClientSession,
        response: ClientResponse,
        method: str,
        url: str,
        auth_type: AuthType,
        required_scope: list[AuthScope | list[AuthScope]],
        data: dict[str, Any] | None = None,
        retries: int = 1,
    ) -> ClientResponse:
        await response.read()
        limited = response.status == 429
        if (limited or response.headers.get("Ratelimit-Remaining") == "0") and not _can_wait_for_reset(response):
            if limited:
                raise _Retry("429, without a reset time to wait for")
            return response
        return await super()._check_request_return(
            session, response, method, url, auth_type, required_scope, data, retries
        )

    async def _refresh_app_token(self) -> None:
        try:
            await super()._refresh_app_token()  # type: ignore[no-untyped-call]
        finally:
            self._app_token_refresh_lock = False


def _can_wait_for_reset(response: ClientResponse) -> bool:
    reset = response.headers.get("Ratelimit-Reset", "")
    return reset.isdigit() and int(reset) - time.time() <= LONGEST_RATE_WAIT_SECONDS


def _judge_status(status: int, url: str) -> NoReturn:
    if status == 429 or status >= 500:
        raise _Retry(f"answered {status}")
    raise SourceError(
        f"{url.partition('?')[0]} answered {status}. Expected 200. "
        "Is SNOWCAST_TWITCH_BASE_URL a Helix server, and may this client id read it?"
    )


def _parse_page(body: bytes) -> Page:
    try:
        page = parse_json(body)
    except ValueError as error:
        raise _Retry(f"answer is not JSON ({error})") from error
    records = page.get("data") if isinstance(page, dict) else None
    if not isinstance(records, list):
        raise _Retry('answer is not a Helix page: it has no list "data"')
    pagination = page.get("pagination")
    cursor = pagination.get("cursor") if isinstance(pagination, dict) else None
    return Page(records, str(cursor) if cursor else None)


def _describe_error(error: BaseException) -> str:
    """Return an error's text without URLs of requests, which hold the client secret when a token was asked for."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, _Retry):
        return str(error)
    text = re.sub(r"\?\S*", "", str(error))
    return f"{type(error).__name__} {text}".strip()


def _log_retry(url: str) -> Callable[[RetryCallState], None]:
    def log(state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        wait = state.next_action.sleep if state.next_action else 0.0
        reason = _describe_error(error) if error else "no reason"
        logger.warning("%s: %s; attempt %d, again in %.1f s", url, reason, state.attempt_number, wait)

    return log
