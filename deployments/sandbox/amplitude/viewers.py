"""Viewers as users of the platform's apps: which devices they have, and when they tell who they are."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

from deployments.sandbox.world.locales import ORIGIN_WHEEL, ORIGINS, Origin
from deployments.sandbox.world.rng import Dice, Topic, Wheel
from deployments.sandbox.world.timestamps import DAY, HISTORY_ENDS, epoch
from deployments.sandbox.world.viewers import uuid_of, viewer_id

_OPENED_AT: Final = epoch(1_756_684_800)  # 2025-09-01: the apps are published
_ARRIVE_WITHIN: Final = 800 * DAY
_FIRST_AMPLITUDE_ID: Final = 100_000_000_000
_PLANS: Final = ("free", "free", "free", "basic", "standard", "premium")


class Model(NamedTuple):
    """A kind of device: the platform that its app is for, and how Amplitude describes it."""

    platform: str
    os_name: str
    os_version: str
    family: str
    library: str


MODELS: Final = (
    Model("Web", "Chrome", "143", "Windows", "amplitude-ts/2.16.1"),
    Model("Web", "Firefox", "145", "Linux", "amplitude-ts/2.16.1"),
    Model("Web", "Safari", "19", "Mac", "amplitude-ts/2.11.4"),
    Model("iOS", "ios", "19.1", "Apple iPhone", "Amplitude-Swift/1.13.0"),
    Model("Android", "android", "16", "Samsung Galaxy Phone", "amplitude-analytics-android/1.20.2"),
    Model("Android", "android", "14", "Xiaomi Phone", "amplitude-analytics-android/1.16.8"),
)
_MODEL_WHEEL: Final = Wheel([30, 8, 12, 22, 20, 8])


class Device(NamedTuple):
    """A device of a viewer; what it sends before its viewer is known has an amplitude_id of its own.

    Attributes:
        device_id: its id.
        anonymous_id: the amplitude_id of what it sends before its viewer tells who they are.
        used_from: when the viewer first used it.
        identified_at: when they told who they are on it.
        clock_ahead: how far its clock is ahead, in seconds.
    """

    device_id: str
    anonymous_id: int
    model: Model
    used_from: int
    identified_at: int
    clock_ahead: int


@dataclass(frozen=True)
class AppViewer:
    """One viewer; what changes over time is asked for with a time (seconds since 1970)."""

    dice: Dice
    index: int

    @cached_property
    def user_id(self) -> str:
        """The id that the viewer has in the live logs too."""
        return viewer_id(self.dice, self.index)

    @cached_property
    def amplitude_id(self) -> int:
        """The id under which Amplitude keeps the user."""
        return amplitude_id_of(self.user_id)

    @cached_property
    def arrived_at(self) -> int:
        """When the viewer first opened an app."""
        return _OPENED_AT + int(self._throw[0] * _ARRIVE_WITHIN)

    @cached_property
    def origin(self) -> Origin:
        """Where the viewer lives."""
        return ORIGINS[ORIGIN_WHEEL.pick(self._throw[1])]

    @cached_property
    def activity(self) -> float:
        """The chance of a session on a day."""
        return 0.1 + 0.6 * self._throw[2] ** 2

    @cached_property
    def devices(self) -> tuple[Device, ...]:
        """One to three devices, the first one used most. A few viewers never tell who they are."""
        count = 1 + (self._throw[3] > 0.55) + (self._throw[3] > 0.9)
        return tuple(self._device(number) for number in range(count))

    def properties_at(self, at: int) -> dict[str, object]:
        """What the apps know of a viewer who told who they are; the plan changes now and then."""
        plan, cohort, *_ = self.dice.throw(Topic.APP_VIEWER, self.index, 3, at // (45 * DAY))
        return {
            "plan": _PLANS[int(plan * len(_PLANS))],
            "cohort": "AB"[int(cohort * 2)],
            "email": f"viewer{self.index}@mail.sandbox.invalid",
        }

    @cached_property
    def _throw(self) -> tuple[float, ...]:
        return self.dice.throw(Topic.APP_VIEWER, self.index)

    def _device(self, number: int) -> Device:
        """A device; the first one keeps its amplitude_id when its viewer is known, others are merged into it."""
        kind, later, late, wrong, ahead, *_ = self.dice.throw(Topic.APP_VIEWER, self.index, 1, number)
        device_id = uuid_of(self.dice, Topic.APP_VIEWER, self.index, 100 + number)
        used_from = self.arrived_at + int(number * later * 200 * DAY)
        return Device(
            device_id=device_id,
            anonymous_id=self.amplitude_id if number == 0 else amplitude_id_of(device_id),
            model=MODELS[_MODEL_WHEEL.pick(kind)],
            used_from=used_from,
            identified_at=HISTORY_ENDS if self._throw[4] < 0.08 else used_from + int(40 * DAY * late**3),
            clock_ahead=int(DAY * (1 + 400 * ahead)) if wrong < 0.01 else 0,
        )


def amplitude_id_of(person: str) -> int:
    """The amplitude_id of a user id, or of a device that nobody has told their name on."""
    return _FIRST_AMPLITUDE_ID + int.from_bytes(hashlib.sha256(person.encode()).digest()[:5], "big")
