"""Amplitude on loopback: uploads (HTTP V2, Batch) with limits, refusals and deduplication; exports; faults on request.

An upload is taken whole or not at all. What was taken is kept for the life of the process; an event whose insert_id
came from the same device within the last seven days is counted and dropped, as Amplitude does. Event text is kept as
JSON and never interpreted beyond what Amplitude itself checks.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from deployments.sandbox.amplitude.checks import Throttle, refusal_of, refuse
from deployments.sandbox.amplitude.export import ExportApi, Uploads
from deployments.sandbox.http.faults import FaultBoard, FaultRule
from deployments.sandbox.http.messages import Answer, Request
from deployments.sandbox.http.spoil import spoil_answer

AMPLITUDE_PREFIX: Final = "/amplitude/"
_DEDUPLICATED_SECONDS: Final = 7 * 24 * 3600
_MOST_EVENTS: Final = 2_000
_MOST_SHOWN: Final = 1_000
_EXPORT, _EVENTS_LIST = f"{AMPLITUDE_PREFIX}api/2/export", f"{AMPLITUDE_PREFIX}api/2/events/list"
Event = dict[str, Any]


@dataclass(frozen=True)
class UploadLimits:
    """What one of the endpoints takes.

    Attributes:
        body_bytes: size of a request.
        events_per_second: of one user or device, on average over half a minute.
    """

    body_bytes: int
    events_per_second: int


LIMITS: Final = {
    f"{AMPLITUDE_PREFIX}batch": UploadLimits(20_000_000, 1_000),
    f"{AMPLITUDE_PREFIX}2/httpapi": UploadLimits(1_000_000, 30),
}


def api_key_of(client_secret: str) -> str:
    """Return the API key of a sandbox, which for a client names the project."""
    return hashlib.sha256(f"amplitude {client_secret}".encode()).hexdigest()[:32]


def secret_key_of(client_secret: str) -> str:
    """The secret key of a sandbox, which exports are asked for with."""
    return hashlib.sha256(f"amplitude secret {client_secret}".encode()).hexdigest()[:32]


@dataclass
class Holdings:
    """What the receiver holds.

    Attributes:
        events: the events that were taken, in order of arrival.
        dropped: how often an insert_id came again and was dropped, by insert_id.
        refused: why an event was refused, by insert_id: the newest reason.
    """

    events: list[Event] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)
    refused: dict[str, str] = field(default_factory=dict)

    def summary(self) -> dict[str, Any]:
        """Counts, and the events per type with the first and last time at which they happened."""
        types: dict[str, dict[str, Any]] = {}
        for event in self.events:
            one = types.setdefault(event["event_type"], {"events": 0, "first": event["time"], "last": event["time"]})
            one["events"] += 1
            one["first"], one["last"] = min(one["first"], event["time"]), max(one["last"], event["time"])
        people = {event.get("user_id") or event.get("device_id") for event in self.events}
        return {
            "events": len(self.events),
            "people": len(people),
            "dropped_repeats": self.dropped.total(),
            "refused": len(self.refused),
            "event_types": dict(sorted(types.items())),
        }


class AmplitudeApi:
    """Answers uploads and requests for exports as Amplitude does.

    Args:
        api_key: the only project's key.
        faults: the sandbox's board; it may hold rules of other sources too.
        requests: how many requests each path got; counted here.
        now: the (real) time in seconds, for the throttle and the seven days of deduplication.
        secret_key: asked for beside the API key by exports.
        exports: answers them; without it none are served.
        uploads: keeps what was taken for the exports; what a sandbox before took is held, and told from repeats.
    """

    def __init__(
        self,
        api_key: str,
        faults: FaultBoard,
        requests: Counter[str],
        now: Callable[[], float] = time.time,
        *,
        secret_key: str = "",
        exports: ExportApi | None = None,
        uploads: Uploads | None = None,
    ) -> None:
        self.api_key = api_key
        self.secret_key = secret_key
        self._exports, self._uploads = exports, uploads
        self.held = Holdings()
        self._faults, self._requests, self._now = faults, requests, now
        self._seen: dict[tuple[str, str], float] = {}
        self._throttles = {path: Throttle(limits.events_per_second, now) for path, limits in LIMITS.items()}
        self._lock = threading.Lock()
        for event in uploads or ():
            self.held.events.append(dict(event))
            self._seen[_identify(event)] = now()

    def answer(self, request: Request) -> Answer:
        """Return the answer to an upload, or to a request for an export."""
        with self._lock:
            self._requests[request.path] += 1
            faults = self._faults.fire(request)
            if self._exports and request.path in (_EXPORT, _EVENTS_LIST):
                return spoil_answer(self._export(self._exports, request, faults), faults)
            judged = self._judge(request, faults)
        is_dropped = judged.is_dropped
        answer = spoil_answer(judged, faults)
        answer.is_dropped = answer.is_dropped or is_dropped
        return answer

    def report(self, query: Request) -> dict[str, Any]:
        """Return what the control endpoint shows: the summary, with `events` also that many of the newest events."""
        with self._lock:
            display = self.held.summary()
            if (count := query.one("events")) is not None:
                display["newest"] = self.held.events[-min(int(count), _MOST_SHOWN) :] if int(count) > 0 else []
            if query.one("insert_ids") is not None:
                display["insert_ids"] = [event["insert_id"] for event in self.held.events]
                display["refused_ids"] = dict(self.held.refused)
            return display

    def clear(self) -> None:
        """Forget all events."""
        with self._lock:
            self.held = Holdings()
            self._seen.clear()
            if self._uploads:
                self._uploads.clear()

    def _export(self, exports: ExportApi, request: Request, faults: Mapping[str, FaultRule]) -> Answer:
        keys = base64.b64encode(f"{self.api_key}:{self.secret_key}".encode()).decode()
        given = request.headers.get("authorization", "")
        if "forbidden" in faults or not secrets.compare_digest(given.encode(), f"Basic {keys}".encode()):
            return refuse(403, "Forbidden")
        if "429" in faults:
            return refuse(429, "Too many requests")
        return exports.export(request, faults) if request.path == _EXPORT else exports.event_types()

    def _judge(self, request: Request, faults: Mapping[str, FaultRule]) -> Answer:
        limits = LIMITS.get(request.path)
        if limits is None or request.method != "POST":
            return refuse(404 if limits is None else 405, "not found" if limits is None else "method not allowed")
        if len(request.body) > limits.body_bytes or "413" in faults:
            return self._judge_size(request, faults)
        try:
            upload = json.loads(request.body)
        except ValueError:
            return refuse(400, "Invalid JSON request body")
        if (wrong := self._judge_envelope(upload, faults)) is not None:
            return wrong
        events: list[Event] = upload["events"]
        if len(events) > _MOST_EVENTS:
            return refuse(413, "Payload too large")
        shortest = int((upload.get("options") or {}).get("min_id_length", 5))
        refusal = refusal_of(events, shortest, faults) or self._throttles[request.path].refusal_of(events, faults)
        if refusal is not None:
            for place, reason in refusal.for_good.items():
                self.held.refused[str(events[place].get("insert_id"))] = reason
            return Answer(refusal.status, refusal.body)
        return self._take(request, events, faults)

    def _judge_size(self, request: Request, faults: Mapping[str, FaultRule]) -> Answer:
        """Refuse with 413, by the fault only for more than its `rows` events: who halves gets through."""
        if "413" in faults and len(request.body) <= LIMITS[request.path].body_bytes:
            try:
                count = len(json.loads(request.body)["events"])
            except (ValueError, KeyError, TypeError):
                count = 0
            if count <= faults["413"].rows:
                return self._judge(request, {name: rule for name, rule in faults.items() if name != "413"})
        return refuse(413, "Payload too large")

    def _judge_envelope(self, upload: Any, faults: Mapping[str, FaultRule]) -> Answer | None:
        if not isinstance(upload, dict):
            return refuse(400, "Invalid JSON request body")
        for name in ("api_key", "events"):
            if not upload.get(name):
                return refuse(400, "Request missing required field", missing_field=name)
        if "forbidden" in faults:
            return refuse(403, "Forbidden")
        if upload["api_key"] != self.api_key or "invalid_key" in faults:
            return refuse(400, f"Invalid API key: {upload['api_key']}")
        return None

    def _take(self, request: Request, events: list[Event], faults: Mapping[str, FaultRule]) -> Answer:
        """Take the events, unless a fault ends the request before."""
        if set(faults) & {"500", "502", "503", "504", "drop_connection"}:
            return refuse(500, "Internal Server Error")
        now = self._now()
        self._throttles[request.path].count(events)
        taken: list[Event] = []
        for event in events:
            identity = _identify(event)
            is_repeat = now - self._seen.get(identity, float("-inf")) < _DEDUPLICATED_SECONDS
            if event.get("insert_id") is not None and is_repeat:
                self.held.dropped[identity[1]] += 1
            else:
                self._seen[identity] = now
                taken.append(event)
        self.held.events += taken
        if self._uploads:
            self._uploads.take(taken)
        if "fail_after_taking" in faults:
            return refuse(500, "Internal Server Error")
        answer = Answer(
            200,
            {
                "code": 200,
                "events_ingested": len(events),
                "payload_size_bytes": len(request.body),
                "server_upload_time": int(now * 1000),
            },
        )
        answer.is_dropped = "drop_after_taking" in faults
        return answer


def _identify(event: Mapping[str, Any]) -> tuple[str, str]:
    """Return what a repeat is told by: the device, or the user where there is none, and the insert_id."""
    return event.get("device_id") or f"user {event['user_id']}", str(event.get("insert_id"))
