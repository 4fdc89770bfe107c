"""What viewers do in the apps: sessions of a day, the events in them, and when each of them is uploaded.

Most events are uploaded within seconds; a phone without a connection keeps a whole session for up to ten days. What
clients do wrong is there as well: the same event again, the same insert_id from two devices, clocks that are ahead.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from deployments.sandbox.amplitude.viewers import AppViewer, Device
from deployments.sandbox.world.locales import audience_awake
from deployments.sandbox.world.rng import Dice, Topic, Wheel
from deployments.sandbox.world.timestamps import DAY, HOUR, MINUTE
from deployments.sandbox.world.viewers import uuid_of

LONGEST_DELAY: Final = 10 * DAY
"""An event is uploaded at most so long after it happened."""
LONGEST_SESSION: Final = 3 * HOUR
EVENT_TYPES: Final = (
    *("app_opened", "page_viewed", "stream_watched", "search_performed", "gift_shop_opened", "signed_in"),
    *("notification_received", "session_end"),
)
_PAGES: Final = ("home", "browse", "channel", "channel", "following", "settings")
_KINDS: Final = ("page_viewed", "stream_watched", "search_performed", "gift_shop_opened")
_KIND_WHEEL: Final = Wheel([50, 30, 12, 8])
_MOST_EVENTS: Final = 30


@dataclass(frozen=True, slots=True)
class AppEvent:
    """One upload of one event; times are milliseconds since 1970.

    Attributes:
        number: of the event in its session; with the session it makes the insert_id.
        copy: 0, or which repeat of the event this is.
        happened_at: by the clock of the device.
        uploaded_at: when the server took it.
        is_known: whether the user id was sent with it.
    """

    viewer: AppViewer
    device: Device
    session_at: int
    number: int
    copy: int
    event_type: str
    properties: dict[str, Any]
    happened_at: int
    uploaded_at: int
    is_known: bool

    @property
    def really_at(self) -> int:
        """When it happened, in seconds, whatever the device's clock said."""
        return self.happened_at // 1_000 - self.device.clock_ahead

    @property
    def session_id(self) -> int:
        """The session's start, or -1 for what belongs to none."""
        return -1 if self.event_type == "notification_received" else self.session_at


def events_of_day(dice: Dice, viewer: AppViewer, day: int) -> Iterator[AppEvent]:
    """What happens to a viewer on a (UTC) day, with every upload of it."""
    comes, again, first, second, which, offline, delay, note = dice.throw(Topic.APP_DAY, viewer.index, day)
    count = 0 if comes >= viewer.activity else 1 + (again < viewer.activity / 2)
    for number, chance in enumerate((first, second)[:count]):
        start = day * DAY + _second_of_day(viewer, chance)
        devices = [device for device in viewer.devices if device.used_from <= start]
        if not devices or start < viewer.arrived_at:
            continue
        device = devices[int(((which + number * 0.37) % 1) ** 2 * len(devices))]
        is_offline = offline < 0.06 and device.model.platform != "Web"
        held = MINUTE + int(delay**3 * (LONGEST_DELAY - LONGEST_SESSION - HOUR)) if is_offline else 0
        yield from _session(dice, viewer, device, start, held, note)


def _second_of_day(viewer: AppViewer, chance: float) -> int:
    """The second of a UTC day: mostly when people are awake where the viewer lives."""
    offset = viewer.origin.utc_offset_minutes * MINUTE
    weights = [audience_awake(hour * HOUR + offset) for hour in range(24)]
    hour = Wheel(weights).pick(chance)
    return hour * HOUR + int(chance * 7_919 % 1 * HOUR)


def _session(dice: Dice, viewer: AppViewer, device: Device, start: int, held: int, note: float) -> Iterator[AppEvent]:
    many, tells_late, *_ = dice.throw(Topic.APP_SESSION, viewer.index, start)
    count = min(3 + int(-math.log(1 - many) * 5), _MOST_EVENTS)
    at = start * 1_000
    # Some open the web page without being signed in, and sign in later.
    signs_in_after = 2 if tells_late < 0.15 and device.model.platform == "Web" and device.identified_at <= start else -1
    for number in range(count):
        kind, gap, what, *more = dice.throw(Topic.APP_EVENT, viewer.index, start, number)
        at += int(1_000 + gap * 2 * (LONGEST_SESSION / _MOST_EVENTS) * 500) if number else 0
        event_type = _type_of(number, count, signs_in_after, kind)
        is_known = device.identified_at <= at // 1_000 and number > signs_in_after
        event = (viewer, device, start * 1_000, number)
        yield from _uploads(dice, event, event_type, _properties(dice, event_type, what, more[0]), at, held, is_known)
    if note < 0.2:
        later = at + int(note * 5 * HOUR * 1_000)
        event = (viewer, device, start * 1_000, count)
        known = device.identified_at <= at // 1_000
        yield from _uploads(dice, event, "notification_received", {"channel": "push"}, later, 0, known)


def _type_of(number: int, count: int, signs_in_after: int, kind: float) -> str:
    if number == 0:
        return "app_opened"
    if number == signs_in_after + 1 and signs_in_after > 0:
        return "signed_in"
    return "session_end" if number == count - 1 else _KINDS[_KIND_WHEEL.pick(kind)]


def _properties(dice: Dice, event_type: str, what: float, how_long: float) -> dict[str, Any]:
    """What an event tells beside its type; some tell nothing."""
    if event_type == "page_viewed":
        return {"page": _PAGES[int(what * len(_PAGES))], "load_ms": int(80 + how_long * 900)}
    if event_type == "stream_watched":
        return {"channel": f"channel_{int(what**3 * 300)}", "minutes": round(how_long * 40, 1)}
    if event_type == "search_performed":
        return {"results": int(what * 50), "filter": {"language": "en", "live": what > 0.5}}
    return {"source": "menu" if what < 0.5 else "banner"} if event_type == "gift_shop_opened" else {}


def _uploads(
    dice: Dice,
    event: tuple[AppViewer, Device, int, int],
    event_type: str,
    properties: dict[str, Any],
    at: int,
    held: int,
    is_known: bool,
) -> Iterator[AppEvent]:
    """The event as the server took it: once, or again a while later, or with its insert_id from another device."""
    viewer, device, session_at, number = event
    pause, repeats, later, *_ = dice.throw(Topic.APP_UPLOAD, viewer.index, session_at, number)
    uploaded_at = at + 400 + int(pause * 20_000) + held * 1_000
    happened_at = at + device.clock_ahead * 1_000

    def upload(copy: int, of: Device, time: int) -> AppEvent:
        return AppEvent(viewer, of, session_at, number, copy, event_type, properties, happened_at, time, is_known)

    yield upload(0, device, uploaded_at)
    if repeats < 0.015:
        yield upload(1, device, uploaded_at + 30_000 + int(later * 3 * HOUR * 1_000))
    elif repeats < 0.02 and len(viewer.devices) > 1:
        other = next(one for one in viewer.devices if one is not device)
        yield upload(2, other, uploaded_at + 5_000 + int(later * HOUR * 1_000))


def insert_id_of(dice: Dice, event: AppEvent) -> str | None:
    """The insert_id that a client gives an event; an old client gives none."""
    if event.device.model.library.endswith("1.16.8"):
        return None
    return uuid_of(dice, Topic.APP_EVENT, event.viewer.index * 1_000 + event.number, event.session_at)
