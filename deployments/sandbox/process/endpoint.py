"""The endpoint file of a sandbox that runs in the background, and the handle that it gives."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from deployments.sandbox.amplitude.server import AMPLITUDE_PREFIX, api_key_of, secret_key_of
from deployments.sandbox.process.control import CONTROL_PREFIX, SECRET_HEADER
from deployments.sandbox.world.timestamps import epoch, moment, parse

_CONTROL_TIMEOUT: Final = 10.0


class SandboxError(Exception):
    """The sandbox cannot be started, found or controlled; the message says why in one line."""


class Addresses:
    """The addresses of a sandbox that listens."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """The root of all its endpoints, without a slash at the end."""
        return f"http://{self.host}:{self.port}"

    @property
    def base_url(self) -> str:
        """What twitchAPI takes as base_url."""
        return f"{self.url}/helix/"

    @property
    def auth_url(self) -> str:
        """What twitchAPI takes as auth_base_url."""
        return f"{self.url}/oauth2/"

    @property
    def amplitude_url(self) -> str:
        """What stands for Amplitude's hosts: `/batch`, `/2/httpapi` and `/api/2/export` follow."""
        return f"{self.url}{AMPLITUDE_PREFIX.rstrip('/')}"


@dataclass(frozen=True)
class SandboxEndpoint(Addresses):
    """A running sandbox.

    Attributes:
        host: always 127.0.0.1.
        port: where it listens.
        client_id: the application that gets tokens.
        client_secret: its secret.
        control_secret: asked by the control endpoints.
        pid: the server's process.
        started_at: when it started, ISO 8601 in UTC (real time).
        settings: what it was started with.
    """

    host: str
    port: int
    client_id: str
    client_secret: str = field(repr=False)
    control_secret: str = field(repr=False)
    pid: int
    started_at: str
    settings: dict[str, Any]

    @property
    def amplitude_key(self) -> str:
        """The API key that the receiver asks for."""
        return api_key_of(self.client_secret)

    @property
    def amplitude_secret_key(self) -> str:
        """The secret key that exports are asked for with."""
        return secret_key_of(self.client_secret)

    @property
    def now(self) -> datetime:
        """The simulated time."""
        return moment(parse(self.control("GET", "clock")["at"]))

    @property
    def requests(self) -> dict[str, int]:
        """How many requests each path got."""
        return dict(self.control("GET", "requests")["requests"])

    def service_account(self) -> dict[str, Any]:
        """Return the key of the service account that the sheet is shared with, as Google Cloud hands it out."""
        return self.control("GET", "service_account")

    def set_clock(self, at: datetime | float) -> datetime:
        """Move to a time."""
        return moment(parse(self.control("POST", "clock", {"at": epoch(at)})["at"]))

    def advance(self, seconds: float) -> datetime:
        """Move on by so many simulated seconds."""
        return moment(parse(self.control("POST", "clock", {"advance_seconds": seconds})["at"]))

    def inject(self, fault: str, **rule: Any) -> None:
        """Show a fault: a name of FAULTS, with the fields of FaultRule."""
        self.control("POST", "faults", {"fault": fault, **rule})

    def clear_faults(self) -> None:
        """Behave again."""
        self.control("DELETE", "faults")

    def control(
        self, method: str, name: str, order: Any = None, *, timeout: float = _CONTROL_TIMEOUT
    ) -> dict[str, Any]:
        """Ask a control endpoint.

        Raises:
            SandboxError: it does not answer, or refuses.
        """
        body = None if order is None else json.dumps(order).encode()
        request = urllib.request.Request(f"{self.url}{CONTROL_PREFIX}{name}", data=body, method=method)
        request.add_header(SECRET_HEADER, self.control_secret)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=timeout) as answer:
                return dict(json.loads(answer.read()))
        except urllib.error.HTTPError as error:
            raise SandboxError(f"the sandbox refused {name}: {_read_message(error)}") from error
        except (OSError, ValueError) as error:
            raise SandboxError(
                f"the sandbox at {self.url} does not answer; `snowcast sandbox start` starts it"
            ) from error


def _read_message(error: urllib.error.HTTPError) -> str:
    try:
        return str(json.loads(error.read())["message"])
    except (ValueError, KeyError, TypeError):
        return str(error)
