"""A webhook on loopback that answers as Slack does, and as Slack should not."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PATH = "/services/T000/B000/secret-of-the-webhook"
# What stands for the answer that never comes, and for a connection that is closed.
SILENT, CLOSED = 0, -1
Answer = tuple[int, dict[str, str], str]


class Receiver:
    """Messages that were taken, and answers that are planned; without a plan each message is taken."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.asked = 0
        self.planned: list[Answer] = []
        self.on_taken: Callable[[], None] = lambda: None
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}{PATH}"

    def plan(self, status: int, text: str = "", *, times: int = 1, **headers: str) -> None:
        """Answer so, so many times."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.planned += [(status, named, text)] * times

    def taken(self, status: int) -> bool:
        return status in (200, SILENT, CLOSED)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                receiver.asked += 1
                status, headers, text = receiver.planned.pop(0) if receiver.planned else (200, {}, "ok")
                if receiver.taken(status):
                    receiver.texts.append(body.get("text") or body["message"])  # as Prefect has it sent
                    receiver.on_taken()
                if status == SILENT:
                    time.sleep(1.0)
                if status in (SILENT, CLOSED):
                    self.close_connection = True
                    return
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(text))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, format: str, *arguments: Any) -> None: ...

        return Handler


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()
    thread = threading.Thread(target=receiver._http.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver._http.shutdown()
        receiver._http.server_close()
        thread.join()
