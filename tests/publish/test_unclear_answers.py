"""Answers that leave the outcome open, and ids that name nobody: nothing is rejected that may have been taken."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, ClassVar

import pytest
from pydantic import SecretStr

from flows.errors import SourceError
from flows.publish_to.amplitude.client import AmplitudeClient, Target
from flows.publish_to.amplitude.publish import Published
from flows.publish_to.outgoing import Outgoing


class Answering(BaseHTTPRequestHandler):
    """Answers as the test says, given the insert_ids of the request."""

    uploads: ClassVar[list[list[str]]] = []
    answer: ClassVar[Any] = None

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        ids = [event["insert_id"] for event in body["events"]]
        self.uploads.append(ids)
        status, text = type(self).answer(ids)
        self.send_response(status)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *arguments: Any) -> None:
        """Keep the terminal quiet."""


@pytest.fixture
def answering() -> Iterator[tuple[type[Answering], str]]:
    class Handler(Answering):
        uploads: ClassVar[list[list[str]]] = []

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Handler, f"http://127.0.0.1:{server.server_port}/batch"
    server.shutdown()
    thread.join()
    server.server_close()


def event(number: int, **fields: Any) -> Outgoing:
    text = {"event_type": "gift_sent", "user_id": f"viewer_{number}", "insert_id": f"e{number}", **fields}
    return Outgoing(f"e{number}", "gift_sent", 1, json.dumps(text))


def sent(url: str, events: list[Outgoing]) -> dict[str, list[tuple[str, str | None]]]:
    target = Target("project", url, SecretStr("key"), "batch", 1, 1_000_000, 30.0)
    found: dict[str, list[tuple[str, str | None]]] = {}
    with AmplitudeClient(target, sleep=lambda _: None) as client:
        for verdicts in client.send(events):
            for one in verdicts:
                found.setdefault(one.status, []).append((one.outgoing.activity_id, one.reason))
    return found


def taken(ids: list[str], count: int | None = None) -> tuple[int, str]:
    return 200, json.dumps({"code": 200, "events_ingested": len(ids) if count is None else count})


def test_fewer_ingested_than_sent_leaves_only_the_uncounted_one_open(answering: tuple[type[Answering], str]):
    handler, url = answering
    handler.answer = staticmethod(lambda ids: taken(ids, len([one for one in ids if one != "e2"])))
    found = sent(url, [event(number) for number in range(5)])
    assert sorted(found) == ["sent"]
    assert sorted(name for name, _ in found["sent"]) == ["e0", "e1", "e3", "e4"]
    assert ["e2"] in handler.uploads


def test_fewer_ingested_at_first_and_all_of_them_later_is_sent(answering: tuple[type[Answering], str]):
    handler, url = answering
    handler.answer = staticmethod(lambda ids: taken(ids, 0 if len(handler.uploads) == 1 else None))
    found = sent(url, [event(number) for number in range(3)])
    assert {status: len(names) for status, names in found.items()} == {"sent": 3}


@pytest.mark.parametrize("text", ["<html>Bad Request</html>", "", "{}", '{"error": "bad"}', "[]"])
def test_a_400_of_somebody_else_rejects_nothing(answering: tuple[type[Answering], str], text: str):
    handler, url = answering
    handler.answer = staticmethod(lambda ids: (400, text))
    with pytest.raises(SourceError, match="something on the way answered 400, and not Amplitude"):
        sent(url, [event(0), event(1)])
    assert len(handler.uploads) == 8


def test_a_400_of_amplitude_rejects_what_it_names(answering: tuple[type[Answering], str]):
    handler, url = answering
    bad = {"code": 400, "error": "Invalid field values", "events_with_invalid_fields": {"time": [1]}}
    handler.answer = staticmethod(lambda ids: (400, json.dumps(bad)) if "e1" in ids else taken(ids))
    found = sent(url, [event(0), event(1)])
    assert found == {"rejected": [("e1", "has an invalid time (400)")], "sent": [("e0", None)]}


PLACEHOLDERS = [
    *("None", "null", "NULL", "anonymous", "0", "-1", "00000000-0000-0000-0000-000000000000"),
    *("undefined", "N/A", "nan", " null ", ""),
]


@pytest.mark.parametrize("name", PLACEHOLDERS)
@pytest.mark.parametrize("field", ["user_id", "device_id"])
def test_a_placeholder_is_rejected_with_its_reason_and_never_sent(
    answering: tuple[type[Answering], str], field: str, name: str
):
    handler, url = answering
    handler.answer = staticmethod(taken)
    found = sent(url, [event(0, **{field: name}), event(1)])
    assert found == {
        "rejected": [("e0", f"{field} {name!r} is a placeholder and names nobody")],
        "sent": [("e1", None)],
    }
    assert handler.uploads == [["e1"]]


@pytest.mark.parametrize("name", ["00", "10", "nobody", "nullable", "anonymous_1"])
def test_an_id_that_only_resembles_a_placeholder_is_sent(answering: tuple[type[Answering], str], name: str):
    handler, url = answering
    handler.answer = staticmethod(taken)
    assert sent(url, [event(0, user_id=name)]) == {"sent": [("e0", None)]}


def test_what_has_no_verdict_is_told():
    published = Published("project")
    published.waiting["gift_sent"] = 5
    published.sent["gift_sent"] = 4
    assert published.line() == "project: 4 sent, 1 not counted by Amplitude: the next run sends them again"
