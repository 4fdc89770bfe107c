"""The Export API over the simulated world: hours of events as a zip of json.gz files, the events list, faults.

It gives what the apps of the world uploaded and what was uploaded to this sandbox, by the hour in which the server took
it. An hour is whole two hours after its end: whoever asks sooner gets a part of it and is not told, as at Amplitude.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import random
import threading
import zipfile
from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from deployments.sandbox.amplitude.checks import refuse
from deployments.sandbox.amplitude.records import APP, Record, export_event, export_upload, text_of
from deployments.sandbox.amplitude.sessions import EVENT_TYPES, LONGEST_DELAY, AppEvent, events_of_day
from deployments.sandbox.amplitude.viewers import AppViewer
from deployments.sandbox.http.clock import Clock
from deployments.sandbox.http.faults import FaultRule
from deployments.sandbox.http.messages import Answer, Request
from deployments.sandbox.world.broadcasts import remember
from deployments.sandbox.world.timestamps import DAY, HOUR, moment
from deployments.sandbox.world.viewers import VIEWERS
from deployments.sandbox.world.world import World

READY_AFTER: Final = 2 * HOUR
_MOST_HOURS: Final = 365 * 24
_FILES_AN_HOUR: Final = 3
_DAYS_KEPT: Final = 40
_BYTES_CUT_OFF: Final = 20


class ProductEvents:
    """What the apps of a world uploaded, by the hour; it follows from the world's seed alone."""

    def __init__(self, world: World) -> None:
        self._dice = world.dice
        self._viewers = [AppViewer(world.dice, index) for index in range(VIEWERS)]
        self._days: OrderedDict[int, dict[int, list[AppEvent]]] = OrderedDict()
        self._lock = threading.Lock()

    def of_hour(self, hour: int) -> list[Record]:
        """The events that were uploaded in an hour (its number since 1970), in the order of their upload."""
        days = range(((hour * HOUR) - LONGEST_DELAY) // DAY - 1, hour * HOUR // DAY + 1)
        with self._lock:
            found = [remember(self._days, day, self._make_day, _DAYS_KEPT) for day in days]
        events = [event for hours in found for event in hours.get(hour, ())]
        events.sort(key=lambda event: (event.uploaded_at, event.device.device_id, event.number, event.copy))
        return [export_event(self._dice, event) for event in events]

    def _make_day(self, day: int) -> dict[int, list[AppEvent]]:
        """What happens on a day, by the hour in which it is uploaded."""
        hours: dict[int, list[AppEvent]] = defaultdict(list)
        for viewer in self._viewers:
            for event in events_of_day(self._dice, viewer, day):
                hours[event.uploaded_at // (HOUR * 1_000)].append(event)
        return dict(hours)


class Uploads:
    """What was uploaded to this sandbox, with the time at which it was taken; never a time that was exported already.

    Args:
        clock: the simulated time.
        file: keeps them for the next sandbox of the home, a line each; None: they are forgotten with this one.
    """

    def __init__(self, clock: Clock, file: Path | None = None) -> None:
        self._clock, self._file = clock, file
        self._taken: list[tuple[int, Mapping[str, Any]]] = _read_uploads(file) if file else []
        self._exported_until = 0

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        """The events, in the order in which they were taken."""
        return (event for _, event in self._taken)

    def take(self, events: Iterable[Mapping[str, Any]]) -> int:
        """Keep events; returns when they were taken, in milliseconds since 1970."""
        taken_at = max(self._clock.now(), self._exported_until) * 1_000
        taken = [(taken_at, event) for event in events]
        if self._file:
            self._file.touch(mode=0o600)
            with self._file.open("a", encoding="utf-8") as file:
                file.writelines(f"{json.dumps(upload)}\n" for upload in taken)
        self._taken += taken
        return taken_at

    def of_hour(self, hour: int) -> list[Record]:
        """Those of an hour (its number since 1970), as they are given back."""
        return [
            export_upload(event, taken_at, number)
            for number, (taken_at, event) in enumerate(self._taken, start=1)
            if taken_at // (HOUR * 1_000) == hour
        ]

    def close_until(self, second: int) -> None:
        """No upload is taken at a time before that any more."""
        self._exported_until = max(self._exported_until, second)

    def event_types(self) -> set[str]:
        """Types of what was uploaded."""
        return {str(event["event_type"]) for _, event in self._taken}

    def clear(self) -> None:
        """Forget them."""
        self._taken.clear()
        if self._file:
            self._file.unlink(missing_ok=True)


def _read_uploads(file: Path) -> list[tuple[int, Mapping[str, Any]]]:
    """What a sandbox before took; a line that its end cut off was never confirmed."""
    uploads = []
    with contextlib.suppress(FileNotFoundError):
        for line in file.read_text(encoding="utf-8").splitlines():
            with contextlib.suppress(ValueError):
                taken_at, event = json.loads(line)
                uploads.append((int(taken_at), event))
    return uploads


class ExportApi:
    """Answers requests for exports and for the events list.

    Args:
        events: of the world's apps.
        uploads: to this sandbox.
        clock: the simulated time.
    """

    def __init__(self, events: ProductEvents, uploads: Uploads, clock: Clock) -> None:
        self._events, self._uploads, self._clock = events, uploads, clock

    def export(self, request: Request, faults: Mapping[str, FaultRule]) -> Answer:
        """The answer to a request for hours, both ends included."""
        try:
            first, last = (_hour_of(request.one(name) or "") for name in ("start", "end"))
        except ValueError:
            return refuse(400, "start and end must be hours: 20260102T15")
        if last < first or last - first >= _MOST_HOURS:
            return refuse(400, "the range is empty or longer than 365 days")
        hours = range(first, last + 1)
        for fault, status in (("export_too_large", 400), ("export_timeout", 504)):
            if fault in faults and len(hours) > faults[fault].rows:
                return refuse(status, "Raw data export size limit is 4GB" if status == 400 else "timeout")
        ready = self._clock.now() - READY_AFTER
        found = {hour: self._of_hour(hour, ready) for hour in hours}
        self._uploads.close_until(min(ready, (last + 1) * HOUR))
        if not any(found.values()):
            return refuse(404, "Raw data files were not found.")
        return Answer(200, None, raw=_archive(found, faults), content_type="application/zip")

    def event_types(self) -> Answer:
        """The events list, with totals of the week so far."""
        now = self._clock.now() // HOUR
        week = range(now - moment(now * HOUR).weekday() * 24 - moment(now * HOUR).hour, now)
        totals = {name: 0 for name in (*EVENT_TYPES, *sorted(self._uploads.event_types()))}
        for hour in week:
            for record in self._of_hour(hour, now * HOUR):
                totals[record["event_type"]] = totals.get(record["event_type"], 0) + 1
        return Answer(200, {"data": [_event_type(place, name, totals[name]) for place, name in enumerate(totals)]})

    def _of_hour(self, hour: int, ready: int) -> list[Record]:
        """What was uploaded in an hour and is ready by then."""
        last = text_of(ready * 1_000)
        records = [*self._events.of_hour(hour), *self._uploads.of_hour(hour)]
        return [record for record in records if record["server_upload_time"] < last]


def _archive(found: Mapping[int, list[Record]], faults: Mapping[str, FaultRule]) -> bytes:
    """The zip, its members in the order of their hours unless a fault shuffles all."""
    members = [
        (hour, part, [record for place, record in enumerate(records) if place % _FILES_AN_HOUR == part])
        for hour, records in found.items()
        for part in range(_FILES_AN_HOUR)
    ]
    members = [member for member in members if member[2]]
    if "shuffled_export" in faults:
        random.shuffle(members)
        for _, _, records in members:
            random.shuffle(records)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for place, (hour, part, records) in enumerate(members):
            lines = [json.dumps(record, separators=(",", ":")).encode() for record in records]
            if "broken_line" in faults and place == 0:
                lines.insert(
                    0, b'{"event_type": "cut off", "ip_address": "203.0.113.77", "user_properties": {"email": "le'
                )
            content = gzip.compress(b"\n".join(lines) + b"\n", compresslevel=1, mtime=0)
            if "broken_member" in faults and place == 0:
                content = content[:-_BYTES_CUT_OFF]
            archive.writestr(_name(hour, part), content)
    content = file.getvalue()
    return content[: len(content) // 2] if "broken_archive" in faults else content


def _name(hour: int, part: int) -> zipfile.ZipInfo:
    at = moment(hour * HOUR)
    return zipfile.ZipInfo(f"{APP}/{APP}_{at:%Y-%m-%d}_{at.hour}#{part}.json.gz")


def _hour_of(text: str) -> int:
    """The number of an hour since 1970.

    Raises:
        ValueError: it is not written as `20260102T15`.
    """
    return int(datetime.strptime(text, "%Y%m%dT%H").replace(tzinfo=UTC).timestamp()) // HOUR


def _event_type(place: int, name: str, total: int) -> Record:
    flags = dict.fromkeys(("deleted", "hidden", "flow_hidden", "timeline_hidden", "non_active", "autohidden"), False)
    return {"id": 9_000_000 + place, "name": name, "value": name, "display": name, "totals": total, **flags}
