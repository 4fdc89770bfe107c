"""A message to an incoming webhook of Slack: sent, surely not taken, refused, or of unknown outcome.

Slack drops no repeat: a webhook has no id by which it would know one. So only what was surely not taken is sent again:
no connection, 429, or an error of Slack's own. Where the answer does not come the message may be in the channel, and
nobody but a person can tell.

Prefect's SlackWebhook block keeps the address; its `notify` does not serve here: it gives neither the status nor
Retry-After back, so an error could not be told from a time-out. The address is the secret: httpx writes it into its
log with every request, from which it is kept here.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from pydantic import SecretStr

from flows.errors import ConfigError
from flows.settings import Settings
from transforms.marts.spike_alerts import PENDING, REJECTED, RELEASED, SENT

_ATTEMPTS = 4
_MOST_PAUSE_SECONDS = 30.0
_CONNECT_SECONDS = 5.0
_MOST_TEXT = 100
# The message itself is refused: it would be again.
_OF_THE_MESSAGE = (400, 413, 422)
_NAMES = "SNOWCAST_SLACK_WEBHOOK_URL or SNOWCAST_SLACK_WEBHOOK_BLOCK"


@dataclass(frozen=True)
class Delivery:
    """What became of a message.

    Args:
        state: sent; released: surely not taken; rejected: never will be; pending: nobody knows.
        reason: Why, without secrets.
        is_misconfigured: Only a person can change it.
    """

    state: str
    reason: str | None = None
    is_misconfigured: bool = False


class _HideRequests(logging.Filter):
    """Keeps the lines of httpx about its requests out of every log: they hold the address."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let through what does not tell of a request."""
        return not str(record.msg).startswith("HTTP Request")


class SlackWebhook:
    """Sends messages to one webhook. Use `with`.

    Args:
        url: Its address.
        timeout_seconds: How long an answer is waited for.
        retry_seconds: First pause; each next one is twice it.
        sleep: Waits that many seconds; the tests give one that does not.
    """

    def __init__(
        self,
        url: SecretStr,
        timeout_seconds: float,
        retry_seconds: float,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._url, self._retry_seconds, self._sleep = url, retry_seconds, sleep
        is_local = httpx.URL(url.get_secret_value()).host in ("127.0.0.1", "localhost")
        # A proxy of the environment is for the world outside, not for this machine.
        timeout = httpx.Timeout(timeout_seconds, connect=min(timeout_seconds, _CONNECT_SECONDS))
        self._http = httpx.Client(timeout=timeout, trust_env=not is_local)
        self._hiding = _HideRequests()

    def __enter__(self) -> SlackWebhook:
        logging.getLogger("httpx").addFilter(self._hiding)
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()
        logging.getLogger("httpx").removeFilter(self._hiding)

    def send(self, message: Mapping[str, Any]) -> Delivery:
        """Send a message, again where it was surely not taken; never raises for what Slack answers."""
        pause, delivery = self._retry_seconds, Delivery(RELEASED)
        for attempt in range(_ATTEMPTS):
            if attempt:
                self._sleep(pause)
            delivery, asked = self._post(message)
            if delivery.state != RELEASED or delivery.is_misconfigured:
                return delivery
            pause = asked if asked is not None else min(self._retry_seconds * 2**attempt, _MOST_PAUSE_SECONDS)
            if pause > _MOST_PAUSE_SECONDS:
                return Delivery(RELEASED, f"Slack asks to wait {pause:.0f} s (429): the next run tries again")
        return Delivery(RELEASED, f"{delivery.reason}, {_ATTEMPTS} times")

    def _post(self, message: Mapping[str, Any]) -> tuple[Delivery, float | None]:
        """Ask once; returns what became of it, and for how long Slack asks to wait."""
        try:
            response = self._http.post(self._url.get_secret_value(), json=message)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            return Delivery(RELEASED, f"no connection ({type(error).__name__})"), None
        except httpx.UnsupportedProtocol:
            return Delivery(RELEASED, "the webhook is no address", is_misconfigured=True), None
        except httpx.HTTPError as error:
            return Delivery(PENDING, f"no answer ({type(error).__name__}): it may have been taken"), None
        return self._judge(response)

    def _judge(self, response: httpx.Response) -> tuple[Delivery, float | None]:
        status = response.status_code
        told = f"{status} {' '.join(response.text.split())[:_MOST_TEXT]}".strip()
        told = told.replace(self._url.get_secret_value(), "...")
        if response.is_success:
            return Delivery(SENT), None
        if status in (httpx.codes.GATEWAY_TIMEOUT, httpx.codes.REQUEST_TIMEOUT):
            return Delivery(PENDING, f"something on the way gave up waiting ({status}): it may have been taken"), None
        if status == httpx.codes.TOO_MANY_REQUESTS:
            return Delivery(RELEASED, f"Slack throttles ({status})"), _read_pause(response)
        if response.is_server_error:
            return Delivery(RELEASED, f"Slack answered {told}"), None
        state = REJECTED if status in _OF_THE_MESSAGE else RELEASED
        return Delivery(state, f"Slack refuses it: {told}", is_misconfigured=True), None


def find_webhook(settings: Settings) -> SecretStr | None:
    """Return the address of the webhook: that of the settings, or the one that Prefect keeps; None where none is set.

    Raises:
        ConfigError: Both are set, or Prefect has no such block.
    """
    url, name = settings.slack_webhook_url, settings.slack_webhook_block
    if url and name:
        raise ConfigError(f"{_NAMES}: set one of them, both are set.")
    if name is None:
        return url
    from prefect.blocks.notifications import SlackWebhook as Block

    try:
        block = Block.load(name, _sync=True)  # type: ignore[call-arg, unused-ignore]
    except ValueError:
        raise ConfigError(f"SNOWCAST_SLACK_WEBHOOK_BLOCK: Prefect has no SlackWebhook block {name!r}.") from None
    return SecretStr(block.url.get_secret_value())  # type: ignore[union-attr, unused-ignore]


def _read_pause(response: httpx.Response) -> float | None:
    """Return the seconds that Retry-After names; None where it names none."""
    try:
        return max(float(response.headers["Retry-After"]), 0.0)
    except (KeyError, ValueError):
        return None
