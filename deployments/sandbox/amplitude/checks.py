"""What Amplitude refuses of an upload, by the index of each event: bad fields, silenced and throttled events."""

from __future__ import annotations

import hashlib
from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from deployments.sandbox.http.faults import FaultRule
from deployments.sandbox.http.messages import Answer

_WINDOW_SECONDS: Final = 30
_IDS: Final = ("user_id", "device_id")
Event = dict[str, Any]


@dataclass(frozen=True)
class Refusal:
    """Why an upload is refused as a whole.

    Attributes:
        status: HTTP status.
        body: what is answered.
        for_good: reasons of the events that would be refused again, by index.
    """

    status: int
    body: dict[str, Any]
    for_good: dict[int, str] = field(default_factory=dict)


def refusal_of(events: Sequence[Event], shortest_id: int, faults: Mapping[str, FaultRule]) -> Refusal | None:
    """Return the 400 that names the bad events, or None where all are good."""
    missing: dict[str, list[int]] = defaultdict(list)
    invalid: dict[str, list[int]] = defaultdict(list)
    short: dict[str, list[int]] = defaultdict(list)
    for place, event in enumerate(events):
        if not event.get("event_type"):
            missing["event_type"].append(place)
        given = [name for name in _IDS if event.get(name)]
        long_enough = [name for name in given if len(str(event[name])) >= shortest_id]
        if not given:
            missing["user_id"].append(place)
        elif not long_enough:
            short[given[0]].append(place)
        if not isinstance(event.get("time"), int) or event["time"] <= 0:
            invalid["time"].append(place)
        if "reject_events" in faults and is_chosen(event, faults["reject_events"].rows, "rejected"):
            invalid["event_properties"].append(place)
    silenced = [
        place
        for place, event in enumerate(events)
        if "silence_events" in faults and is_chosen(event, faults["silence_events"].rows, "silenced")
    ]
    if not (missing or invalid or short or silenced):
        return None
    body = {
        "code": 400,
        "error": "Request has invalid events",
        "events_with_missing_fields": dict(missing),
        "events_with_invalid_fields": dict(invalid),
        "events_with_invalid_id_lengths": dict(short),
        "silenced_events": silenced,
        "silenced_devices": sorted({str(events[p]["device_id"]) for p in silenced if events[p].get("device_id")}),
    }
    named = {"missing": missing, "invalid": invalid, "too short": short}
    for_good = {p: f"{word} {name}" for word, found in named.items() for name, places in found.items() for p in places}
    return Refusal(400, body, {**for_good, **dict.fromkeys(silenced, "silenced")})


def is_chosen(event: Event, one_in: int, word: str) -> bool:
    """Whether the event is one of those that a fault refuses: about one in so many, the same ones every time."""
    written = hashlib.sha256(f"{word} {event.get('insert_id')}".encode()).digest()
    return int.from_bytes(written[:4], "big") % max(one_in, 1) == 0


class Throttle:
    """Counts the events of each user and device over half a minute, and refuses what is above the rate.

    Args:
        events_per_second: the highest rate.
        now: the time in seconds.
    """

    def __init__(self, events_per_second: int, now: Callable[[], float]) -> None:
        self._rate, self._now = events_per_second, now
        self._counts: dict[tuple[str, str], deque[tuple[float, int]]] = defaultdict(deque)

    def count(self, events: Sequence[Event]) -> None:
        """Events were taken."""
        now = self._now()
        for who, places in _group_by_person(events).items():
            self._counts[who].append((now, len(places)))

    def refusal_of(self, events: Sequence[Event], faults: Mapping[str, FaultRule]) -> Refusal | None:
        """Return the 429 that names throttled events and people, or None; faults throttle the first `rows` events."""
        if "daily_quota" in faults:
            first = events[: faults["daily_quota"].rows]
            over = dict.fromkeys(_group_by_person(first), 500_001)
            return self._refuse("exceeded_daily_quota", over, list(range(len(first))))
        people = _group_by_person(events)
        rates = {who: self._measure_rate(who, len(places)) for who, places in people.items()}
        over = {who: rate for who, rate in rates.items() if rate > self._rate}
        if "throttle_events" in faults:
            over |= {who: self._rate + 1 for who in _group_by_person(events[: faults["throttle_events"].rows])}
        if not over:
            return None
        return self._refuse("throttled", over, sorted({place for who in over for place in people[who]}))

    def _measure_rate(self, who: tuple[str, str], more: int) -> int:
        recent = self._counts[who]
        while recent and recent[0][0] <= self._now() - _WINDOW_SECONDS:
            recent.popleft()
        return -(-(sum(number for _, number in recent) + more) // _WINDOW_SECONDS)

    def _refuse(self, what: str, over: Mapping[tuple[str, str], int], places: list[int]) -> Refusal:
        body = {
            "code": 429,
            "error": "Too many requests for some devices and users",
            "eps_threshold": self._rate,
            f"{what}_users": {name: rate for (kind, name), rate in over.items() if kind == "user_id"},
            f"{what}_devices": {name: rate for (kind, name), rate in over.items() if kind == "device_id"},
            "throttled_events": places,
        }
        return Refusal(429, body)


def _group_by_person(events: Sequence[Event]) -> dict[tuple[str, str], list[int]]:
    """Return the places of the events of each user and each device."""
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    for place, event in enumerate(events):
        for name in _IDS:
            if event.get(name):
                found[name, str(event[name])].append(place)
    return found


def refuse(code: int, error: str, **more: Any) -> Answer:
    """Return a refusal as Amplitude writes it."""
    return Answer(code, {"code": code, "error": error, **more})
