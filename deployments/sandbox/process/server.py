"""The loopback HTTP server in front of the sandbox, as a thread of the calling process."""

from __future__ import annotations

import secrets
import socket
import sys
import threading
import time
from collections import Counter
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from deployments.sandbox.amplitude.export import ExportApi, ProductEvents, Uploads
from deployments.sandbox.amplitude.server import AMPLITUDE_PREFIX, AmplitudeApi, api_key_of, secret_key_of
from deployments.sandbox.http.clock import Clock
from deployments.sandbox.http.faults import FaultRule
from deployments.sandbox.http.messages import Answer, Request
from deployments.sandbox.livelogs.server import PREFIXES, SheetsApi
from deployments.sandbox.livelogs.tabs import LiveLogsView
from deployments.sandbox.process.control import CONTROL_PREFIX, Control
from deployments.sandbox.process.endpoint import Addresses
from deployments.sandbox.twitch.records import HelixView
from deployments.sandbox.twitch.server import HelixApi
from deployments.sandbox.world.timestamps import epoch, moment
from deployments.sandbox.world.world import World

HOST: Final = "127.0.0.1"
_MOST_BODY_BYTES: Final = 25_000_000


class _Handler(BaseHTTPRequestHandler):
    """Reads one request, sends one answer, and spoils it on the way if so told."""

    protocol_version = "HTTP/1.1"
    server_version = "snowcast-sandbox"
    disable_nagle_algorithm = True
    timeout = 120
    server: HttpServer

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(min(length, _MOST_BODY_BYTES))
        self.close_connection = self.close_connection or length > _MOST_BODY_BYTES
        request = Request.parse(self.command, self.path, dict(self.headers.items()), body)
        self.server.asked_at = time.monotonic()
        answer = self.server.answering(request.path).answer(request)
        if answer.delay_seconds:
            time.sleep(answer.delay_seconds)
        try:
            self._send(answer)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def _send(self, answer: Answer) -> None:
        if answer.is_dropped:
            self._hang_up()
            return
        body = answer.body()
        head = [f"HTTP/1.1 {answer.status} {self.responses.get(answer.status, ('',))[0]}"]
        headers = {"Content-Type": answer.content_type, "Content-Length": str(len(body)), **answer.headers}
        head += [f"{name}: {value}" for name, value in {"Date": self.date_time_string(), **headers}.items()]
        start = ("\r\n".join(head) + "\r\n\r\n").encode()
        self.wfile.write(start + (body[: len(body) // 2] if answer.is_truncated else body))
        if answer.is_truncated:
            self._hang_up()

    def _hang_up(self) -> None:
        self.close_connection = True
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are counted, not logged: a line of the log would hold the client's secret."""


for _method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
    setattr(_Handler, f"do_{_method}", _Handler._serve)


class HttpServer(ThreadingHTTPServer):
    """One thread per connection, on 127.0.0.1 only."""

    daemon_threads = True
    request_queue_size = 64
    allow_reuse_address = True

    def __init__(
        self, api: HelixApi, sheets: SheetsApi, amplitude: AmplitudeApi, control: Control, port: int = 0
    ) -> None:
        self._answering: dict[str, SheetsApi | AmplitudeApi | Control] = {
            CONTROL_PREFIX: control,
            AMPLITUDE_PREFIX: amplitude,
            **dict.fromkeys(PREFIXES, sheets),
        }
        self._api = api
        self.asked_at = time.monotonic()
        super().__init__((HOST, port), _Handler)

    def answering(self, path: str) -> HelixApi | SheetsApi | AmplitudeApi | Control:
        """Return what answers requests of a path."""
        return next((found for prefix, found in self._answering.items() if path.startswith(prefix)), self._api)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log what is a fault of ours: a client may hang up."""
        if not isinstance(sys.exception(), (ConnectionError, TimeoutError)):
            super().handle_error(request, client_address)


class SandboxServer(Addresses):
    """Serves a world as Helix, as a Google Sheet of live logs and as Amplitude, while `with` lasts.

    Args:
        world: what is served.
        client_id: the application that gets tokens; made up if not given.
        client_secret: its secret; made up if not given.
        port: 0 for a free one.
        clock: manual and at the world's start if not given.
        points: size of the rate limit bucket.
        window_seconds: (real) time in which it fills.
        uploads: file that keeps what was published to it for the next sandbox; None: it is forgotten.
        product_events: what the world's apps uploaded, which servers of one world may share; made if not given.
    """

    def __init__(
        self,
        world: World,
        *,
        client_id: str | None = None,
        client_secret: str | None = None,
        port: int = 0,
        clock: Clock | None = None,
        points: int = 800,
        window_seconds: float = 60,
        uploads: Path | None = None,
        product_events: ProductEvents | None = None,
    ) -> None:
        self.world = world
        self.view = HelixView(world)
        self.clock = clock or Clock(world.start.timestamp())
        self.client_id = client_id or secrets.token_hex(15)
        self.client_secret = client_secret or secrets.token_hex(15)
        self.control_secret = secrets.token_urlsafe(24)
        self.api = HelixApi(
            self.view,
            self.clock,
            client_id=self.client_id,
            client_secret=self.client_secret,
            points=points,
            window_seconds=window_seconds,
        )
        self.sheets = SheetsApi(LiveLogsView(world), self.clock, self.api.faults, self.api.requests)
        self.product_events = product_events or ProductEvents(world)
        self.amplitude = self._amplitude(Uploads(self.clock, uploads))
        self.control = Control(self.api, self.amplitude, self.control_secret)
        self.control.service_account = self.service_account
        self._http = HttpServer(self.api, self.sheets, self.amplitude, self.control, port)
        self.host, self.port = HOST, int(self._http.server_address[1])
        self.sheets.root = self.url
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True, name="sandbox")

    def _amplitude(self, uploads: Uploads) -> AmplitudeApi:
        """Make Amplitude's receiver and exporter, which share what was uploaded."""
        return AmplitudeApi(
            api_key_of(self.client_secret),
            self.api.faults,
            self.api.requests,
            secret_key=secret_key_of(self.client_secret),
            exports=ExportApi(self.product_events, uploads, self.clock),
            uploads=uploads,
        )

    def service_account(self) -> dict[str, Any]:
        """Return the key of the service account that the sheet is shared with, as Google Cloud hands it out."""
        return self.sheets.account.as_file(self.sheets.token_url)

    @property
    def requests(self) -> Counter[str]:
        """How many requests each path got."""
        return self.api.requests

    @property
    def now(self) -> datetime:
        """The simulated time."""
        return moment(self.clock.now())

    def idle_seconds(self) -> float:
        """Return how long nobody has asked anything (in real time)."""
        return time.monotonic() - self._http.asked_at

    def set_clock(self, at: datetime | float) -> datetime:
        """Move to a time."""
        self.clock.set(epoch(at))
        return self.now

    def advance(self, seconds: float) -> datetime:
        """Move on by so many simulated seconds."""
        self.clock.advance(seconds)
        return self.now

    def inject(self, fault: str, **rule: Any) -> None:
        """Show a fault: a name of FAULTS, with the fields of FaultRule."""
        self.api.faults.add(FaultRule(fault, **rule))

    def clear_faults(self) -> None:
        """Behave again."""
        self.api.faults.clear()

    def start(self) -> SandboxServer:
        """Begin to serve; `with` does it."""
        self._thread.start()
        return self

    def close(self) -> None:
        """Stop serving and free the port."""
        if self._thread.is_alive():
            self._http.shutdown()
            self._thread.join(timeout=5)
        self._http.server_close()

    def __enter__(self) -> SandboxServer:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
