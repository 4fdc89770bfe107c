"""What an answer of Amplitude says of each event of the request that it answers.

The rules are those of Amplitude's pages on HTTP V2, Batch and retries: an upload is taken whole or not at all; a 400
names bad events by index, a 429 the throttled ones; 413 asks for smaller uploads.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flows.publish_to.outgoing import Outgoing, Verdict
from transforms.activity.publications import REJECTED, RELEASED, SENT

_NAMED = {
    "events_with_missing_fields": "lacks",
    "events_with_invalid_fields": "has an invalid",
    "events_with_invalid_id_lengths": "has too short a",
}
_MOST_REASON = 300


@dataclass(frozen=True)
class Judgement:
    """What to do after an answer.

    Args:
        verdicts: Events whose attempt has ended.
        again: Uploads to send at once.
        throttled: Events to send after a pause.
    """

    verdicts: list[Verdict] = field(default_factory=list)
    again: list[Sequence[Outgoing]] = field(default_factory=list)
    throttled: list[Outgoing] = field(default_factory=list)


def judge_taken(upload: Sequence[Outgoing], body: Mapping[str, Any]) -> Judgement | None:
    """Judge a 200: all were taken, or had been before; where fewer are counted, the halves say which.

    Sending again is safe: Amplitude drops an insert_id that it has. None: one event was sent and none is counted, so
    it is not known what became of it.
    """
    counted = body.get("events_ingested")
    if isinstance(counted, int) and counted < len(upload):
        return Judgement(again=_split_in_half(upload)) if len(upload) > 1 else None
    return Judgement([Verdict(outgoing, SENT) for outgoing in upload])


def judge_too_large(upload: Sequence[Outgoing]) -> Judgement:
    """Judge a 413: halves go on; an event that is too large by itself never will."""
    if len(upload) > 1:
        return Judgement(again=_split_in_half(upload))
    size = len(upload[0].text.encode())
    return Judgement([Verdict(upload[0], REJECTED, f"too large for Amplitude: {size:,} bytes (413)")])


def judge_bad_request(upload: Sequence[Outgoing], body: Mapping[str, Any]) -> Judgement:
    """Judge a 400: named events are rejected, the others sent again; where none is named, the halves say which."""
    reasons = _read_reasons(upload, body)
    if not reasons and len(upload) > 1:
        return Judgement(again=_split_in_half(upload))
    if not reasons:
        field_name = body.get("missing_field")
        text = f"{body.get('error', 'refused')}{f': {field_name}' if field_name else ''} (400)"
        reasons = {0: text[:_MOST_REASON]}
    good = [outgoing for place, outgoing in enumerate(upload) if place not in reasons]
    bad = [Verdict(upload[place], REJECTED, reason) for place, reason in sorted(reasons.items())]
    return Judgement(bad, again=[good] if good else [])


def judge_throttled(upload: Sequence[Outgoing], body: Mapping[str, Any]) -> Judgement:
    """Judge a 429: over the daily quota waits for a later run, throttled for a pause, the others go on at once."""
    over_quota = _read_people(body, "exceeded_daily_quota")
    slow_down = _read_people(body, "throttled")
    named = {place for place in body.get("throttled_events") or () if isinstance(place, int)}
    released, throttled, rest = [], [], []
    for place, outgoing in enumerate(upload):
        if outgoing.people & over_quota:
            released.append(Verdict(outgoing, RELEASED, "daily quota of its user or device is used up (429)"))
        elif place in named or outgoing.people & slow_down:
            throttled.append(outgoing)
        else:
            rest.append(outgoing)
    if not released and not throttled:
        return Judgement(throttled=rest)
    return Judgement(released, again=[rest] if rest else [], throttled=throttled)


def _read_reasons(upload: Sequence[Outgoing], body: Mapping[str, Any]) -> dict[int, str]:
    """Return why each event that the answer names is bad, by its place in the upload."""
    found: dict[int, list[str]] = {}
    for part, verb in _NAMED.items():
        fields = body.get(part)
        for name, places in fields.items() if isinstance(fields, dict) else ():
            for place in _read_places(places, upload):
                found.setdefault(place, []).append(f"{verb} {name}")
    silenced = set(_read_places(body.get("silenced_events"), upload))
    devices = {("device_id", str(name)) for name in body.get("silenced_devices") or ()}
    silenced |= {place for place, outgoing in enumerate(upload) if outgoing.people & devices}
    for place in silenced:
        found.setdefault(place, []).append("is silenced in Amplitude")
    return {place: f"{' and '.join(words)} (400)"[:_MOST_REASON] for place, words in found.items()}


def _read_places(places: Any, upload: Sequence[Outgoing]) -> Iterable[int]:
    listed = places if isinstance(places, list) else ()
    return [place for place in listed if isinstance(place, int) and 0 <= place < len(upload)]


def _read_people(body: Mapping[str, Any], prefix: str) -> set[tuple[str, str]]:
    """Return the users and devices that an answer names."""
    kinds = {"user_id": f"{prefix}_users", "device_id": f"{prefix}_devices"}
    return {(kind, str(name)) for kind, part in kinds.items() for name in body.get(part) or ()}


def _split_in_half(upload: Sequence[Outgoing]) -> list[Sequence[Outgoing]]:
    middle = len(upload) // 2
    return [upload[:middle], upload[middle:]]
